"""Each page without a browser: without data, with data, with files that cannot be used."""

from __future__ import annotations

import gzip
import io
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score
from streamlit.testing.v1 import AppTest

from core.analysis import analyse
from core.clustering.evidence import Evidence, gather
from core.clustering.stability import level
from core.errors import UserError
from tests import wrong_inputs
from tests.browser.driving import PROJECT
from tests.orders.workbooks import book
from tests.wrong_inputs import Input
from ui import files, navigation, services
from ui.navigation import Step
from ui.session import Workspace
from ui.widgets import plain

NEEDING_ORDERS = [step for step in navigation.STEPS if step.needs_orders]
HEADINGS = {
    navigation.UPLOAD: ["What was understood", "What is used, and what is not", "What the orders show"],
    navigation.FEATURES: [
        "The features in use",
        "Before and after preparation",
        "Do two features say the same?",
        "Unusual customers",
    ],
    navigation.CHOOSE_K: ["How the segments split"],
    navigation.EXPLORE: [
        "The segments",
        "What would a campaign bring?",
        "Side by side",
        "What sets them apart",
        "What they buy",
        "Against the classic RFM groups",
        "Rules to rebuild them",
        "Any two features",
        "The customers of one segment",
    ],
    navigation.COMPARE: ["Who moved"],
    navigation.DOWNLOAD: [
        "A list for each segment",
        "Lists for ad and email platforms",
        "Everything about the segments",
        "To show, and to use again",
    ],
}
HOSTILE = (
    "<script>alert(1)</script> **bold** :red[red] $x$ [link](http://example.com) www.example.com a@example.com 🦄 مرحبا"
)


WORK = ("job", "naming", "checking")


def visit(app: AppTest, step: Step) -> AppTest:
    app.switch_page(step.script)
    before = [job for job in (getattr(workspace(app), work) for work in WORK) if job is not None and not job.running]
    return finished(app.run(), before)


def finished(app: AppTest, before: Sequence[object] = ()) -> AppTest:
    """The page once its sweep is done and checked; a test has no browser that would ask for it again and again.

    What was done before the page was drawn is on it. What became done meanwhile may be or not.
    """
    for work in WORK:
        job = getattr(workspace(app), work)
        if job is not None and job not in before:
            with suppress(UserError):  # for the page to show
                job.result()
            app.run()
    return app


def workspace(app: AppTest) -> Workspace:
    found: Workspace = app.session_state["workspace"]
    return found


def with_file(app: AppTest, name: str, content: bytes) -> AppTest:
    """Hand in a file on the Upload page, as a browser does."""
    app.switch_page(navigation.UPLOAD.script)
    app.run()
    app.file_uploader[0].set_value([(name, content, "text/csv")])
    return app.run()


def with_sample(app: AppTest) -> AppTest:
    app.switch_page(navigation.UPLOAD.script)
    app.run()
    return app.button(key=f"sample {files.SAMPLES[0].label}").click().run()


def texts(app: AppTest) -> str:
    """Whatever Streamlit would read as Markdown on the page."""
    kinds = (app.markdown, app.caption, app.error, app.info, app.warning, app.success, app.header, app.subheader)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def visitor() -> Iterator[AppTest]:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60).run()
    yield app
    workspace(app).forget()


@pytest.fixture
def app() -> Iterator[AppTest]:
    yield from visitor()


@pytest.fixture
def sample(app: AppTest) -> AppTest:
    return with_sample(app)


@pytest.fixture(scope="module")
def swept() -> Iterator[AppTest]:
    """The sample for tests that go from page to page and only look, or move the slider: it is swept once for them."""
    for app in visitor():
        yield with_sample(app)


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


def test_moving_the_slider_changes_the_number_and_fits_nothing_again(swept: AppTest) -> None:
    visit(swept, navigation.CHOOSE_K)
    job, fits = workspace(swept).job, workspace(swept).job.result().fits
    for n_clusters in (3, 4, 9):
        swept.slider[0].set_value(n_clusters).run()
        assert not swept.exception
        assert workspace(swept).job is job
        assert workspace(swept).job.result().fits is fits
        assert services.n_clusters(workspace(swept)) == n_clusters
    visit(swept, navigation.EXPLORE)
    assert len(swept.subheader) == 9


