"""The loader: newest first, one form of each question, a connection that comes and goes."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import peewee
import pytest

from engine.clock import FixedClock
from engine.database import Database, open_database
from engine.errors import DatabaseUnavailable, InputError
from tests.console.driving import NOW, config
from tui.loader import Answer, Loader
from tui.messages import LinkChanged, Loaded, LoadFailed, NoDatabase

_SECONDS = 20


class Bench:
    """A loader on an empty database; `answers` has what it delivers, `down` breaks it."""

    def __init__(self, folder: Path) -> None:
        self._config = config(folder).database
        self.answers: Queue[Answer] = Queue()
        self.down = threading.Event()
        self.opened = 0
        self.loader = Loader(self._open, self.answers.put, FixedClock(NOW))

    def _open(self) -> Database:
        self.opened += 1
        if self.down.is_set():
            raise DatabaseUnavailable("the server is away")
        return open_database(self._config)

    def next(self, kind: type[Any]) -> Any:
        """The next answer of a kind; others are passed over."""
        while not isinstance(answer := self.answers.get(timeout=_SECONDS), kind):
            continue
        return answer

    def hold(self) -> Callable[[], None]:
        """Keeps the thread busy until the returned function is called."""
        busy, free = threading.Event(), threading.Event()

        def work(database: Database) -> None:
            busy.set()
            free.wait(_SECONDS)

        self.loader.submit("holder", "hold", work)
        assert busy.wait(_SECONDS)
        return free.set


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.loader.start()
    yield made
    made.loader.stop()


def _lost(database: Database) -> None:
    raise peewee.OperationalError(2013, "Lost connection to server during query")


def test_an_answer_has_its_owner_key_and_age(bench: Bench) -> None:
    bench.loader.submit("me", ("page", 1), lambda database: database.value("SELECT 7"))
    answer = bench.next(Loaded)
    assert (answer.owner_id, answer.key, answer.value) == ("me", ("page", 1), 7)
    assert answer.as_of_ms == NOW


def test_newest_first_and_the_newer_form_replaces(bench: Bench) -> None:
    go_on = bench.hold()
    for key, value in (("a", 1), ("b", 2), ("c", 3), ("a", 4)):
        bench.loader.submit("me", key, lambda database, value=value: value)  # type: ignore[misc]
    bench.loader.submit("other", "a", lambda database: 5)
    bench.loader.submit("gone", "a", lambda database: 6)
    bench.loader.forget("gone")
    go_on()
    bench.next(Loaded)
    assert [bench.next(Loaded).value for _ in range(4)] == [5, 4, 3, 2]


def test_refusals_are_told_in_words(bench: Bench, tmp_path: Path) -> None:
    def wrong(database: Database) -> None:
        raise InputError("that is no column")

    bench.loader.submit("me", 1, wrong)
    assert bench.next(LoadFailed).error_text == "that is no column"
    bench.loader.submit("me", 2, lambda database: database.value("SELECT 1 FROM nowhere"))
    assert "the database failed: no such table" in bench.next(LoadFailed).error_text


def test_a_fault_of_ours_in_a_question_does_not_end_the_thread(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    name = "Iva" + "nov"

    def faulty(database: Database) -> None:
        raise KeyError(name)

    bench.loader.submit("me", 1, faulty)
    told = bench.next(LoadFailed).error_text
    assert "internal error: KeyError" in told
    assert "Ivanov" not in told
    assert "Ivanov" not in next((tmp_path / "billdeck").iterdir()).read_text()
    bench.loader.submit("me", 2, lambda database: 2)
    assert bench.next(Loaded).value == 2


def test_a_refused_question_leaves_no_cursor_to_the_thread_of_the_screens(bench: Bench) -> None:
    """Freed there, it would wait for the next query of this connection."""
    cursors: list[weakref.ref[Any]] = []

    def work(database: Database) -> None:
        cursor = database.execute("SELECT 1 UNION ALL SELECT 2")
        cursors.append(weakref.ref(cursor))
        cursor.fetchone()
        try:
            database.value("SELECT nothing")
        except peewee.PeeweeException:
            raise InputError("that is no question") from None

    gc.disable()
    try:
        bench.loader.submit("me", 1, work)
        bench.next(LoadFailed)
        bench.loader.submit("me", 2, lambda database: 2)
        bench.next(Loaded)
        assert [cursor() for cursor in cursors] == [None]
    finally:
        gc.enable()


def test_a_lost_connection_is_opened_again_and_the_question_waits(bench: Bench) -> None:
    assert bench.next(LinkChanged).up
    tries: list[int] = []

    def once_lost(database: Database) -> int:
        tries.append(1)
        if len(tries) == 1:
            bench.down.set()
            _lost(database)
        return 8

    bench.loader.submit("me", 1, once_lost)
    assert not bench.next(LinkChanged).up
    told = bench.next(LinkChanged)
    assert (told.up, told.text) == (False, "the server is away")
    bench.down.clear()
    bench.loader.hurry()
    assert bench.next(LinkChanged).up
    assert bench.next(Loaded).value == 8


def test_a_change_is_never_done_twice(bench: Bench) -> None:
    assert bench.next(LinkChanged).up
    tries: list[int] = []

    def change(database: Database) -> None:
        tries.append(1)
        _lost(database)

    bench.loader.change("me", 1, change)
    assert "unknown whether" in bench.next(LoadFailed).error_text
    bench.loader.submit("me", 2, lambda database: 2)
    assert bench.next(Loaded).value == 2
    assert tries == [1]


def test_a_change_is_refused_at_once_without_a_connection(bench: Bench) -> None:
    assert bench.next(LinkChanged).up
    bench.down.set()
    bench.loader.submit("me", 1, _lost)
    assert not bench.next(LinkChanged).up
    done: list[int] = []
    bench.loader.change("me", 2, lambda database: done.append(1))
    bench.loader.hurry()
    assert "nothing was changed" in bench.next(LoadFailed).error_text
    assert done == []


def test_a_change_waits_its_turn_and_is_not_forgotten(bench: Bench) -> None:
    go_on = bench.hold()
    bench.loader.change("me", 1, lambda database: 1)
    bench.loader.forget("me")
    assert bench.loader.is_changing
    go_on()
    bench.next(Loaded)
    assert bench.next(Loaded).key == 1


def test_stopping_does_not_wait_for_a_question_that_hangs(bench: Bench) -> None:
    go_on = bench.hold()
    assert not bench.loader.stop(0.05)
    go_on()
    assert bench.loader.stop(_SECONDS)


def test_stopping_while_the_server_is_away(bench: Bench) -> None:
    assert bench.next(LinkChanged).up
    bench.down.set()
    bench.loader.submit("me", 1, _lost)
    assert not bench.next(LinkChanged).up
    assert bench.loader.stop(_SECONDS)


def test_a_database_that_never_was_there_is_not_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.down.set()
    bench.loader.start()
    assert "the server is away" in bench.next(NoDatabase).error.message
    assert bench.loader.stop(_SECONDS)
