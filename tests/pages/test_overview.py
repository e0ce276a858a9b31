"""What the orders show, and what each segment buys: computed on demand, whatever columns the file has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visiting import HOSTILE, texts, visit, with_file, with_sample, workspace
from tests.test_customer_tables import shop
from ui import navigation, services

PLAIN = "customer,date,amount\n" + "".join(
    f"C{n % 9},2024-0{n % 5 + 1}-{n % 28 + 1:02},{n + 1}.50\n" for n in range(80)
)


def opened(app: AppTest, part: str = "overview") -> AppTest:
    app.session_state[part] = True
    app.run()
    assert not app.exception
    return app


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def titles(app: AppTest) -> list[str]:
    found = []
    for spec in charts(app):
        widest = spec["title"]["text"]["expr"].rpartition(" : ")[2].removesuffix("[0]")
        found.append(" ".join(json.loads(widest)["0"]))
    return found


def computed(app: AppTest) -> set[str]:
    return {key[0] for key in workspace(app)._answers}


def test_nothing_is_computed_before_it_is_opened_and_all_of_it_after(app: AppTest) -> None:
    with_sample(app)
    assert computed(app).isdisjoint({"overview", "recency by revenue", "features"})
    opened(app)
    assert [header.value for header in app.subheader] == [
        "Month by month",
        "What is bought, and where it comes from",
        "How the customers differ",
        "Who comes back",
    ]
    told = "\n".join(titles(app))
    for part in ("Best month by revenue", "Best month by orders", "10 products of 1,000 bring", "Order source: App"):
        assert part in told
    assert "order again in the month after" in told
    assert all(spec["description"] for spec in charts(app))


def test_a_file_without_products_or_channels_shows_what_it_has_and_no_empty_chart(app: AppTest) -> None:
    with_file(app, "plain.csv", PLAIN.encode())
    opened(app)
    assert "What is bought, and where it comes from" not in [header.value for header in app.subheader]
    assert not [title for title in titles(app) if "product" in title.lower() or "source" in title.lower()]
    assert any(title.startswith("Best month") for title in titles(app))


def test_customers_without_orders_show_how_they_differ_alone(app: AppTest) -> None:
    with_file(app, "customers.csv", shop().encode())
    opened(app)
    assert [header.value for header in app.subheader] == ["How the customers differ"]
    assert titles(app)
    assert not [title for title in titles(app) if "month" in title.lower() or "order again" in title]


def test_products_from_files_are_shown_as_they_are(app: AppTest) -> None:
    names = [HOSTILE, "a.b[0]", "=1+1", "</script>"]
    rows = "".join(f'C{n % 9},2024-0{n % 5 + 1}-{n % 28 + 1:02},{n + 1}.50,"{names[n % 4]}"\n' for n in range(80))
    with_file(app, "hostile.csv", f"customer,date,amount,product\n{rows}".encode())
    before = texts(app).count("script")
    opened(app)
    assert texts(app).count("script") == before  # no name is given to Markdown
    told = json.dumps(charts(app))
    assert "a.b[0]" in told
    assert '"field": "a.b[0]"' not in told


def test_what_segments_buy_is_computed_once_opened(app: AppTest) -> None:
    with_sample(app)
    visit(app, navigation.EXPLORE)
    assert "buying" not in computed(app)
    before = set(titles(app))
    opened(app, "buying")
    told = [title for title in titles(app) if title not in before]
    assert [title.partition(":")[0] for title in told[:5]] == [
        "Product",
        "Category",
        "Type",
        "Customer source",
        "Order source",
    ]
    here = workspace(app)
    (table,) = [frame.value for frame in app.dataframe if "Of everyone's" in frame.value]
    assert len(table) == 5 * services.n_clusters(here)
    bought = services.buying(here)
    assert bought is not None
    sums = bought.months.groupby("segment")["revenue"].sum()
    assert sums.tolist() == pytest.approx([segment.revenue for segment in services.segmentation(here).segments])


def test_segments_of_a_file_without_products_have_months_alone(app: AppTest) -> None:
    with_file(app, "plain.csv", PLAIN.encode())
    visit(app, navigation.EXPLORE)
    before = set(titles(app))
    opened(app, "buying")
    told = [title for title in titles(app) if title not in before]
    assert len(told) == 2
    assert told[0].startswith("Best month of")
