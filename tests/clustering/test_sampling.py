from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.clustering.sampling import stratified


@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=12), most=st.integers(12, 400), seed=st.integers(0, 99))
def test_samples_hold_each_segment_once_and_no_more_than_asked(sizes: list[int], most: int, seed: int):
    segments = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    places = stratified(segments, most, seed)
    assert len(set(places.tolist())) == len(places) <= most
    assert set(segments[places]) == set(segments)
    assert len(places) == min(len(segments), most) or len(places) > most - len(sizes) - 1
