"""Each page with a file of one row a customer: complete, and without a word of orders that there are not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visiting import HEADINGS, HOSTILE, finished, texts, visit, visitor, with_file, workspace
from tests.test_customer_tables import GERMAN, SPENT, shop, survey
from ui import files, navigation, services, taking
from ui.navigation import Step

EACH_STEP = pytest.mark.parametrize("step", navigation.STEPS, ids=lambda step: step.title)


def shown(app: AppTest) -> str:
    """All that a page says: its texts, figures, tables, labels and choices."""
    parts = [texts(app), *(f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric)]
    parts += [frame.value.to_string() for frame in app.dataframe]
    for kind in (app.selectbox, app.multiselect, app.radio):
        # A transform may well be called "None".
        parts += [f"{one.label} {' '.join(one.options)}" for one in kind if not one.label.startswith("Even out")]
    return "\n".join([*parts, *(button.label for button in app.button)])


@pytest.fixture(scope="module", params=[shop(), survey()], ids=["with money", "without money"])
def given(request: pytest.FixtureRequest) -> Iterator[tuple[AppTest, str]]:
    """A file for all pages, which is read and swept once."""
    for app in visitor():
        yield with_file(app, "customers.csv", request.param.encode()), request.param


@pytest.fixture(scope="module")
def hostile() -> Iterator[AppTest]:
    """The same with headers that would be links, colours and formulas."""
    names = [f"{HOSTILE} {number}" for number in range(3)]
    table = pd.DataFrame(
        {name: [(row * (3 + place) % 17) / 2 for row in range(40)] for place, name in enumerate(names)}
    )
    table.insert(0, "customer id", [f"C{row}" for row in range(40)])
    for app in visitor():
        yield with_file(app, "hostile.csv", table.to_csv(index=False).encode())


@EACH_STEP
def test_every_page_is_complete_and_speaks_of_no_orders(given: tuple[AppTest, str], step: Step):
    app, content = given
    visit(app, step)
    assert not app.exception
    assert not app.error
    assert not app.info
    of_orders = {"What the orders show": "What the customers show"}
    left_out = ("What they buy", "Against the classic RFM groups")
    headings = [of_orders.get(text, text) for text in HEADINGS[step] if text not in left_out]
    assert [header.value for header in app.header] == headings
    told = shown(app)
    for word in ("None", "nan", "First order", "Last order", "Returned goods", "RFM", "Article", "usual four"):
        assert not re.search(rf"\b{word}\b", told), word  # not "unanswered" for "nan"
    if content == survey():
        for word in ("Revenue", "revenue", "Money", "money"):
            assert word not in told, word


def test_the_upload_page_tells_what_there_is(app: AppTest):
    with_file(app, "customers.csv", shop().encode())
    assert {metric.label: metric.value for metric in app.metric} == {"Customers": "200", "Revenue": "36.6k"}
    assert sum(SPENT) == 36_600
    assert "Customers are compared by Total Spent, Total Orders" in texts(app).replace("\\", "")
    with_file(app, "survey.csv", survey().encode())
    assert {metric.label: metric.value for metric in app.metric} == {"Customers": "100"}
    ledger = app.dataframe[0].value
    assert list(ledger.columns) == ["What happened", "Rows", "Customers"]
    assert ledger.to_numpy().tolist() == [["Came in", 100, 100], ["Used", 100, 100]]


def test_features_are_the_columns_of_numbers_each_once(app: AppTest):
    with_file(app, "customers.csv", shop().encode())
    visit(app, navigation.FEATURES)
    assert app.multiselect[0].options == ["Total Spent", "Total Orders"]
    assert services.chosen_features(workspace(app)) == ("Total Spent", "Total Orders")
    app.multiselect[0].set_value(["Total Orders"]).run()
    assert not app.exception
    assert services.chosen_features(workspace(app)) == ("Total Orders",)
    for step in (navigation.CHOOSE_K, navigation.EXPLORE, navigation.COMPARE, navigation.DOWNLOAD):
        visit(app, step)
        assert not app.exception, step.title
        assert not app.error, step.title
    visit(app, navigation.FEATURES)
    next(button for button in app.button if button.label == "All columns of numbers").click().run()
    assert services.chosen_features(workspace(app)) == ("Total Spent", "Total Orders")


def test_presets_that_the_file_has_all_columns_for_are_on_offer(app: AppTest):
    rows = "".join(f"C{n},{n % 90},{1 + n % 9},{(n * 7 % 50) + 1}.00\n" for n in range(100))
    with_file(app, "rfm.csv", f"customer_id,recency_days,number_of_orders,revenue\n{rows}".encode())
    visit(app, navigation.FEATURES)
    next(button for button in app.button if button.label == "RFM").click().run()
    assert not app.exception
    assert services.chosen_features(workspace(app)) == ("recency_days", "number_of_orders", "revenue")


def test_the_members_of_a_segment_stand_by_what_they_spent(app: AppTest):
    with_file(app, "customers.csv", shop().encode())
    visit(app, navigation.EXPLORE)
    members = next(frame.value for frame in app.dataframe if "On the border" in frame.value.columns)
    assert members["Total Spent"].iloc[0] == 559.5
    assert members["Total Spent"].is_monotonic_decreasing
    assert members.loc[0, ["Customer", "Email", "Zip"]].tolist() == ["7000000000059", "ann59@example.com", "01059"]
    assert "Total revenue" not in members.columns


def test_report_and_recipe_can_be_taken_along(app: AppTest):
    with_file(app, "kunden.csv", GERMAN.encode("cp1252"))
    visit(app, navigation.DOWNLOAD)
    assert not app.error
    assert "Umsatz" in services.report(workspace(app))
    assert '"Umsatz"' in services.recipe(workspace(app))
    assert files.set_aside(workspace(app)).num_rows == 0
    assert b"Umsatz" in taking.list_file(workspace(app), 1)


def test_a_day_that_the_visitor_names_makes_orders_of_the_rows(app: AppTest):
    rows = "".join(f"C{n},2024-03-{n:02},{n % 5 + 1},{n}.50\n" for n in range(1, 25))
    with_file(app, "signed.csv", f"customer id,signup date,visits,total spent\n{rows}".encode())
    assert [metric.label for metric in app.metric] == ["Customers", "Revenue"]
    next(box for box in app.selectbox if box.label == "Order date").set_value("signup date")
    app.run()
    assert not app.exception
    assert [metric.label for metric in app.metric] == ["Customers", "Orders", "Revenue", "First order", "Last order"]


@EACH_STEP
def test_headers_are_never_markdown(hostile: AppTest, step: Step):
    visit(hostile, step)
    finished(hostile)
    assert not hostile.exception
    assert not hostile.error
    read = "\n".join([texts(hostile), *(slider.label for slider in hostile.slider)])
    for markup in ("<script", "**bold**", ":red[", "$x$", "](http", "www.", "a@example"):
        assert not re.search(r"(?<!\\)" + re.escape(markup), read), markup
