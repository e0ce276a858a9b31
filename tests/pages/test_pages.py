"""Each page without a browser: without data, with data, with files that cannot be used."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.clustering.stability import level, two_digits
from tests import wrong_inputs
from tests.browser.driving import PROJECT
from tests.orders.workbooks import book
from tests.pages.visiting import HEADINGS, HOSTILE, texts, visit, with_file, workspace
from tests.wrong_inputs import Input
from ui import files, navigation, services
from ui.navigation import Step

NEEDING_ORDERS = [step for step in navigation.STEPS if step.needs_orders]


def test_the_router_begins_with_upload_and_a_menu_of_all_pages(app: AppTest) -> None:
    assert not app.exception
    assert app.title[0].value == "Upload"
    assert [link.proto.label for link in app.sidebar.get("page_link")] == [step.label for step in navigation.STEPS]


@pytest.mark.parametrize("step", NEEDING_ORDERS, ids=lambda step: step.title)
def test_a_page_without_orders_says_so_and_leads_to_upload(app: AppTest, step: Step) -> None:
    visit(app, step)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == step.title
    assert [told.value.split(".")[0] for told in app.info] == ["There are no orders yet"]
    assert "Go to Upload" in [link.proto.label for link in app.main.get("page_link")]
    assert not app.header


@pytest.mark.parametrize("step", navigation.STEPS, ids=lambda step: step.title)
def test_a_page_stands_on_its_own(step: Step) -> None:
    """A cold server answers a page's address without running app.py."""
    page = AppTest.from_file(str(PROJECT / step.script), default_timeout=60)
    # Streamlit's test client looks for the other pages beside the script that it runs.
    page._script_path = str(PROJECT / "app.py")
    page.switch_page(step.script)
    page.run()
    assert not page.exception
    assert page.title[0].value == step.title


@pytest.mark.parametrize("step", navigation.STEPS, ids=lambda step: step.title)
def test_a_page_with_the_sample_is_complete(swept: AppTest, step: Step) -> None:
    visit(swept, step)
    assert not swept.exception
    assert not swept.error
    assert not swept.info
    assert [header.value for header in swept.header] == HEADINGS[step]
    following = [link.proto.label for link in swept.main.get("page_link")]
    last = step is navigation.STEPS[-1]
    assert following == ([] if last else [f"Next: {navigation.STEPS[step.number].title}"])


def test_the_upload_page_tells_the_sample_in_numbers(swept: AppTest) -> None:
    visit(swept, navigation.UPLOAD)
    assert {metric.label: metric.value for metric in swept.metric} == {
        "Customers": "1,000",
        "Orders": "20,600",
        "Revenue": "772.1k",
        "First order": "1 Jan 2024",
        "Last order": "31 Jul 2024",
    }


def test_cards_say_how_solid_each_segment_is(swept: AppTest) -> None:
    visit(swept, navigation.EXPLORE)
    segments = services.segmentation(workspace(swept)).segments
    told = [each.value for each in swept.caption if "together again)" in each.value]
    assert len(told) == len(segments)
    for segment, caption in zip(segments, told, strict=True):
        assert level(segment.stability).capitalize() in caption
        assert caption.endswith(f"({two_digits(segment.stability)} of its customers together again)")


def test_both_tables_of_compare_have_the_whole_width(swept: AppTest) -> None:
    """Side by side there is room for three features of each."""
    visit(swept, navigation.COMPARE)
    told = [markdown.value for markdown in swept.markdown if markdown.value.startswith(("**First: ", "**Second: "))]
    assert len(told) == 2
    assert not any(column.dataframe for column in swept.columns)


def test_a_page_keeps_what_was_set_on_it(sample: AppTest) -> None:
    visit(sample, navigation.FEATURES)
    next(box for box in sample.selectbox if box.label.startswith("Even out")).set_value("log").run()
    visit(sample, navigation.EXPLORE)
    visit(sample, navigation.FEATURES)
    assert next(box for box in sample.selectbox if box.label.startswith("Even out")).value == "log"
    assert workspace(sample).grouping.preparation.transform == "log"


def test_a_feature_less_and_none_at_all(sample: AppTest) -> None:
    visit(sample, navigation.FEATURES)
    sample.multiselect[0].set_value(["total_revenue"]).run()
    assert not sample.exception
    assert services.chosen_features(workspace(sample)) == ("total_revenue",)
    visit(sample, navigation.CHOOSE_K)
    assert not sample.exception
    assert not sample.error
    visit(sample, navigation.FEATURES)
    sample.multiselect[0].set_value([]).run()
    assert not sample.exception
    assert [error.value for error in sample.error] == ["No feature was chosen\\."]
    for step in (navigation.CHOOSE_K, navigation.EXPLORE, navigation.DOWNLOAD):
        visit(sample, step)
        assert not sample.exception
        assert "on the Features page" in texts(sample)
    visit(sample, navigation.FEATURES)
    sample.multiselect[0].set_value(["recency_days"]).run()  # the field is still there
    assert not sample.error
    assert services.chosen_features(workspace(sample)) == ("recency_days",)


def test_forgetting_leaves_an_empty_workspace_and_no_copy(app: AppTest) -> None:
    with_file(app, "orders.csv", wrong_inputs.orders())
    folder = workspace(app).engine.folder
    assert list(folder.iterdir())
    app.button(key="forget").click().run()
    assert not app.exception
    assert not workspace(app).has_orders
    assert not folder.exists()
    visit(app, navigation.EXPLORE)
    assert app.info


