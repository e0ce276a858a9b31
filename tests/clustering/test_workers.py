"""The pool that all clustering shares."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest

from core.clustering.workers import Stopped, in_order, pool


class Crowd:
    """Counts how many are in it at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = self.most = 0

    def visit(self, seconds: float) -> float:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        time.sleep(seconds)
        with self._lock:
            self._inside -= 1
        return seconds


def stays(crowd: Crowd, *seconds: float):
    return [lambda each=each: crowd.visit(each) for each in seconds]


@pytest.mark.parametrize("at_once", [None, 1, 3])
def test_results_come_in_the_order_of_the_tasks(at_once: int | None):
    asked = (0.05, 0.0, 0.03, 0.01, 0.0, 0.02, 0.0)
    with closing(in_order(stays(Crowd(), *asked), at_once=at_once)) as found:
        assert tuple(found) == asked


def test_one_at_a_time_where_so_asked():
    one, usual = Crowd(), Crowd()
    for crowd, at_once in ((one, 1), (usual, None)):
        with closing(in_order(stays(crowd, *[0.05] * 6), at_once=at_once)) as found:
            assert len(list(found)) == 6
    assert one.most == 1
    assert usual.most == pool()[1]


def test_what_has_not_begun_when_stopped_never_begins():
    crowd, begun = Crowd(), []
    tasks = [lambda place=place: begun.append(place) or crowd.visit(0.05) for place in range(20)]
    with closing(in_order(tasks, lambda: len(begun) >= 2, at_once=1)) as found, pytest.raises(Stopped):
        list(found)
    time.sleep(0.2)
    assert len(begun) == 2
