"""The Download page's lists for platforms and its control group, without a browser."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
from streamlit.testing.v1 import AppTest

from core.exports.audiences import BY_KEY, REASONS
from tests.pages.visiting import finished, texts, visit, with_file, workspace
from ui import navigation, services, taking

HOSTILE = "<b>=1+1</b> **bold** [x](http://example.com)"


def orders(declining: int = 10) -> bytes:
    """Of 40 customers every so manyth declined; nobody shares contacts with another."""
    rows = ["customer id,order id,date,amount,email,phone,accepts marketing"]
    for number in range(40):
        name = f"{HOSTILE} {number}" if number == 5 else f"C{number:02}"
        email = "" if number % 10 == 1 else f"c{number}@example.com"
        agreed = "no" if number % declining == 0 else "yes"
        rows += [
            f'"{name}",O{number}-{order},2024-0{1 + order}-{1 + number % 28:02},{10 + number // 20 * 500},{email},'
            f"020 7183 {8000 + number},{agreed}"
            for order in range(1 + number // 20 * 4)
        ]
    return "\n".join(rows).encode()


def test_choosing_a_platform_tells_who_is_on_its_lists_and_who_is_not(app: AppTest) -> None:
    with_file(app, "orders.csv", orders())
    visit(app, navigation.DOWNLOAD)
    finished(app)
    mine = workspace(app)
    assert "audiences" not in mine._answers  # nothing is made before it is asked for
    assert not app.exception

    app.number_input[0].set_value(20).run()
    platform = next(box for box in app.selectbox if box.label == "Platform")
    platform.set_value("klaviyo").run()
    nations = next(box for box in app.selectbox if box.label.startswith("Country of phones"))
    nations.set_value("GB").run()

    assert not app.exception
    assert (mine.wanted.platforms, mine.wanted.country, mine.wanted.control_share) == (("klaviyo",), "GB", 0.2)
    held = taking.control(mine)
    assert held is not None
    assert f"{held.customers:,} of 40 customers are in it" in texts(app)
    made = taking.audiences(mine, BY_KEY["klaviyo"])
    shown = next(each.value for each in app.dataframe if "whom" in each.value).set_index("whom").T
    assert shown.index.tolist() == [str(each.segment) for each in made]
    assert shown["Customers"].tolist() == [each.customers for each in services.segmentation(mine).segments]
    assert shown["On the list"].tolist() == [len(each.rows) for each in made]
    for reason, words in REASONS.items():
        counts = [each.left_out[reason] for each in made]
        assert (shown[f"Left out: {words}"].tolist() if any(counts) else [0] * len(made)) == counts
    assert sum(each.left_out["declined"] for each in made) == 4
    assert sum(each.left_out["control-group"] for each in made) > 0

    # The files hold what the page tells.
    with zipfile.ZipFile(io.BytesIO(taking.everything(mine, ("klaviyo",)))) as archive:
        for each in made:
            (name,) = [n for n in archive.namelist() if n.startswith(f"audiences/klaviyo/{each.segment}-")]
            listed = list(csv.reader(io.StringIO(archive.read(name).decode(), newline="")))
            assert len(listed) - 1 == len(each.rows)
        everyone = list(csv.DictReader(io.StringIO(archive.read("segments.csv").decode(), newline="")))
        assert sum(row["control_group"] == "true" for row in everyone) == held.customers
        book = openpyxl.load_workbook(io.BytesIO(archive.read("segments.xlsx")))
        assert [sheet.max_row - 1 for sheet in book.worksheets[1:]] == shown["Customers"].tolist()
    with zipfile.ZipFile(io.BytesIO(taking.audience_zip(mine, BY_KEY["klaviyo"]))) as archive:
        assert {"accounts.csv", "contacts_to_check.csv"} < set(archive.namelist())
    assert HOSTILE not in texts(app)


def test_consent_is_asked_only_where_the_file_tells_it(app: AppTest) -> None:
    without = "\n".join(row.rsplit(",", 1)[0] for row in orders().decode().splitlines()).encode()
    with_file(app, "orders.csv", without)
    visit(app, navigation.DOWNLOAD)
    finished(app)
    next(box for box in app.selectbox if box.label == "Platform").set_value("google").run()

    assert not app.exception
    assert not [box for box in app.checkbox if "did not agree" in box.label]
    assert any("does not say who agreed" in warning.value for warning in app.warning)


def test_why_fewer_are_held_out_than_the_control_group_has_is_told(app: AppTest) -> None:
    with_file(app, "orders.csv", orders(declining=2))
    visit(app, navigation.DOWNLOAD)
    finished(app)
    app.number_input[0].set_value(20).run()
    next(box for box in app.selectbox if box.label == "Platform").set_value("klaviyo").run()
    next(box for box in app.selectbox if box.label.startswith("Country of phones")).set_value("GB").run()

    mine = workspace(app)
    held = taking.control(mine)
    assert held is not None
    ids = services.segmentation(mine).assignments.index[held.members]
    declined = sum(each[1:].isdigit() and int(each[1:]) % 2 == 0 for each in ids)
    counted = sum(each.left_out["control-group"] for each in taking.audiences(mine, BY_KEY["klaviyo"]))
    assert (counted, declined > 0) == (held.customers - declined, True)
    assert (
        f"Of the {held.customers} in the control group {counted} are counted as held out here: the other {declined} "
        "did not agree to marketing"
    ) in texts(app)
    next(box for box in app.checkbox if box.label.startswith("List also those")).check().run()
    assert "in the control group" not in texts(app)  # now all of them are counted so
