"""One pool of threads for all clustering, so that many visitors share the processors instead of fighting for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

from threadpoolctl import threadpool_limits

_POLL_SECONDS = 0.05

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 (a request that was met, not an error)
    """`should_stop` said so."""


@cache
def pool() -> tuple[ThreadPoolExecutor, int]:
    """The pool and how many threads it has: one a processor."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # OpenMP keeps its limit by thread, so each worker sets its own; it stays set, since the worker is ours alone.
    return ThreadPoolExecutor(
        threads, thread_name_prefix="sweep", initializer=threadpool_limits, initargs=(1,)
    ), threads


def in_order(
    tasks: Sequence[Callable[[], T]],
    should_stop: Callable[[], bool] | None = None,
    *,
    at_once: int | None = None,
) -> Generator[T, None, None]:
    """What the tasks give, in their order, whichever is ready first; close it, or it keeps what waits alive.

    Only a few are handed to the pool ahead of time, so that a second caller's tasks take turns with ours.

    Parameters
    ----------
    should_stop : asked while waiting
    at_once : how many of them may be under way or wait for a thread; by default twice as many as there are threads

    Raises
    ------
    Stopped : should_stop said so; tasks not yet begun never begin
    """
    executor, threads = pool()
    most = at_once or 2 * threads
    under_way: list[Future[T]] = []
    try:
        for place in range(len(tasks) + most):
            if len(under_way) == most or place >= len(tasks):
                if not under_way:
                    return
                yield _result(under_way.pop(0), should_stop)
            if place < len(tasks):
                under_way.append(executor.submit(tasks[place]))
    finally:
        for future in under_way:
            future.cancel()


def _result(future: Future[T], should_stop: Callable[[], bool] | None) -> T:
    while True:
        if should_stop is not None and should_stop():
            future.cancel()
            raise Stopped
        done, _ = wait([future], timeout=None if should_stop is None else _POLL_SECONDS)
        if done:
            return future.result()
