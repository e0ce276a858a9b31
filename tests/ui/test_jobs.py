"""Work in the background: seen as it grows, its errors shown, and gone when it is not wanted any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from core.clustering.evidence import gather
from core.clustering.sweep import sweep
from core.clustering.workers import Stopped
from core.errors import TooFewCustomersError
from ui.jobs import Job


@dataclass(frozen=True)
class Count:
    done: int
    of: int

    @property
    def complete(self) -> bool:
        return self.done == self.of


def counting(
    of: int, go_on: threading.Event, reached: threading.Event
) -> Callable[[Callable[[Count], None], Callable[[], bool]], Count]:
    """Count to the half, then wait to be let on, or stopped."""

    def work(grow: Callable[[Count], None], should_stop: Callable[[], bool]) -> Count:
        for done in range(1, of + 1):
            grow(Count(done, of))
            if done == of // 2:
                reached.set()
                while not go_on.wait(0.01):
                    if should_stop():
                        raise Stopped
        return Count(of, of)

    return work


def test_a_job_is_seen_as_it_grows_and_when_it_is_done() -> None:
    go_on, reached = threading.Event(), threading.Event()
    job = Job(counting(4, go_on, reached), "counting")
    assert reached.wait(10)
    assert job.running
    assert job.partial == Count(2, 4)
    assert not job.cut_short
    go_on.set()
    assert job.result() == Count(4, 4)
    assert not job.running
    job.stop()
    assert not job.cut_short  # it was done before


def test_one_can_wait_for_enough_of_a_job_and_no_longer() -> None:
    go_on, reached = threading.Event(), threading.Event()
    job = Job(counting(4, go_on, reached), "counting")
    job.wait_for(lambda count: count is not None and count.done >= 2, 10)
    assert job.partial == Count(2, 4)
    begun = time.monotonic()
    job.wait_for(lambda count: count is not None and count.done >= 3, 0.2)
    assert 0.2 <= time.monotonic() - begun < 5
    go_on.set()
    job.wait_for(lambda count: False, 10)  # the work has ended
    assert not job.running


def test_a_stopped_job_ends_and_says_that_it_has_no_result() -> None:
    reached = threading.Event()
    job = Job(counting(4, threading.Event(), reached), "counting")
    assert reached.wait(10)
    job.stop()
    job.wait(5)
    assert not job.running
    assert job.cut_short
    with pytest.raises(Stopped):
        job.result()


def test_what_customers_make_impossible_is_found_once() -> None:
    def refuse(grow: Callable[[Count], None], should_stop: Callable[[], bool]) -> Count:
        raise TooFewCustomersError("All customers are alike.", hint="Choose other features.")

    job = Job(refuse, "refusing")
    with pytest.raises(TooFewCustomersError):
        job.result()
    assert not job.cut_short


def test_an_error_comes_out_where_the_result_is_looked_at() -> None:
    def fail(grow: Callable[[Count], None], should_stop: Callable[[], bool]) -> Count:
        grow(Count(1, 2))
        raise ZeroDivisionError

    job = Job(fail, "failing")
    job.wait(5)
    assert not job.cut_short  # nobody has seen why yet
    for look in (lambda: job.partial, job.result):
        with pytest.raises(ZeroDivisionError):
            look()
    assert job.cut_short


@pytest.mark.parametrize("work", ["sweep", "evidence"])
def test_a_cancelled_job_leaves_no_thread_at_work_after_a_second(work: str) -> None:
    matrix = np.random.default_rng(1).normal(size=(4_000, 4))
    done = sweep(matrix, k_max=8)
    job: Job[object] = Job(
        {
            "sweep": lambda grow, stop: sweep(matrix, k_max=200, on_fit=grow, should_stop=stop),
            "evidence": lambda grow, stop: gather(matrix, done, on_evidence=grow, should_stop=stop),
        }[work],
        f"cancelled {work}",
    )
    time.sleep(0.3)
    assert job.running
    job.stop()
    time.sleep(1)
    assert f"cancelled {work}" not in [thread.name for thread in threading.enumerate()]
    # Nor do the shared workers go on for it.
    before = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - before < 0.2