def test_the_page_says_how_three_segments_become_four(swept: AppTest) -> None:
    visit(swept, navigation.CHOOSE_K)
    swept.slider[0].set_value(3).run()
    here = workspace(swept)
    three, four = (services.segmentation(here, k) for k in (3, 4))
    split = services.split(here, 3)

    assert (split.before, split.after) == tuple(tuple(each.name for each in side.segments) for side in (three, four))
    (shown,) = [each.value for each in swept.markdown if each.value.startswith("**One more segment, 3 → 4.**")]
    assert shown.endswith(plain(split.words()))
    # The flows are those that the two segmentations themselves tell.
    both = pd.crosstab(three.assignments["segment"], four.assignments["segment"])
    for row in split.flows.itertuples():
        assert both.loc[row.from_segment, row.to_segment] == row.customers
    assert split.flows["customers"].sum() == 1000
    assert split.flows["revenue"].sum() == pytest.approx(sum(each.revenue for each in three.segments))
    # Whoever carries a segment on has its colour: by the crosstab, the largest heir of each.
    for number in (1, 2, 3):
        heir = int(both.loc[number].idxmax())
        if both[heir].idxmax() == number:
            assert four.segments[heir - 1].colour == three.segments[number - 1].colour
    assert sorted(each.colour for each in four.segments) == [0, 1, 2, 3]


