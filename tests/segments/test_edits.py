from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clustering.preparation import prepare
from core.clustering.sweep import ClusterFit
from core.segments import naming
from core.segments.edits import LONGEST_TEXT, MOST_ACTIONS, NameTakenError, UnusablePlanError, adopted, edited
from core.segments.generations import Edit, Generation, generations
from core.segments.naming import LONGEST_NAME
from core.segments.playbook import Action, Plan
from core.segments.segmentation import segment
from tests.segments.builders import AS_THEY_ARE, customers

# Twelve customers in one measure, so that every cluster is plain to see.
SPENT = [1, 2, 3, 4, 50, 51, 52, 53, 900, 901, 902, 903]
FEATURES = customers({"total_revenue": SPENT, "recency_days": [9, 9, 9, 9, 5, 5, 5, 5, 1, 1, 1, 1]})
PREPARATION = prepare(FEATURES.values, ["total_revenue"], AS_THEY_ARE)
# One segment; the richest four and the others; three fours; the poorest four in two halves.
LABELS = {1: [0] * 12, 2: [0] * 8 + [1] * 4, 3: [0] * 4 + [1] * 4 + [2] * 4, 4: [0, 0, 3, 3] + [1] * 4 + [2] * 4}
PLAN = Plan((Action("Ring them up.", "They like it."),), "Calls answered", "Shall we talk?")


def fit(k: int) -> ClusterFit:
    matrix = PREPARATION.fit_matrix(FEATURES.values)
    labels = np.array(LABELS[k])
    return ClusterFit(np.array([matrix[labels == each].mean(axis=0) for each in range(k)]), labels, 0.0)


@pytest.fixture
def line() -> tuple[Generation, ...]:
    return generations(FEATURES, PREPARATION, {k: fit(k) for k in LABELS}, naming.ranks(FEATURES.values)).line()


def with_edit(line: tuple[Generation, ...], k: int, number: int, edit: Edit) -> tuple[Generation, ...]:
    return line[-1].edited(edited(line[k - 1], number, edit, line)).line()


def test_a_thread_goes_on_where_customers_mostly_stay(line: tuple[Generation, ...]):
    two, three, four = (each.threads for each in line[1:])

    # Of all twelve, eight go on as the second of two: 8 in both, 12 in either. The four rich are new then.
    assert two == ((2, 0), (1, 0))
    # The rich stay. Of the other eight, four and four: half of them is not more than half, so both are new.
    assert three == ((2, 0), (3, 1), (3, 2))
    # The poor part in halves, which are new; the rich and the middle stay.
    assert four[:2] == three[:2]
    assert {place for k, place in four[2:] if k == 4} == {2, 3}


def test_a_name_holds_up_and_down_where_the_segment_does(line: tuple[Generation, ...]):
    named = with_edit(line, 3, 1, Edit(name="Our best"))

    assert [each.names[0] for each in named] == [line[0].names[0], "Our best", "Our best", "Our best"]
    assert [each.names[1:] for each in named] == [each.names[1:] for each in line]


def test_a_name_of_a_segment_that_ends_is_there_again_when_one_goes_back(line: tuple[Generation, ...]):
    named = with_edit(line, 3, 3, Edit(name="Poorest"))

    assert "Poorest" not in named[1].names
    assert named[2].names[2] == "Poorest"
    assert "Poorest" not in named[3].names


def test_a_plan_holds_without_a_name(line: tuple[Generation, ...]):
    planned = with_edit(line, 4, 1, Edit(plan=PLAN))

    assert [each.plans[0] for each in planned[1:]] == [PLAN] * 3
    assert [each.names for each in planned] == [each.names for each in line]
    found = segment(FEATURES, PREPARATION, fit(3), generation=planned[2])
    assert found.segments[0].plan == PLAN
    assert found.segments[1].plan == line[2].namings[1].archetype.plan


def test_a_segmentation_renamed_is_one_made_with_the_names(line: tuple[Generation, ...]):
    named = with_edit(with_edit(line, 3, 1, Edit(name="Our best", plan=PLAN)), 3, 2, Edit(name="The rest"))[2]
    made = segment(FEATURES, PREPARATION, fit(3), generation=named)
    renamed = segment(FEATURES, PREPARATION, fit(3), generation=line[2]).called(named.names, named.plans)

    assert renamed.segments == made.segments
    assert renamed.table().equals(made.table())
    assert renamed.table()["segment_name"].tolist()[4:] == ["The rest"] * 4 + ["Our best"] * 4


