"""What a marketer does with the segments that she found: names, plans, campaigns."""

from __future__ import annotations

import io
import re
import threading
import time
import zipfile
from collections.abc import Callable

import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from streamlit.testing.v1 import AppTest

from charts import theme
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import cluster
from core.clustering.workers import Stopped
from core.exports.lists import zip_of_lists
from core.exports.recipe import Recipe
from core.segments.comparison import compare
from tests.pages.visiting import HOSTILE, finished, texts, visit, with_file, workspace
from ui import editing, navigation, services, sides
from ui.widgets import plain


def at(app: AppTest, n_clusters: int) -> AppTest:
    """The Explore page with so many segments."""
    workspace(app).n_clusters = n_clusters
    return visit(app, navigation.EXPLORE)


def opened(app: AppTest, number: int, count: int) -> AppTest:
    segment = services.segmentation(workspace(app), count).segments[number - 1]
    app.session_state[f"edit {editing._shown(segment)}"] = True
    return app.run()


def field(app: AppTest, label: str):
    (found,) = [each for each in (*app.text_input, *app.text_area) if each.label == label]
    return found


def press(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception
    return app


def names(app: AppTest, count: int) -> list[str]:
    return [each.name for each in services.segmentation(workspace(app), count).segments]


def test_a_name_and_a_plan_of_her_own_hold_through_k_and_go_into_every_file(sample: AppTest) -> None:
    at(sample, 3)
    before = names(sample, 3), names(sample, 4)
    opened(sample, 1, 3)
    field(sample, "Name").set_value(HOSTILE[:80])
    field(sample, "What to do (1)").set_value(f"Ring them up. {HOSTILE}")
    field(sample, "Subject line").set_value("=1+1")
    press(sample, "Save")
    assert not sample.error
    mine = HOSTILE[:80].rstrip()
    assert names(sample, 3) == [mine, *before[0][1:]]
    assert sample.subheader[0].value.endswith(plain(mine))
    read = texts(sample)
    assert "Ring them up" in read
    for markup in ("<script", "**bold**", ":red[", "$x$", "](http", "www.", "a@example"):
        assert not re.search(r"(?<!\\)" + re.escape(markup), read), markup

    # With four segments the best go on (they keep their colour), and so does the name.
    four = services.generations(workspace(sample))[3]
    goes_on = four.step.persisting
    assert 0 in goes_on.values(), "the sample has lost what this test is about"
    heir = next(place for place, origin in goes_on.items() if origin == 0)
    at(sample, 4)
    assert names(sample, 4)[heir] == mine
    assert [name for place, name in enumerate(names(sample, 4)) if place != heir] == [
        name for place, name in enumerate(before[1]) if place != heir
    ]
    at(sample, 3)
    assert names(sample, 3)[0] == mine
    visit(sample, navigation.CHOOSE_K)
    assert services.split(workspace(sample), 3).before[0] == mine

    here = workspace(sample)
    found = services.segmentation(here)
    with zipfile.ZipFile(io.BytesIO(zip_of_lists(found))) as lists:
        first = pd.read_csv(lists.open(lists.namelist()[0]))
    assert set(first["segment_name"]) == {mine}
    report = services.report(here)
    assert "Ring them up. &lt;script" in report
    assert "<script" not in report
    kept = Recipe.from_json(services.recipe(here)).segments[0]
    assert (kept.name, kept.plan) == (mine, found.segments[0].plan)
    assert kept.plan.subject_line == "=1+1"


def test_a_name_twice_is_told_and_nothing_is_changed(sample: AppTest) -> None:
    at(sample, 3)
    before = names(sample, 3)
    opened(sample, 1, 3)
    field(sample, "Name").set_value(before[1].upper())
    press(sample, "Save")
    assert [each.value.startswith("With 3 segments\\, segment 2 is called") for each in sample.error] == [True]
    assert names(sample, 3) == before
    field(sample, "Name").set_value("Mine")
    press(sample, "Save")
    assert not sample.error
    assert names(sample, 3) == ["Mine", *before[1:]]
    assert "the playbook calls it" in texts(sample)
    opened(sample, 1, 3)
    press(sample, "As in the playbook")
    assert names(sample, 3) == before


def number(app: AppTest, label: str):
    (found,) = [each for each in app.number_input if each.label.startswith(label)]
    return found


def test_what_a_campaign_would_bring_follows_the_figures(sample: AppTest) -> None:
    at(sample, 3)
    number(sample, "Cost of one contact").set_value(2.0)
    number(sample, "Expected uplift").set_value(10.0)
    number(sample, "Margin").set_value(50.0).run()
    assert not sample.exception
    (table,) = [each.value for each in sample.dataframe if "Expected profit" in each.value]
    found = services.segmentation(workspace(sample))
    orders = found.features.values["avg_order_value"]
    for segment, row in zip(found.segments, table.itertuples(index=False), strict=True):
        value = orders[found.members(segment.number)].mean()
        assert row.Cost == theme.money(2.0 * segment.customers, found.features.currency)
        profit = segment.customers * (0.10 * value * 0.50 - 2.0)
        assert table["Expected profit"][segment.number - 1] == theme.money(profit, found.features.currency)
        assert table["Smallest uplift that pays"][segment.number - 1] == f"{2.0 / (value * 0.5):.1%}"

    # What was put in is there again after another page.
    visit(sample, navigation.CHOOSE_K)
    visit(sample, navigation.EXPLORE)
    assert number(sample, "Margin").value == 50.0


def test_without_order_values_the_profit_is_blank(sample: AppTest) -> None:
    rows = "".join(f"C{row},{row % 9 + 1},{row * row % 40}\n" for row in range(30))
    with_file(sample, "people.csv", ("customer_id,visits,age\n" + rows).encode())
    visit(sample, navigation.EXPLORE)
    assert not sample.exception
    (table,) = [each.value for each in sample.dataframe if "Expected profit" in each.value]
    assert set(table["Expected profit"]) == set(table["Average order"]) == {""}
    assert set(table["In words"]) == {"Order value not known"}
    assert "no order's value" in texts(sample)


def kind(app: AppTest, title: str, chosen: str) -> AppTest:
    next(each for each in app.radio if each.label == f"{title}:").set_value(chosen)
    return finished(app.run())


def test_two_numbers_are_compared_as_ever(sample: AppTest) -> None:
    visit(sample, navigation.COMPARE)
    for label, count in (("First: number of segments", 3), ("Second: number of segments", 4)):
        next(box for box in sample.selectbox if box.label == label).set_value(count).run()
    assert not sample.exception
    here = workspace(sample)
    three, four = (services.segmentation(here, k) for k in (3, 4))
    assert plain(compare(three, four).words()) in texts(sample)
    assert [button.label for button in sample.get("download_button")] == ["Customers who moved (CSV)"]


def test_another_choice_of_features_is_fitted_once_and_compared(sample: AppTest) -> None:
    visit(sample, navigation.COMPARE)
    kind(sample, "Second", "choice")
    wanted = ("recency_days", "order_count")
    next(box for box in sample.multiselect if box.label == "Second: compare customers by").set_value(list(wanted)).run()
    next(box for box in sample.selectbox if box.label == "Even out (transform)").set_value("log").run()
    next(box for box in sample.selectbox if box.label == "Second: number of segments").set_value(4).run()
    assert not sample.exception
    assert not sample.error
    here = workspace(sample)
    before, after = here.compared
    assert (after.features, after.preparation.transform, after.count) == (wanted, "log", 4)
    shown = sides.segmentation(here, after)
    alone = prepare(services.features(here).values, wanted, PreparationOptions(transform="log"))
    fit = cluster(alone.fit_matrix(services.features(here).values), 4)
    # The same customers together, however they are numbered.
    assert adjusted_rand_score(shown.assignments["segment"], fit.labels) == 1.0
    assert plain(sides.comparison(here, before, after).words()) in texts(sample)
    # Neither the sweep nor the choice of the Features page is touched.
    assert services.chosen_features(here) != wanted
    job = here.fitting
    visit(sample, navigation.EXPLORE)
    visit(sample, navigation.COMPARE)
    assert here.fitting is job
    assert next(box for box in sample.multiselect if box.label.startswith("Second")).value == list(wanted)

    next(box for box in sample.multiselect if box.label.startswith("Second")).set_value([]).run()
    assert not sample.exception
    assert [each.value for each in sample.error] == ["No feature was chosen\\."]


def test_a_recipe_is_compared_refused_or_told_not_to_fit(sample: AppTest) -> None:
    here = workspace(sample)
    here.n_clusters = 3
    visit(sample, navigation.EXPLORE)
    opened(sample, 2, 3)
    field(sample, "Name").set_value(HOSTILE[:80])
    press(sample, "Save")
    text = services.recipe(here)
    here.n_clusters = 4
    visit(sample, navigation.COMPARE)
    kind(sample, "Second", "recipe")
    assert not sample.header  # nothing to compare with yet
    give(sample, b"{}")
    assert [each.value.startswith("This recipe can\\'t be used") for each in sample.error] == [True]
    give(sample, text.encode())
    assert not sample.exception
    assert not sample.error
    scored = sides.segmentation(here, here.compared[1])
    three = services.segmentation(here, 3)
    assert scored.assignments["segment"].equals(three.assignments["segment"])
    assert [(each.name, each.plan) for each in scored.segments] == [(each.name, each.plan) for each in three.segments]
    assert scored.segments[1].name == HOSTILE[:80].rstrip()
    read = texts(sample)
    assert "recipe\\.json: 3 segments" in read
    for markup in ("<script", "**bold**", ":red[", "$x$", "](http", "www.", "a@example"):
        assert not re.search(r"(?<!\\)" + re.escape(markup), read), markup

    # The names and plans may be taken over where the customers are mostly the same.
    next(box for box in sample.selectbox if box.label == "First: number of segments").set_value(3).run()
    here.edits.clear()
    press(sample, "Use the recipe's names and plans")
    assert [(each.name, each.plan) for each in services.segmentation(here, 3).segments] == [
        (each.name, each.plan) for each in scored.segments
    ]
    here.edits.clear()

    give(sample, text.replace("total_revenue", "shoe_size").encode())
    assert not sample.exception
    assert len(sample.error) == 1
    assert "shoe\\_size\\, which this file does not give" in sample.error[0].value


def give(app: AppTest, content: bytes) -> AppTest:
    app.file_uploader[0].set_value([("recipe.json", content, "application/json")])
    return finished(app.run())


def test_forgetting_ends_the_fit_of_another_choice(sample: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    here = workspace(sample)
    begun = threading.Event()

    def endless(*args: object, should_stop: Callable[[], bool], **more: object) -> None:
        begun.set()
        while not should_stop():
            time.sleep(0.01)
        raise Stopped

    monkeypatch.setattr(sides, "cluster", endless)
    job = sides.fitting(here, sides.Side("choice", 3, ("recency_days",)))
    assert begun.wait(20)
    here.stop_work()
    job.wait(20)
    assert not job.running
    # The same choice again is a new fit, and another choice ends the one before it.
    again = sides.fitting(here, sides.Side("choice", 3, ("recency_days",)))
    assert again is not job
    other = sides.fitting(here, sides.Side("choice", 4, ("recency_days",)))
    again.wait(20)
    assert (again.running, other.running) == (False, True)


def test_a_choice_that_the_sweep_has_needs_no_fit(sample: AppTest) -> None:
    here = workspace(sample)
    side = sides.Side("choice", 4, services.chosen_features(here), here.grouping.preparation)
    assert sides.fitting(here, side) is None
    assert sides.segmentation(here, side).assignments.equals(services.segmentation(here, 4).assignments)