@pytest.mark.parametrize("wrong", wrong_inputs.UNUSABLE, ids=lambda wrong: wrong.name)
def test_a_file_that_cannot_be_used_is_explained_and_the_next_one_is_taken(app: AppTest, wrong: Input) -> None:
    with_file(app, wrong.name, wrong.content)
    assert not app.exception
    if wrong.page != "upload":
        assert not app.error
        for step in (navigation.EXPLORE, navigation.COMPARE, navigation.DOWNLOAD, navigation.CHOOSE_K):
            visit(app, step)
            assert not app.exception
            assert len(app.error) == 1, step.title
    assert len(app.error) == 1
    assert len(app.error[0].value) > 15
    if wrong.code in {"empty-file", "unreadable-file", "not-a-table"}:
        assert app.error[0].value.startswith(wrong.name.replace(".", r"\."))
    hints = [said.value for said in app.markdown if said.value.startswith("**What you can do.**")]
    assert len(hints) == 1
    assert len(hints[0]) > 40

    for step in navigation.STEPS:
        visit(app, step)
        assert not app.exception, step.title
    with_file(app, "orders.csv", wrong_inputs.orders())
    assert not app.exception
    assert not app.error
    assert app.metric[0].value == "10"
    visit(app, navigation.EXPLORE)
    assert not app.error
    assert app.subheader


def test_a_workbook_says_its_sheet_and_what_was_left_out(app: AppTest, tmp_path: Path) -> None:
    header, *rows = [line.split(",") for line in wrong_inputs.orders().decode().split()]
    sheets = {"Cover": [["Made by", "Ann"]], "Our __orders__": [["Orders of our shop"], [], header, *rows]}
    with_file(app, "book.xlsx", book(tmp_path / "made.xlsx", sheets).read_bytes())
    assert not app.exception
    (told,) = [each.value for each in app.markdown if "book" in each.value]
    assert "Excel\\, sheet Our \\_\\_orders\\_\\_" in told
    assert "book\\.xlsx, 30 rows" in told
    captions = " ".join(each.value for each in app.caption)
    assert "Left out of book" in captions
    assert "row 1: titles or notes" in captions.replace("\\", "")
    assert "Cover" in captions


@pytest.mark.parametrize("odd", wrong_inputs.ODD, ids=lambda odd: odd.name)
def test_a_file_with_something_odd_goes_through_all_pages(app: AppTest, odd: Input) -> None:
    with_file(app, odd.name, odd.content)
    assert not app.error
    ledger = files.lines(workspace(app)).ledger
    assert ledger.rows_in - ledger.used.rows == odd.set_aside
    for step in navigation.STEPS:
        visit(app, step)
        assert not app.exception, step.title
        assert not app.error, step.title


def test_a_packed_file_and_a_parquet_file_are_read_like_the_plain_one(app: AppTest) -> None:
    plain = wrong_inputs.orders()
    parquet = io.BytesIO()
    pd.read_csv(io.BytesIO(plain)).to_parquet(parquet)
    told = []
    for name, content in (
        ("orders.csv", plain),
        ("orders.csv.gz", gzip.compress(plain)),
        ("orders.parquet", parquet.getvalue()),
    ):
        with_file(app, name, content)
        assert not app.exception
        assert not app.error
        told.append([metric.value for metric in app.metric])
    assert told[0] == told[1] == told[2]
    assert told[0][:2] == ["10", "30"]


def test_several_files_are_one(app: AppTest) -> None:
    header, *rows = wrong_inputs.orders().splitlines(keepends=True)
    app.file_uploader[0].set_value(
        [("a.csv", header + b"".join(rows[:12]), "text/csv"), ("b.csv", header + b"".join(rows[12:]), "text/csv")]
    )
    app.run()
    assert not app.exception
    assert not app.error
    assert [metric.value for metric in app.metric][:2] == ["10", "30"]


def test_two_columns_of_one_name_are_both_at_hand(app: AppTest) -> None:
    content = wrong_inputs.orders().replace(b"order_id", b"amount", 1)
    with_file(app, "twice.csv", content)
    assert not app.exception
    for step in navigation.STEPS:
        visit(app, step)
        assert not app.exception, step.title


@pytest.fixture
def hostile() -> bytes:
    table = pd.DataFrame(
        {
            f"customer id {HOSTILE}": [f"{HOSTILE} {row % 7}" for row in range(30)],
            f"order date {HOSTILE}": [f"2024-03-{1 + row % 28:02}" for row in range(30)],
            f"product {HOSTILE}": [f"{HOSTILE} {row % 3}" for row in range(30)],
            f"amount {HOSTILE}": [f"{row * 3.5 + 1:.2f}" for row in range(30)],
        }
    )
    content: bytes = table.to_csv(index=False).encode()
    return content


def test_text_of_a_file_is_never_markdown(app: AppTest, hostile: bytes) -> None:
    name = f"{HOSTILE.replace('/', '')}.csv"
    with_file(app, name, hostile)
    labels = ("Customer", "Order date", "Product", "Amount paid")
    for label, header in zip(labels, workspace(app).source.headers, strict=True):
        next(box for box in app.selectbox if box.label == label).set_value(header)
        app.run()
    assert not app.error
    assert files.lines(workspace(app)).ledger.used.customers == 7
    for step in navigation.STEPS:
        visit(app, step)
        assert not app.exception, step.title
        assert not app.error, step.title
        read = texts(app)
        for markup in ("<script", "**bold**", ":red[", "$x$", "](http", "www.", "a@example"):
            assert not re.search(r"(?<!\\)" + re.escape(markup), read), (step.title, markup)
