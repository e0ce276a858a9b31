"""Work that goes on while the page stays usable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

from core.clustering.workers import Stopped
from core.errors import UserError

_LOOK_SECONDS = 0.02
_PAUSE_SECONDS = 0.1  # in which a page that waits gets its turn


class Result(Protocol):
    """What a job makes: frozen, and replaced as a whole each time it has grown."""

    @property
    def complete(self) -> bool: ...


Made = TypeVar("Made", bound=Result)
Work = Callable[[Callable[[Made], None], Callable[[], bool]], Made]


class Job(Generic[Made]):
    """Work in a thread of its own; what it has so far can be looked at any time.

    Parameters
    ----------
    work : given where to put what there is so far, and what to ask whether to stop; gives the whole, or raises Stopped
    name : of the thread
    """

    def __init__(self, work: Work[Made], name: str) -> None:
        self._partial: Made | None = None
        self._error: BaseException | None = None
        self._error_told = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def cut_short(self) -> bool:
        """Whether there is no use in waiting: it was stopped before it was done, or fell over and somebody saw it.

        What the customers themselves make impossible is an answer, and stays one.
        """
        done = self._partial is not None and self._partial.complete
        fell_over = self._error_told and not isinstance(self._error, UserError)
        return fell_over or (self._stop.is_set() and not done)

    @property
    def partial(self) -> Made | None:
        """What there is so far, None before the first. An error that ended the work is raised here, to be seen."""
        if self._error is not None:
            self._error_told = True
            raise self._error.with_traceback(None)
        return self._partial

    def stop(self) -> None:
        """Ask the work to end; what has not yet begun never begins."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Until the work has ended, but no longer than that."""
        self._thread.join(seconds)

    def wait_for(self, enough: Callable[[Made | None], bool], seconds: float) -> None:
        """Until there is enough of it, or the work has ended, but no longer than that."""
        end = time.monotonic() + seconds
        while not enough(self._partial) and self.running and time.monotonic() < end:
            self.wait(_LOOK_SECONDS)

    def result(self) -> Made:
        """The whole, waited for."""
        self._thread.join()
        finished = self.partial
        if finished is None or not finished.complete:
            raise Stopped
        return finished

    def _run(self, work: Work[Made]) -> None:
        try:
            self._partial = work(self._grow, self._stop.is_set)
        except Stopped:
            return
        except BaseException as error:
            self._error = error

    def _grow(self, partial: Made) -> None:
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

    @property
    def cut_short(self) -> bool:
        """Whether it was stopped, so that the answers may not all be there."""
        return self._stop.is_set()

    def _run(self, tasks: tuple[Callable[[], object], ...], alone: Callable[[], AbstractContextManager[None]]) -> None:
        for task in tasks:
            self._stop.wait(_PAUSE_SECONDS)
            with alone():
                if self._stop.is_set():
                    return
                task()
