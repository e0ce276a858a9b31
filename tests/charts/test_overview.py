from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest
import vl_convert

from charts import buying as segment_charts
from charts import exploring, theme
from charts import overview as charts
from core.engine import Engine
from core.features.distributions import recency_by_revenue
from core.features.engineering import customer_features
from core.orders.overview import Overview, overview
from core.segments.buying import buying
from tests.charts.shops import NASTY, texts
from tests.charts.test_theme import contrast
from tests.orders.builders import order_lines
from tests.segments.builders import grouped

SPENT = (40, 30, 20, 10)


def csv(currency: str = "€ ", products: tuple[str, ...] = ("tea", "pot", "cup")) -> str:
    """120 orders of 20 customers in five months, the first ten of whom spend more."""
    rows = [
        f"C{n % 20:02},{n},2024-0{n // 24 + 1}-{n % 24 + 1:02},{currency}{SPENT[n % 20 // 5]}.00,"
        f'"{products[n % 7 % len(products)]}"'
        for n in range(120)
    ]
    return "\n".join(["customer,order,date,amount,product", *rows])


def drawn(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()  # validates against Vega-Lite's schema
    return spec


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return max(spec["datasets"].values(), key=lambda some: len(some[0]))


def title(spec: dict[str, Any]) -> str:
    text = spec["title"]["text"]
    return text if isinstance(text, str) else " ".join(text)


@pytest.fixture
def shown(engine: Engine, tmp_path: Path) -> Overview:
    return overview(order_lines(engine, tmp_path, csv()))


def test_months_have_words_units_and_every_month(shown: Overview):
    """24 orders a month; each customer orders six times, so the whole is 6 * 5 * (40 + 30 + 20 + 10) = 3,000."""
    spec = drawn(charts.months(shown, "revenue"))
    assert sum(row["value"] for row in rows(spec)) == 3_000
    assert [row["name"] for row in rows(spec)] == ["Jan 2024", "Feb 2024", "Mar 2024", "Apr 2024", "May 2024"]
    assert "Revenue (EUR)" in texts(spec)
    assert " EUR" in title(spec)
    assert spec["description"].startswith("Bar chart of revenue by month, Jan 2024 to May 2024.")
    orders = drawn(charts.months(shown, "orders"))
    assert [row["value"] for row in rows(orders)] == [24] * 5
    assert "24 orders" in title(orders)


def test_a_month_that_was_cut_off_is_told(engine: Engine, tmp_path: Path):
    text = csv() + "\n" + "\n".join(f"C00,x{day},2024-06-{day:02},1.00,tea" for day in range(1, 6))
    spec = drawn(charts.months(overview(order_lines(engine, tmp_path, text)), "revenue"))
    assert [row["covered"] for row in rows(spec)] == ["in full"] * 5 + ["only partly"]
    assert any("covered only partly (Jun 2024)" in text for text in texts(spec))
    # June has 5. May has a round of all customers, which is 500, and four of the last, who spend 10.
    assert "lowest May 2024, 540 EUR" in spec["description"]


def test_products_have_their_money_their_share_and_the_worth_of_an_order(shown: Overview):
    assert shown.products is not None
    spec = drawn(charts.items(shown.products, "EUR"))
    assert sum(row["value"] for row in rows(spec)) == 3_000
    assert title(spec).startswith("Product: tea brings ")
    assert any(text.startswith("Revenue (EUR)") for text in texts(spec))
    assert "EUR an order" in spec["description"]


def test_others_that_would_dwarf_the_listed_are_told_below(engine: Engine, tmp_path: Path):
    text = csv(products=tuple(f"P{n}" for n in range(7)))
    many = text + "\n" + "\n".join(f"C{n % 20:02},m{n},2024-05-05,{'€ '}9.00,M{n:03}" for n in range(200))
    found = overview(order_lines(engine, tmp_path, many)).products
    assert found is not None
    spec = drawn(charts.items(found, "EUR"))
    assert len(rows(spec)) == 10
    assert title(spec) == f"10 products of 207 bring {theme.percent(float(found.shares.sum()))} of the revenue"
    assert any(text.startswith("197 others: ") for text in texts(spec))


def test_names_of_products_stay_text(engine: Engine, tmp_path: Path):
    names = tuple(name.replace("\x00", "").replace("\n", " ") for name in NASTY)
    lines = order_lines(engine, tmp_path, csv(products=names))
    found, features = overview(lines).products, customer_features(lines)
    assert found is not None
    segmentation = grouped(features, [n // 10 for n in range(20)], used=["total_revenue"])
    (affinity,) = buying(lines, segmentation).affinities
    for spec in (drawn(charts.items(found, None)), drawn(segment_charts.indices(affinity, segmentation))):
        svg = vl_convert.vegalite_to_svg({**spec, "width": 500}, allowed_base_urls=[])
        assert "<script" not in svg
        assert "&lt;b&gt;bold" in svg
        assert "a.b[0]" in svg
        fields = set(_fields(spec))
        assert not fields & set(names)


def _fields(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["field"]] if isinstance(node.get("field"), str) else []
        return own + [name for value in node.values() for name in _fields(value)]
    return [name for value in node for name in _fields(value)] if isinstance(node, list) else []


def test_heatmaps_carry_counts_that_add_up(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, csv())
    features, shown = customer_features(lines), overview(lines)
    heatmap = recency_by_revenue(features)
    assert heatmap is not None
    spec = drawn(charts.recency_by_revenue(heatmap, "EUR"))
    assert sum(row["count"] for row in rows(spec)) == 20
    assert any("over " in text and "EUR" in text for text in texts(spec))
    assert any("Numbers: customers" in text for text in texts(spec))
    # Customers 13 to 19 order in the last 7 days: all five of the lowest quarter, none of the highest.
    assert "0% (0 of 5) of the highest quarter by revenue, 100% (5 of 5) of the lowest" in title(spec)
    spec = drawn(charts.retention(shown.cohorts))
    # All 20 first order in January, and again in each of the four months after.
    assert [(row["count"], row["share"]) for row in rows(spec)] == [(20, 1)] * 4
    assert title(spec).startswith(
        "100% (20 of 20) of those who first ordered in Jan 2024 order again in the month after"
    )
    assert any("Jan 2024: 20" in text for text in texts(spec))


def test_who_comes_back_says_of_whom_it_is_and_of_how_many(engine: Engine, tmp_path: Path):
    """One customer a month for 30 months, every fourth of whom orders a month later as well; the latest 13 are shown.

    The twelve of them who have a next month first ordered from June 2023 to May 2024: three of these come back.
    """
    months = [f"{2022 + n // 12}-{n % 12 + 1:02}" for n in range(31)]
    rows_ = [f"C{n},{month}-05,1" for n, month in enumerate(months[:30])]
    rows_ += [f"C{n},{months[n + 1]}-09,1" for n in range(0, 29, 4)]
    cohorts = overview(order_lines(engine, tmp_path, "\n".join(["customer,date,amount", *rows_]))).cohorts
    told = title(drawn(charts.retention(cohorts)))
    first = cohorts.cells[cohorts.cells["months_since"] == 1]
    assert (len(first), int(first["again"].sum())) == (12, 3)
    assert told == "25% (3 of 12) of those who first ordered from Jun 2023 to May 2024 order again in the month after"


def test_one_month_alone_has_nobody_coming_back(engine: Engine, tmp_path: Path):
    text = "customer,date,amount\n" + "".join(f"C{n % 5},2024-01-{n + 1:02},{n + 1}\n" for n in range(20))
    shown = overview(order_lines(engine, tmp_path, text))
    assert charts.retention(shown.cohorts) is None
    assert drawn(charts.months(shown, "revenue"))


@pytest.mark.parametrize(
    ("colours", "stops", "dark"),
    [
        (charts._FEW_TO_MANY, (0.0, 1.0), lambda share: share > charts._DARK),
        (
            theme.LOW_TO_HIGH,
            tuple(np.log(segment_charts._INDICES)),
            lambda index: not segment_charts._LIGHT[0] <= np.exp(index) <= segment_charts._LIGHT[1],
        ),
    ],
)
def test_numbers_in_cells_can_be_read(colours: list[str], stops: tuple[float, ...], dark: Any):
    """WCAG 2.2, 1.4.3, all along the scale as Vega interpolates it: in RGB between the stops."""
    parts = np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in colours])
    for at in np.linspace(stops[0], stops[-1], 101):
        mixed = [round(float(np.interp(at, stops, parts[:, channel]))) for channel in range(3)]
        ground = "#" + "".join(f"{part:02X}" for part in mixed)
        assert contrast(ground, "#FFFFFF" if dark(at) else "#000000") >= 4.5


def test_more_than_everyone_has_the_colour_of_high_and_the_chart_says_so(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, csv())
    segmentation = grouped(customer_features(lines), [n // 10 for n in range(20)], used=["total_revenue"])
    bought = drawn(segment_charts.indices(buying(lines, segmentation).affinities[0], segmentation))
    profile = exploring.profile_heatmap(segmentation)
    high, low = (profile.data[0].colorscale[place][1] for place in (-1, 0))
    scale = bought["layer"][0]["encoding"]["color"]["scale"]
    assert (scale["range"][-1], scale["range"][0]) == (high, low)
    assert scale["domain"][-1] > 100 > scale["domain"][0]
    assert any("Orange: more than everyone, blue: less" in text for text in texts(bought))


def test_segments_have_their_colour_their_shape_and_their_sums(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, csv())
    segmentation = grouped(customer_features(lines), [n // 10 for n in range(20)], used=["total_revenue"])
    found, palette = buying(lines, segmentation), theme.palette(segmentation)
    months = drawn(segment_charts.revenue_by_month(found, segmentation, palette))
    for number, revenue in ((1, 2_100), (2, 900)):
        assert sum(row["value"] for row in rows(months) if row["segment"] == number) == revenue
    assert list(palette.values()) in [
        scale.get("range") for layer in months["layer"] for scale in [layer["encoding"]["color"]["scale"]]
    ]
    assert "Revenue (EUR)" in texts(months)
    back = drawn(segment_charts.returning(found, segmentation, palette))
    assert {row["value"] for row in rows(back)} == {1}
    assert "100% of" in title(back)
    assert isinstance(segment_charts.indices(found.affinities[0], segmentation), alt.LayerChart)
