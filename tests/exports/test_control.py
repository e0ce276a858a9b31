from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exports.control import MOST_SHARE, Control, draw
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped


def made(sizes: list[int], ids: list[str] | None = None) -> Segmentation:
    count = sum(sizes)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    features = customers({"total_revenue": (1000 - 100 * labels + np.arange(count) / count).tolist()}, ids=ids)
    return grouped(features, labels.tolist())


def drawn(segmentation: Segmentation, control: Control) -> set[str]:
    return set(segmentation.assignments.index[control.members])


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4), share=st.floats(0, MOST_SHARE))
def test_each_segment_gives_its_share(sizes: list[int], share: float):
    segmentation = made(sizes)

    control = draw(segmentation, share)

    numbers = segmentation.assignments["segment"].to_numpy()
    for place, segment in enumerate(segmentation.segments):
        count = int(control.members[numbers == segment.number].sum())
        assert count == control.by_segment[place]
        assert abs(count - share * segment.customers) <= 0.5
    assert control.customers == sum(control.by_segment)


def test_the_order_of_the_rows_changes_nothing():
    ids = [f"C{place}" for place in range(200)]
    one = made([120, 80], ids)
    # The same customers in the same segments, each segment's rows backwards.
    other = made([120, 80], [*ids[:120][::-1], *ids[120:][::-1]])

    assert drawn(one, draw(one, 0.2)) == drawn(other, draw(other, 0.2))


def test_a_larger_share_holds_the_smaller_one_and_another_seed_draws_others():
    segmentation = made([300])

    small, large = drawn(segmentation, draw(segmentation, 0.1)), drawn(segmentation, draw(segmentation, 0.3))

    assert small < large
    other = drawn(segmentation, draw(segmentation, 0.1, seed=7))
    # By chance a tenth of 30 are in both; 15 or more about once in 10 million draws.
    assert len(small) == len(other) == 30
    assert len(small & other) < 15


def test_others_who_come_and_go_change_little():
    ids = [f"C{place}" for place in range(1000)]
    before, after = made([1000], ids), made([900], ids[100:])

    stay = drawn(before, draw(before, 0.1)) & set(ids[100:])

    assert len(stay - drawn(after, draw(after, 0.1))) <= 20


def test_lots_are_even():
    segmentation = made([1000])
    members = draw(segmentation, 0.5).members

    # 500 of 1,000, and in each half about 250: three standard deviations of the hypergeometric are 24.
    assert members.sum() == 500
    assert abs(int(members[:500].sum()) - 250) <= 24


@pytest.mark.parametrize("share", [-0.1, 0.51, float("nan")])
def test_a_share_outside_the_bounds_is_refused(share: float):
    with pytest.raises(ValueError, match="share"):
        draw(made([4]), share)
