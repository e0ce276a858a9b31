from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from charts.report import figures
from core.exports import report
from core.exports.report import LedgerRow, ReportFacts, render
from core.segments.rules import rules
from core.segments.segmentation import Segmentation
from tests.charts import shops

FACTS = ReportFacts(
    title="Customer segments: spring",
    files=("orders.csv", "more.csv"),
    customers=90,
    orders=1_234,
    revenue=139_543.21,
    currency="EUR",
    first_order=date(2024, 1, 1),
    last_order=date(2024, 4, 3),
    reference_date=date(2024, 4, 3),
    platform="Shopify orders export",
    ledger=(
        LedgerRow("Used", 5_000, 90, 139_543.21),
        LedgerRow("No customer", 12, 0, 100.5),
        LedgerRow("The date cannot be read", 3, 2, -20.25),
        LedgerRow("No amount", 1, 1, None),
    ),
    notes=("The dates in Order Date never show which number is the day; they are read day first.",),
    versions={"Elbow Room": "0.1.0", "scikit-learn": "1.9.1"},
)


class Page(HTMLParser):
    """Elements with their attributes, and the text as a reader sees it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._style = False
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        if tag not in {"bdi", "span", "strong", "tspan"}:
            self.words.append(" ")

    def handle_data(self, text: str) -> None:
        if not self._style:
            self.words.append(text)


def rendered(segmentation: Segmentation | None = None, facts: ReportFacts = FACTS, **changes: Any) -> str:
    segmentation = segmentation or shops.segmentation()
    sweep, advice = shops.swept(), changes.get("advice", shops.advice())
    return render(facts, sweep, advice, segmentation, figures(sweep, advice, segmentation), rules(segmentation))


@pytest.fixture(scope="module")
def html() -> str:
    return rendered()


def test_nothing_is_fetched_and_nothing_runs(html: str):
    page = Page(html)
    assert set(re.findall(r"https?://[^\"'\s<>]+", html)) <= {"http://www.w3.org/2000/svg"}
    assert not {"script", "link", "img", "iframe", "object", "embed", "foreignobject", "base"} & {
        tag for tag, _ in page.elements
    }
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert (attributes.get("href") or "#").startswith("#"), tag
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in html


def test_all_ledger_rows_are_there_and_add_up(html: str):
    text = Page(html).text
    for row in FACTS.ledger:
        assert row.label in text
        assert f"{row.rows:,}" in text
    assert "All rows in the files 5,016 139,623.46 EUR" in text


def test_the_headline_tells_files_customers_orders_money_and_period(html: str):
    text = Page(html).text
    for told in ("orders.csv, more.csv", "Shopify orders export", "1 Jan 2024 to 3 Apr 2024", "1,234", "139.5k EUR"):
        assert told in text


def test_each_segment_has_a_page_with_portrait_means_and_plan(html: str):
    segmentation = shops.segmentation()
    text = Page(html).text
    for segment in segmentation.segments:
        assert f'<section class="page" id="segment-{segment.number}">' in html
        assert segment.portrait in text
        assert segment.plan.measure in text
        for action in segment.plan.actions:
            assert action.what in text
            assert action.why in text
    assert html.count("break-before: page") == 1


def test_methods_and_definitions_come_from_the_catalog(html: str):
    text = Page(html).text
    assert "All that the customer paid, less what came back." in text
    assert "seed 42" in text
    assert "Elbow Room 0.1.0, scikit-learn 1.9.1" in text
    assert "mean 0 and standard deviation 1" in text


def test_how_solid_each_segment_is_stands_on_its_page_where_it_was_measured():
    text = Page(rendered(shops.segmentation().rated([0.5, 0.8, None]))).text
    assert "Comes out again unstable (0.50)" in text
    assert "Comes out again fair (0.80)" in text
    assert text.count("Comes out again ") == 2
    assert "over 20 bootstrap resamples" in text
    assert "Comes out again" not in Page(rendered()).text


def test_a_choice_against_the_advice_is_said():
    other = replace(shops.advice(), k=2)
    assert "3 segments were chosen; the advice was 2." in Page(rendered(advice=other)).text
    assert "3 segments, as advised." in Page(rendered(advice=replace(other, k=3))).text


@pytest.mark.parametrize("word", ["advised", "chosen"])
def test_the_sweep_marks_advice_and_choice(word: str):
    text = Page(rendered(advice=replace(shops.advice(), k=2))).text
    assert re.search(rf"\b{'2' if word == 'advised' else '3'} [\d.]+% [\d.,]+ [\d.]+ {word}", text)


def test_hostile_names_stay_text():
    nasty = " ".join(shops.NASTY)
    facts = replace(
        FACTS,
        title=nasty,
        files=(nasty,),
        platform=nasty,
        notes=(nasty,),
        ledger=(LedgerRow(nasty, 1, 1, 1.0),),
        versions={nasty: nasty},
    )
    html = rendered(shops.nasty(), facts)
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "b"}
    assert "<script" not in html
    assert "alert(1)" in page.text
    assert "{{z}}" in page.text


def test_charts_share_no_ids(html: str):
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for used in re.findall(r"url\(#([^)]+)\)", html):
        assert used in ids


def test_the_same_input_gives_the_same_page(html: str):
    assert rendered() == html


def test_a_file_without_money_dates_or_orders_has_its_report():
    poor = shops.segmentation(features=shops.shop(money=False, dates=False, currency=None))
    facts = ReportFacts(title="Members", files=("members.csv",), customers=90)
    text = Page(rendered(poor, facts)).text
    assert "Revenue" not in text.split("Methods and definitions")[0]
    assert "members.csv." in text


@pytest.mark.parametrize(
    "svg",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><image href='https://x.invalid/a.png'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><path onclick='alert(1)'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><path style='fill:url(https://x.invalid)'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><path fill='url(https://x.invalid/#a)'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><g xlink:href='#a'/></svg>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>",
        "<html/>",
        "<svg",
    ],
)
def test_a_drawing_of_more_than_shapes_and_text_is_refused(svg: str):
    with pytest.raises(ValueError, match=r"The drawing elbow"):
        report._safe_svg(svg, "elbow")


def test_a_drawing_that_needs_data_from_outside_is_refused():
    spec = {"data": {"url": "https://x.invalid/a.json"}, "mark": "bar", "encoding": {"x": {"field": "a"}}}
    with pytest.raises(ValueError, match="not allowed"):
        report.drawing(spec, "elbow")


def test_each_segments_page_tells_the_conditions_that_rebuild_it():
    segmentation = shops.segmentation()
    html = rendered(segmentation)
    sections = html.split('<section class="page" id="segment-')[1:]
    for section, rule in zip(sections, rules(segmentation).segments, strict=True):
        text = Page(section).text
        assert f"Conditions that rebuild it {rule.in_words('EUR')} {rule.verdict()}" in text