@pytest.mark.parametrize("spelt", ["{}", " {} ", "{}\n", "\x00{}"])
def test_a_name_that_another_segment_has_is_refused(line: tuple[Generation, ...], spelt: str):
    other = line[2].names[1]

    with pytest.raises(NameTakenError, match="With 3 segments, segment 2 is called") as caught:
        edited(line[2], 1, Edit(name=spelt.format(other.upper())), line)

    assert caught.value.code == "name-taken"
    assert caught.value.hint


def test_a_name_of_hers_is_refused_where_both_would_stand_side_by_side_later(line: tuple[Generation, ...]):
    named = with_edit(line, 4, 1, Edit(name="VIP"))
    later = with_edit(named, 4, 4, Edit(name="Tiny"))

    # With three segments "Tiny" is not there yet, but the richest go on to where it is.
    with pytest.raises(NameTakenError, match="With 4 segments, segment 4"):
        edited(later[2], 1, Edit(name="tiny"), later)
    # Told is the one that has the name, also where the other one stands behind it.
    with pytest.raises(NameTakenError, match="With 4 segments, segment 1"):
        edited(later[3], 4, Edit(name="vip"), later)
    # The poorest of three end before "Tiny" begins: nothing to confuse.
    assert "Tiny" in with_edit(later, 3, 3, Edit(name="Tiny"))[2].names


def test_elsewhere_the_playbooks_name_gives_way_to_hers(line: tuple[Generation, ...]):
    foreign = next(name for name in line[3].names if name not in line[2].names)
    named = with_edit(line, 3, 1, Edit(name=foreign))

    assert named[3].names[0] == foreign
    assert f"{foreign} 2" in named[3].names
    assert len({name.casefold() for name in named[3].names}) == 4


def test_several_at_once_may_change_names_among_each_other(line: tuple[Generation, ...]):
    first, second, third = line[2].names
    swapped = line[-1].edited(adopted(line[2], {1: Edit(name=second), 2: Edit(name=first)}, line)).line()

    assert swapped[2].names == (second, first, third)
    # What only the playbook calls so gives way.
    taken = line[-1].edited(adopted(line[2], {1: Edit(name=third)}, line)).line()
    assert taken[2].names == (third, second, f"{third} 2")
    with pytest.raises(NameTakenError):
        adopted(line[2], {1: Edit(name="One"), 2: Edit(name="ONE")}, line)


@pytest.mark.parametrize("blank", [None, "", "  ", "\n\x07"])
def test_a_blank_name_is_the_playbooks_again(line: tuple[Generation, ...], blank: str | None):
    named = with_edit(line, 3, 1, Edit(name="Our best"))

    assert edited(named[2], 1, Edit(name=blank), named) == {}


def test_what_the_playbook_says_is_no_edit(line: tuple[Generation, ...]):
    said = Edit(line[2].names[0], line[2].plans[0])

    assert edited(line[2], 1, said, line) == {}


def test_an_edit_leaves_the_others_alone(line: tuple[Generation, ...]):
    first = with_edit(line, 3, 1, Edit(name="Our best"))
    both = with_edit(first, 3, 2, Edit(name="Middle", plan=PLAN))

    assert both[2].names[:2] == ("Our best", "Middle")
    assert with_edit(both, 3, 2, Edit())[2].edits == first[2].edits


def test_a_name_too_long_is_told_and_not_cut(line: tuple[Generation, ...]):
    assert edited(line[2], 1, Edit(name="x" * LONGEST_NAME), line)
    with pytest.raises(NameTakenError, match=f"{LONGEST_NAME + 1} letters"):
        edited(line[2], 1, Edit(name="x" * (LONGEST_NAME + 1)), line)


def test_a_plan_is_tidied(line: tuple[Generation, ...]):
    given = Plan((Action(" Ring\nthem up. ", "They\tlike it."), Action(" ", "")), " Calls  answered", "Shall we talk?")

    (kept,) = edited(line[2], 1, Edit(plan=given), line).values()

    assert kept.plan == PLAN


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, actions=()),
        replace(PLAN, actions=(Action("", "why alone"),)),
        replace(PLAN, actions=PLAN.actions * (MOST_ACTIONS + 1)),
        replace(PLAN, measure="x" * (LONGEST_TEXT + 1)),
    ],
)
def test_a_plan_that_is_none_is_refused(line: tuple[Generation, ...], plan: Plan):
    with pytest.raises(UnusablePlanError):
        edited(line[2], 1, Edit(plan=plan), line)
