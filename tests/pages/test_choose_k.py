"""The Choose k page without a browser: the slider, the advice, and what is computed for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score
from streamlit.testing.v1 import AppTest

from core.analysis import analyse
from core.clustering.evidence import Evidence, gather
from tests import wrong_inputs
from tests.pages.visiting import finished, texts, visit, with_file, workspace
from ui import choices, files, navigation, services
from ui.widgets import plain


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
    chosen = services.n_clusters(workspace(swept))
    keys = {count: swept.button(key=f"choose {count}") for count in range(2, 11)}
    expected = {n: str(n % 10) for n in range(2, 11)} | {chosen: ""}  # a press of its key would change nothing
    assert {count: button.proto.shortcut for count, button in keys.items()} == expected
    assert keys[chosen].label == str(chosen)
    keys[10].click().run()
    assert swept.button(key="choose 10").proto.type == "primary"
    swept.button(key="choose 7").click().run()
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
    choices.group_differently(here, replace(usual, features=("total_revenue", "recency_days")))
    first.wait(5)
    assert not first.running
    services.sweep_job(here)
    choices.group_differently(here, usual)
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


def test_the_sweep_begins_on_the_page_before_for_the_features_at_hand(sample: AppTest) -> None:
    visit(sample, navigation.FEATURES)
    usual = workspace(sample).job
    assert usual is not None
    next(button for button in sample.button if button.label == "RFM").click().run()
    assert not sample.exception
    others = workspace(sample).job
    assert others is not usual
    usual.wait(5)
    assert not usual.running
    assert others.result().fits[2].centers.shape == (2, 3)
    visit(sample, navigation.CHOOSE_K)
    assert workspace(sample).job is others


def test_no_more_segments_than_different_customers(app: AppTest) -> None:
    content = wrong_inputs.orders(customer_id=lambda row: f"C{row % 5}")
    with_file(app, "five.csv", content)
    visit(app, navigation.CHOOSE_K)
    next(box for box in app.number_input if box.label.startswith("Try up to")).set_value(20).run()
    finished(app)
    assert not app.exception
    assert not app.error
    assert app.slider[0].max <= 5


def test_the_slider_of_a_few_customers_and_the_pages_after_it(app: AppTest) -> None:
    with_file(app, "few.csv", wrong_inputs.orders(customer_id=lambda row: f"C{row % 3}"))
    for step in navigation.STEPS:
        visit(app, step)
        assert not app.exception, step.title
        assert not app.error, step.title
