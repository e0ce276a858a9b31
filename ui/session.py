"""What one visitor has given, chosen and been answered: one typed object in the session, seen by nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from core.analysis import SegmentOptions
from core.clustering.evidence import Evidence
from core.clustering.sweep import Sweep
from core.engine import Engine, give_back
from core.errors import UserError
from core.exports.takeaway import Wanted
from core.orders.cleaning import CleaningOptions, Returns
from core.orders.source_table import SourceTable
from core.orders.tables import Glance
from core.orders.values import Ambiguity
from core.segments.generations import Edit, Line, Thread
from core.segments.planner import EXAMPLE, Campaign
from ui.jobs import Ahead, Job

if TYPE_CHECKING:  # which themselves need a workspace
    from ui.sides import Fitted, Side

_KEY = "workspace"
_MOST_ANSWERS = 180  # with 20 numbers of segments, each has up to eight
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was given, as a private copy."""

    name: str
    path: Path
    sha256: str


@dataclass(eq=False)
class Workspace:
    """One visitor's work. Widgets forget their values when their page is left; this does not."""

    engine: Engine | None = None
    uploads: tuple[Upload, ...] = ()
    source: SourceTable | None = None
    refusal: UserError | None = None  # why the last file could not be taken
    looked: Glance | None = None  # the table of the warehouse that was looked at last
    cleaning: CleaningOptions = field(default_factory=CleaningOptions)
    remembered: dict[frozenset[str], CleaningOptions] = field(default_factory=dict)  # headers -> what was said of them
    as_before: bool = False  # whether something was said before of files with the headers of these
    asked: dict[str, Ambiguity] = field(default_factory=dict)  # by kind; once answered, a reading names it no more
    grouping: SegmentOptions = field(default_factory=SegmentOptions)
    n_clusters: int | None = None  # None: as advised
    edits: dict[Hashable, dict[Thread, Edit]] = field(default_factory=dict)  # by what tells a line of segments apart
    campaign: Campaign = EXAMPLE
    clicks: int = 0  # on the curves of the Choose k page
    compared: tuple[Side, Side] | None = None
    recipes_given: int = 0  # on the Compare page
    wanted: Wanted = field(default_factory=Wanted)  # of the Download page
    seen: dict[str, Any] = field(default_factory=dict)  # what is set of widgets that choose what to look at, by name
    job: Job[Sweep] | None = None
    naming: Job[Line] | None = None  # of the segments of that sweep
    checking: Job[Evidence] | None = None  # of its solutions
    fitting: Job[Fitted] | None = None  # of the last other choice on the Compare page
    ahead: Ahead | None = None
    own_returns: Returns | None = None  # what was said of returned goods before a preset said otherwise
    revision: int = 0  # grows whenever values are set other than by their own widget
    _answers: dict[Hashable, Any] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def has_orders(self) -> bool:
        return self.source is not None

    @property
    def content(self) -> tuple[str, ...]:
        """What tells these files from all others."""
        return tuple(upload.sha256 for upload in self.uploads)

    def answer(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The answer to a question asked before, or a new one. The key names all that it depends on.

        What is known is told at once, even while somebody computes: a move of the slider waits for nobody.
        """
        if not self._lock.acquire(blocking=False):
            known: Answer | None = self.known(key)
            if known is not None:
                return known
            self._lock.acquire()
        try:
            found: Answer = self._answers.pop(key) if key in self._answers else compute()
            self._answers[key] = found  # last: the first are those not asked for in the longest time
            while len(self._answers) > _MOST_ANSWERS:
                self._answers.pop(next(iter(self._answers)))
            return found
        finally:
            self._lock.release()

    def known(self, key: Hashable) -> Any:
        """The answer to a question asked before, or None."""
        return self._answers.get(key)

    def latest(self, kind: str, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The same for answers too large to keep more than one of a kind: a new one takes the former one's place."""
        with self.alone():
            asked, found = self._answers.pop(kind, (None, None))
            if asked != key:
                found = None  # before the new one is computed, so that both are never there at once
                found = compute()
            self._answers[kind] = (key, found)
            answer: Answer = found
            return answer

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else computes meanwhile: a download is made beside the page, and the database takes one at a time."""
        with self._lock:
            yield

    def forget_answers(self) -> None:
        self._answers.clear()

    def ask_again(self, key: Hashable) -> None:
        """Compute that answer anew when it is asked for next."""
        with self.alone():
            self._answers.pop(key, None)

    def stop_work(self) -> None:
        """End what goes on in the background. What has been done of it is of no more use."""
        for work in (self.job, self.naming, self.checking, self.fitting, self.ahead):
            if work is not None:
                work.stop()

    def __del__(self) -> None:
        """A visitor who closes her tab wants no more of it; what works in the background holds no workspace."""
        self.stop_work()

    def forget(self) -> None:
        """Let go of all data, its copies on disk included, and of all choices."""
        self._begin_anew({})

    def make_room(self) -> None:
        """The same for the sake of other files: what was said of columns is kept for files with the same ones."""
        self._begin_anew(self.remembered)

    def _begin_anew(self, remembered: dict[frozenset[str], CleaningOptions]) -> None:
        self.stop_work()
        with self.alone():
            if self.engine is not None:
                self.engine.close()
            fresh = Workspace(revision=self.revision + 1, remembered=remembered, _lock=self._lock)
            self.__dict__.update(fresh.__dict__)
        give_back()


def workspace() -> Workspace:
    """This visitor's workspace, made on the first visit."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Workspace()
    found: Workspace = st.session_state[_KEY]
    return found