def test_the_advice_is_there_at_once_and_refined_by_the_evidence(
    sample: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def held_back(*args: Any, on_evidence: Callable[[Evidence], None], **more: Any) -> Evidence:
        first = replace(gather(*args, **more), complete=False)
        on_evidence(replace(first, stabilities={2: first.stabilities[2]}))
        assert go_on.wait(60)
        return replace(first, complete=True)

    monkeypatch.setattr(services, "gather", held_back)
    sample.switch_page(navigation.CHOOSE_K.script)
    sample.run()
    workspace(sample).job.result()
    end = time.monotonic() + 60
    while workspace(sample).checking is None or workspace(sample).checking.partial is None:
        assert time.monotonic() < end
        sample.run()
    sample.run()
    assert not sample.exception
    bars = [bar.proto.text for bar in sample.get("progress")]
    assert bars == ["Still checking how steady each choice is: 1 of 9. You can go on meanwhile."]
    assert "We suggest" in texts(sample)
    assert "reference test" not in texts(sample)
    assert sample.table[0].value["Suggests"].tolist()[-1] == "checking"
    assert all(each.stability is None for each in services.segmentation(workspace(sample), 3).segments)

    go_on.set()
    finished(sample)
    known = services.evidence(workspace(sample))
    assert not sample.get("progress")
    assert sample.table[0].value["Suggests"].tolist()[-1] == str(known.most_stable)
    alone = analyse(services.lines(workspace(sample)), workspace(sample).grouping)
    assert services.advice(workspace(sample)) == alone.advice
    told = [each.stability for each in services.segmentation(workspace(sample)).segments]
    assert told == [each.stability for each in alone.segmentation.segments]
    assert None not in told


def test_an_error_of_the_checks_is_shown(sample: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **more: Any) -> Evidence:
        raise ZeroDivisionError("in the checks")

    monkeypatch.setattr(services, "gather", fail)
    sample.switch_page(navigation.CHOOSE_K.script)
    sample.run()
    workspace(sample).job.result()
    sample.run()
    workspace(sample).naming.result()
    sample.run()
    workspace(sample).checking.wait(30)
    sample.run()
    assert sample.exception


def test_numbers_are_chosen_by_key(swept: AppTest) -> None:
    visit(swept, navigation.CHOOSE_K)
    keys = {count: swept.button(key=f"choose {count}") for count in range(2, 10)}
    assert {count: button.proto.shortcut for count, button in keys.items()} == {n: str(n) for n in range(2, 10)}
    keys[7].click().run()
    assert swept.slider[0].value == 7
    assert services.n_clusters(workspace(swept)) == 7
    assert swept.button(key="choose 7").proto.type == "primary"


def test_what_is_closed_is_not_computed(sample: AppTest) -> None:
    visit(sample, navigation.CHOOSE_K)
    sample.slider[0].set_value(4).run()
    charts = len(sample.get("vega_lite_chart"))
    assert not [key for key in workspace(sample)._answers if key[0] in ("close-up", "other measures")]

    sample.session_state["other measures"] = True
    sample.run()
    assert not sample.exception
    assert len(sample.get("vega_lite_chart")) == charts + 1
    (table,) = [each.value for each in sample.dataframe if "Davies-Bouldin" in each.value]
    assert table["Segments"].tolist() == list(range(2, 11))
    here = workspace(sample)
    labels = services.sweep(here).fits[4].labels
    four = table[table["Segments"] == 4].iloc[0]
    assert four["Davies-Bouldin"] == f"{davies_bouldin_score(services.fit_matrix(here), labels):.2f}"
    assert four["Calinski-Harabasz"] == f"{calinski_harabasz_score(services.fit_matrix(here), labels):,.1f}"

    sample.session_state["close-up"] = True
    sample.run()
    assert not sample.exception
    assert len(sample.get("vega_lite_chart")) == charts + 3


def test_cards_say_how_solid_each_segment_is(swept: AppTest) -> None:
    visit(swept, navigation.EXPLORE)
    segments = services.segmentation(workspace(swept)).segments
    told = [each.value for each in swept.caption if " of 1)" in each.value]
    assert len(told) == len(segments)
    for segment, caption in zip(segments, told, strict=True):
        assert level(segment.stability).capitalize() in caption
        assert caption.endswith(f"({segment.stability:.2f} of 1)")


def test_customers_in_one_even_cloud_are_said_to_have_no_natural_grouping(app: AppTest) -> None:
    random = np.random.default_rng(8)
    table = pd.DataFrame(random.uniform(0, 100, (600, 3)).round(2), columns=["visits", "spend", "age"])
    table.insert(0, "customer_id", [f"C{row:04}" for row in range(600)])
    with_file(app, "customers.csv", table.to_csv(index=False).encode())
    visit(app, navigation.CHOOSE_K)
    assert not app.exception
    assert services.advice(workspace(app)).natural_grouping is False
    (told,) = [each.value for each in app.markdown if "No natural grouping" in each.value]
    assert told.startswith("**No natural grouping was found")
    assert "campaigns you can run" in told


def test_a_choice_taken_back_while_its_sweep_ran_is_swept_whole(sample: AppTest) -> None:
    here = workspace(sample)
    first = services.sweep_job(here)
    usual = here.grouping
    services.group_differently(here, replace(usual, features=("total_revenue", "recency_days")))
    first.wait(5)
    assert not first.running
    services.sweep_job(here)
    services.group_differently(here, usual)
    assert services.sweep(here).complete
    assert services.evidence_job(here).result().complete


def test_the_last_number_tells_the_step_to_it(swept: AppTest) -> None:
    visit(swept, navigation.CHOOSE_K)
    swept.slider[0].set_value(10).run()
    assert not swept.exception
    told = [each.value for each in swept.markdown if "→" in each.value]
    assert [text.partition(".**")[0] for text in told] == ["**Before, 9 → 10"]


def test_the_command_line_gives_the_same_names(swept: AppTest) -> None:
    here = workspace(swept)
    for k in (3, 6):
        alone = analyse(files.lines(here), replace(here.grouping, k=k)).segmentation
        assert [(each.name, each.colour) for each in alone.segments] == [
            (each.name, each.colour) for each in services.segmentation(here, k).segments
        ]


def test_other_features_begin_a_new_sweep_and_take_back_the_choice_of_k(sample: AppTest) -> None:
    visit(sample, navigation.CHOOSE_K)
    sample.slider[0].set_value(7).run()
    job = workspace(sample).job
    visit(sample, navigation.FEATURES)
    next(button for button in sample.button if button.label == "RFM").click().run()
    assert not sample.exception
    visit(sample, navigation.CHOOSE_K)
    assert workspace(sample).job is not job
    assert workspace(sample).n_clusters is None


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
    for step in (navigation.CHOOSE_K, navigation.EXPLORE, navigation.DOWNLOAD):
        visit(sample, step)
        assert not sample.exception


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


def test_no_more_segments_than_different_customers(app: AppTest) -> None:
    content = wrong_inputs.orders(customer_id=lambda row: f"C{row % 5}")
    with_file(app, "five.csv", content)
    visit(app, navigation.CHOOSE_K)
    next(box for box in app.number_input if box.label.startswith("Try up to")).set_value(20).run()
    finished(app)
    assert not app.exception
    assert not app.error
    assert app.slider[0].max <= 5


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


def test_the_slider_of_a_few_customers_and_the_pages_after_it(app: AppTest) -> None:
    with_file(app, "few.csv", wrong_inputs.orders(customer_id=lambda row: f"C{row % 3}"))
    for step in navigation.STEPS:
        visit(app, step)
        assert not app.exception, step.title
        assert not app.error, step.title
