"""What a visitor's workspace promises: each answer computed once, one thing at a time, nothing kept when forgotten."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from functools import partial

from core.clustering.sweep import Sweep
from core.clustering.workers import Stopped
from core.orders.cleaning import CleaningOptions
from ui.jobs import Ahead, Job
from ui.session import Workspace


def test_a_question_asked_by_two_at_once_is_computed_once() -> None:
    workspace, begun = Workspace(), []

    def compute() -> int:
        begun.append(threading.current_thread())
        time.sleep(0.2)
        return 7

    answers: list[int] = []
    askers = [threading.Thread(target=lambda: answers.append(workspace.answer("key", compute))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers == [7] * 4
    assert len(begun) == 1


def test_two_different_questions_are_not_computed_side_by_side() -> None:
    workspace, inside, most = Workspace(), [], []

    def compute() -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()

    askers = [threading.Thread(target=workspace.answer, args=(key, compute)) for key in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert most == [1] * 4


def test_an_answer_may_ask_for_others() -> None:
    workspace = Workspace()
    assert workspace.answer("sum", lambda: workspace.answer("one", lambda: 1) + workspace.answer("two", lambda: 2)) == 3


def test_forgetting_waits_for_what_is_being_computed_and_keeps_none_of_it() -> None:
    workspace, begun = Workspace(uploads=("orders.csv",), n_clusters=5), threading.Event()

    def compute() -> str:
        begun.set()
        time.sleep(0.2)
        return "private"

    asker = threading.Thread(target=workspace.answer, args=("key", compute))
    asker.start()
    begun.wait()
    workspace.forget()
    asker.join()
    assert workspace.answer("key", lambda: "new") == "new"
    assert (workspace.uploads, workspace.n_clusters, workspace.revision) == ((), None, 1)


def test_room_for_other_files_keeps_answers_and_nothing_else_while_forgetting_keeps_none() -> None:
    said = {frozenset({"customer", "date"}): CleaningOptions(date_order="dmy")}
    workspace = Workspace(uploads=("orders.csv",), n_clusters=5, as_before=True, remembered=dict(said))
    workspace.answer("key", lambda: "private")
    workspace.make_room()
    assert (workspace.uploads, workspace.n_clusters, workspace.as_before) == ((), None, False)
    assert workspace.answer("key", lambda: "new") == "new"
    assert workspace.remembered == said
    workspace.forget()
    assert workspace.remembered == {}


def test_an_answer_that_fails_is_asked_for_again() -> None:
    workspace = Workspace()
    for attempt in (ValueError, KeyError):
        try:
            workspace.answer("key", lambda attempt=attempt: (_ for _ in ()).throw(attempt()))
        except attempt:
            continue
        raise AssertionError("the error was lost")
    assert workspace.answer("key", lambda: 1) == 1


def test_what_is_asked_for_again_and_again_stays() -> None:
    workspace = Workspace()
    for place in range(200):
        assert workspace.answer("often", lambda place=place: place) == 0
        workspace.answer(place, lambda place=place: place)
    assert workspace.answer(0, lambda: "anew") == "anew"


def test_what_is_known_is_told_while_somebody_computes() -> None:
    workspace, computing, enough = Workspace(), threading.Event(), threading.Event()
    workspace.answer("known", lambda: 1)

    def compute() -> int:
        computing.set()
        assert enough.wait(10)
        return 2

    other = threading.Thread(target=workspace.answer, args=("slow", compute))
    other.start()
    assert computing.wait(10)
    assert workspace.answer("known", lambda: 0) == 1
    enough.set()
    assert workspace.answer("slow", lambda: 0) == 2  # waits for its turn, and finds it answered
    other.join()


def test_work_ahead_ends_when_told_and_lets_others_in_between() -> None:
    workspace, done = Workspace(), []

    def task(number: int) -> None:
        done.append(number)
        if number == 2:
            workspace.ahead.stop()

    workspace.ahead = Ahead([partial(task, number) for number in range(5)], workspace.alone)
    end = time.monotonic() + 10
    while len(done) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    with workspace.alone():
        time.sleep(0.2)
    assert done == [0, 1, 2]
    assert workspace.ahead.cut_short


def test_work_of_a_visitor_who_has_left_ends() -> None:
    workspace, asked = Workspace(), threading.Event()

    def work(grow: Callable[[Sweep], None], should_stop: Callable[[], bool]) -> Sweep:
        while not should_stop():
            time.sleep(0.01)
        asked.set()
        raise Stopped

    workspace.job = Job(work, "sweep")
    del workspace
    gc.collect()
    assert asked.wait(10)
