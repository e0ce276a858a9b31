"""Work that goes on while the page stays usable."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import numpy as np

from core.clustering.sweep import Sweep, SweepStopped, sweep

_PAUSE_SECONDS = 0.1  # in which a page that waits gets its turn


class SweepJob:
    """A sweep in a thread of its own; what it has so far can be looked at any time."""

    def __init__(self, matrix: np.ndarray, *, k_max: int, seed: int) -> None:
        self.k_max = k_max
        self._partial: Sweep | None = None
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(matrix, seed), name="sweep", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def partial(self) -> Sweep | None:
        """The fits so far; None before the first. An error that ended the work is raised here, where it is seen."""
        if self._error is not None:
            raise self._error
        return self._partial

    def stop(self) -> None:
        """Ask the work to end; fits not yet begun never begin."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Until the work has ended, but no longer than that."""
        self._thread.join(seconds)

    def result(self) -> Sweep:
        """The whole sweep, waited for."""
        self._thread.join()
        finished = self.partial
        if finished is None:
            raise SweepStopped
        return finished

    def _run(self, matrix: np.ndarray, seed: int) -> None:
        try:
            self._partial = sweep(matrix, k_max=self.k_max, seed=seed, on_fit=self._grow, should_stop=self._stop.is_set)
        except SweepStopped:
            return
        except BaseException as error:
            self._error = error

    def _grow(self, partial: Sweep) -> None:
        self._partial = partial


class Ahead:
    """Answers computed before they are asked for, one after the other.

    Parameters
    ----------
    tasks : each computes one answer
    alone : what keeps the page from computing meanwhile; after `stop`, nothing begins in it any more
    """

    def __init__(
        self, tasks: Iterable[Callable[[], object]], alone: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._stop = threading.Event()
        threading.Thread(target=self._run, args=(tuple(tasks), alone), name="ahead", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self, tasks: tuple[Callable[[], object], ...], alone: Callable[[], AbstractContextManager[None]]) -> None:
        for task in tasks:
            self._stop.wait(_PAUSE_SECONDS)
            with alone():
                if self._stop.is_set():
                    return
                task()
