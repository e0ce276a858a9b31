from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from charts import choosing, previewing, report, theme
from charts.steady import Steady, steady
from core.clustering.evidence import Evidence
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.silhouette import Silhouette
from core.clustering.stability import Stability
from core.clustering.sweep import ClusterFit, Sweep
from core.segments.generations import Generation, generation
from core.segments.naming import ranks
from tests.charts import shops
from tests.charts.shops import texts
from tests.segments.builders import customers


def rows(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return list(spec["datasets"].values())


def partial(sweep: Sweep, upto: int) -> Sweep:
    return replace(
        sweep,
        fits={k: fit for k, fit in sweep.fits.items() if k <= upto},
        silhouettes={k: each for k, each in sweep.silhouettes.items() if k <= upto},
    )


@pytest.mark.parametrize("chart", [choosing.elbow, choosing.silhouette])
def test_advised_and_chosen_are_marked_by_words_and_shapes(chart: Any):
    spec = chart(shops.swept(), 4, replace(shops.advice(), k=3), 6).to_dict()
    marks = [layer["mark"] for layer in spec["layer"]]
    assert {"advised: 3", "4 chosen"} <= set(shops.written(spec))
    assert [mark["type"] for mark in marks if mark["type"] == "rule"] == ["rule"]
    assert [mark["shape"] for mark in marks if "shape" in mark] == ["diamond"]


def test_one_number_advised_and_chosen_is_said_once():
    found = shops.written(choosing.elbow(shops.swept(), 3, replace(shops.advice(), k=3), 6).to_dict())
    assert "advised and chosen: 3" in found
    assert "advised: 3" not in found


def test_the_elbow_begins_at_all_there_is_and_keeps_the_inertia():
    sweep = shops.swept()
    spec = choosing.elbow(sweep, 3, shops.advice(), 6).to_dict()
    curve = max(rows(spec), key=len)
    assert [row["k"] for row in curve] == [1, 2, 3, 4, 5, 6]
    assert curve[0]["value"] == 1
    assert curve[2]["value"] == pytest.approx(sweep.inertias[3] / sweep.inertias[1])
    assert float(curve[2]["inertia"].replace(",", "")) == pytest.approx(sweep.inertias[3], rel=1e-3)


@pytest.mark.parametrize("place", [0, 1], ids=["elbow", "silhouette"])
@pytest.mark.parametrize("exact", [True, False])
def test_the_curve_grows_in_place(place: int, exact: bool):
    """Only points come along, each where it stays once the curve is whole."""
    whole = shops.swept()
    if not exact:
        whole = replace(whole, silhouettes={k: Silhouette(0.1 * k, 0.02) for k in whole.silhouettes}, exact=False)
    chart = (choosing.elbow, choosing.silhouette)[place]
    at_last = points(steady(chart(whole, 3, shops.advice(), 6, previewing.preview((), None))))
    assert len(at_last) == 6 - place
    grown = [choosing.growing(partial(whole, upto))[place] for upto in (2, 4, 6)]
    assert [points(each) for each in grown] == [at_last[: upto - place] for upto in (2, 4, 6)]
    frames = [{part: value for part, value in each.spec.items() if part != "datasets"} for each in grown]
    assert frames[0] == frames[1] == frames[2]
    assert {each.alt_text for each in grown} == {grown[0].alt_text}
    sent = [each.spec["datasets"] for each in grown]
    assert [name for name in sent[0] if len({each[name] for each in sent}) > 1] == ["grown"]


def test_a_growing_curve_says_which_number_is_chosen():
    elbow, silhouette = choosing.growing(partial(shops.swept(), 4))
    for chart in (elbow, silhouette):
        assert "3 chosen" in shops.written(shops.inline(chart, 3))
        assert not [text for text in shops.written(shops.inline(chart, 5)) if "chosen" in text]  # not yet there


def points(chart: Steady) -> list[str]:
    """Where each point stands in the picture, from left to right."""
    found = r'aria-roledescription="point" transform="([^"]*)"[^>]*fill="' + choosing.CURVE
    return re.findall(found, shops.picture(shops.inline(chart, 1)))


def test_the_silhouette_shows_its_band_where_it_is_an_estimate():
    sweep = shops.swept()
    sure = choosing.silhouette(sweep, 3, shops.advice(), 6).to_dict()
    estimated = replace(sweep, silhouettes={k: Silhouette(0.4, 0.02) for k in sweep.silhouettes}, exact=False)
    doubtful = choosing.silhouette(estimated, 3, shops.advice(), 6).to_dict()
    assert "area" not in [layer["mark"]["type"] for layer in sure["layer"]]
    assert doubtful["layer"][0]["mark"]["type"] == "area"
    row = max(rows(doubtful), key=len)[0]
    # Student's t with 9 degrees of freedom: 0.975 quantile 2.262.
    assert (row["low"], row["high"]) == pytest.approx((0.4 - 2.262 * 0.02, 0.4 + 2.262 * 0.02), abs=1e-4)
    assert row["told"] == "0.40 ± 0.05"


def test_specs_stay_small_however_many_customers():
    small = choosing.elbow(shops.swept(90), 3, shops.advice(90), 6).to_json()
    large = choosing.elbow(shops.swept(3000), 3, shops.advice(3000), 6).to_json()
    assert len(large) < len(small) + 200
    assert len(small) < 14_000


def test_titles_and_alternative_texts_tell_the_numbers():
    sweep, advice = shops.swept(), replace(shops.advice(), k=3)
    elbow, silhouette = choosing.elbow(sweep, 3, advice, 6), choosing.silhouette(sweep, 3, advice, 6)
    left = theme.percent(sweep.inertias[3] / sweep.inertias[1])
    assert f"3 segments leave {left} of the differences" in " ".join(elbow.to_dict()["title"]["text"])
    assert f"({sweep.silhouettes[3].value:.2f} of 1)" in " ".join(silhouette.to_dict()["title"]["text"])
    assert "customers fit their own segment" in " ".join(silhouette.to_dict()["title"]["text"])
    for chart, term in ((elbow, "(inertia"), (silhouette, "(silhouette")):
        assert any(term in text for text in texts(chart.to_dict()["layer"]))
        assert theme.alt_text(chart).endswith("Advised: 3.")


def test_sizes_name_segments_that_are_too_small():
    one, two = generations()
    assert (one.sizes.tolist(), two.sizes.tolist()) == ([10], [4, 6])
    fine, small = (choosing.sizes((one, two), 2, min_share=least).to_dict() for least in (0.4, 0.41))
    assert any("The smallest segment holds 4 customers (40%)" in text for text in shops.written(fine))
    assert any(f"1 segment holds less than 41% of the customers: {two.names[0]}" in t for t in shops.written(small))


def test_sizes_are_those_of_the_number_chosen():
    one, two = generations()
    for each, figures in ((one, ["10 100%"]), (two, ["4 40%", "6 60%"])):
        spec = choosing.sizes((one, two), each.n_segments).to_dict()
        found = shops.written(spec)
        assert [text for text in found if text.endswith("%")] == figures
        assert [text for text in found if text[:2] in ("1.", "2.")] == [
            f"{n}. {t}" for n, t in enumerate(each.names, 1)
        ]
        bars = [theme.colour(number).lower() for number in each.colours]
        picture = shops.picture(spec)
        assert re.findall(r'aria-roledescription="bar"[^>]*fill="([^"]+)"', picture.lower()) == bars
        said = re.findall(r'aria-label="([^"]*)"[^>]*aria-roledescription="bar"', picture)
        assert [label.partition(": ")[2] for label in said] == [text.replace(" ", " customers, ") for text in figures]


def generations(n_customers: int = 10, currency: str | None = "EUR") -> list[Generation]:
    """One segment, then the first four customers apart from the others."""
    features = customers(
        {"total_revenue": [100.0 if place < 4 else 10 for place in range(n_customers)]}, currency=currency
    )
    prepared = prepare(features.values, ["total_revenue"], PreparationOptions(transform="none"))
    matrix, found = prepared.fit_matrix(features.values), []
    for labels in (np.zeros(n_customers, dtype=int), (np.arange(n_customers) >= 4).astype(int)):
        centers = np.array([matrix[labels == cluster].mean(axis=0) for cluster in range(labels.max() + 1)])
        fit = ClusterFit(centers, labels, 1.0)
        before = found[-1] if found else None
        found.append(generation(features, prepared, fit, ranked=ranks(features.values), before=before))
    return found


def params(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in spec.get("params", [])}


def test_a_preview_tells_sizes_and_what_is_spent_by_segment():
    found = previewing.preview(generations(), "EUR")
    # 4 customers with 400 EUR and 6 with 60 EUR.
    assert found.told["sizes"].tolist() == ["1 segment: 10 customers", "2 segments: 4 / 6 customers"]
    assert found.told["means"].tolist() == ["spending 46 EUR each", "spending 100 / 10 EUR each"]
    two = found.parts[found.parts["k"] == 2]
    assert two[["left", "right"]].to_numpy().tolist() == [[0, 0.4], [0.4, 1]]
    assert [theme.colour(number) for number in generations()[1].colours] == two["colour"].tolist()


def test_a_preview_has_no_money_where_the_file_has_none():
    (one, two) = (replace(each, revenue=None) for each in generations())
    assert previewing.preview((one, two), None).told["means"].tolist() == ["", ""]


def test_a_line_of_the_preview_fits_a_narrow_screen():
    many = replace(generations()[1], order=tuple(range(20)), sizes=np.full(20, 7_777), colours=tuple(range(20)))
    (line,) = previewing.preview((replace(many, revenue=None),), None).told["sizes"]
    assert len(line) <= 50
    assert line.startswith("20 segments: 7,777 / 7,777 / ")
    assert line.endswith(" / … customers")


@pytest.mark.parametrize("chart", [choosing.elbow, choosing.silhouette])
def test_with_a_preview_a_chart_is_a_control(chart: Any):
    previewed = previewing.preview(generations(), "EUR")
    spec = chart(shops.swept(), 3, shops.advice(), 6, previewed).to_dict()
    found = params(spec)
    assert found["pointed"]["select"] | {"nearest": True, "on": "pointermove"} == found["pointed"]["select"]
    assert found[choosing.PICKED]["select"]["on"] == "click"
    assert found[choosing.PICKED]["select"]["fields"] == ["k", "turn"]
    assert {"2 segments: 4 / 6 customers"} <= set(texts(spec["datasets"]))
    # All that is pointed at is in the chart: nothing is asked for.
    pointed_at = [layer for layer in spec["layer"] if "pointed.k" in str(layer.get("transform"))]
    assert len(pointed_at) >= 3
    assert len(str(spec)) < 20_000


def test_the_number_chosen_is_previewed_while_nobody_points():
    previewed = previewing.preview(generations(), "EUR")
    elbow, silhouette = (
        shops.written(chart(shops.swept(), 2, shops.advice(), 6, previewed).to_dict())
        for chart in (choosing.elbow, choosing.silhouette)
    )
    assert {"2 segments: 4 / 6 customers", "spending 100 / 10 EUR each"} <= set(elbow)
    assert "1 segment: 10 customers" not in elbow
    assert not any("customers" in text and "segments:" in text for text in silhouette)
    assert any("click to choose it" in text for text in silhouette)


def test_each_turn_makes_a_selection_that_is_new():
    spec = choosing.elbow(shops.swept(), 3, shops.advice(), 6, previewing.preview((), None)).to_dict()
    third = choosing.at_turn(spec, 3)
    assert params(third)["turn"]["value"] == 3
    assert params(spec)["turn"]["value"] == 0
    assert {**third, "params": None} == {**spec, "params": None}


def test_the_report_holds_no_controls():
    for spec in report.figures(shops.swept(), shops.advice(), shops.segmentation()).values():
        assert not any("select" in each for each in params(spec).values())


def test_stability_is_shown_with_its_spread():
    found = {2: Stability(0.95, 0.01, (0.9, 0.9)), 3: Stability(0.7, 0.05, (0.9, 0.6, 0.5))}
    evidence = Evidence(found, {2: (), 3: ()}, None, 3, 90, complete=True)
    spec = choosing.stability(evidence, 3, replace(shops.advice(), k=2), 6).to_dict()
    curve = max(rows(spec), key=len)
    # Two standard errors each way.
    assert [(row["k"], row["low"], row["high"]) for row in curve] == [
        (2, pytest.approx(0.93), pytest.approx(0.97)),
        (3, pytest.approx(0.60), pytest.approx(0.80)),
    ]
    assert "3 segments agree with these by 0.70 of 1" in " ".join(spec["title"]["text"])
    assert spec["description"].endswith("Most stable: 2. Advised: 2.")


def test_the_name_of_the_number_chosen_keeps_clear_of_that_of_the_advised():
    """At the top of the plot stands which number is advised; there the name goes below its point."""
    found = {k: Stability(0.97 if k == 2 else 0.5, 0.0, (0.9,) * k) for k in range(2, 7)}
    evidence = Evidence(found, dict.fromkeys(found, ()), None, 3, 90, complete=True)
    layers = choosing.stability(evidence, 2, replace(shops.advice(), k=2), 6).to_dict()["layer"]
    named = [
        layer
        for layer in layers
        if any("' chosen'" in each.get("calculate", "") for each in layer.get("transform", []))
    ]
    for k, value in ((2, 0.97), (3, 0.5), (6, 0.5), (6, 0.99)):
        shown = [layer for layer in named if holds(layer["transform"][-1]["filter"], k, value)]
        assert len(shown) == 1
        assert (shown[0]["mark"]["dy"] > 0) is (value > 0.85 or k == 6)


def holds(condition: str, k: int, value: float) -> bool:
    """A Vega condition on a number of segments and its value."""
    told = condition.replace("datum.k", str(k)).replace("datum.value", str(value))
    return bool(eval(told.replace("&&", " and ").replace("!", " not ")))
