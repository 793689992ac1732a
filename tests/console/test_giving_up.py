"""A question that nobody waits for any more is broken off, on both databases; a change never is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest

from engine import schema
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from tests.queries.test_cancel import ENDLESS
from tui.loader import Answer, Loader
from tui.messages import Loaded, LoadFailed

_SECONDS = 30


class Asking:
    """A loader, its answers, and questions without an end."""

    def __init__(self, where: DatabaseConfig) -> None:
        self.answers: Queue[Answer] = Queue()
        self.begun = threading.Event()
        self.loader = Loader(lambda: open_database(where), self.answers.put)

    def hang(self, owner: str, key: str = "hang") -> None:
        """Asks what will never be answered; returns once it is under way."""
        self.begun.clear()
        self.loader.submit(owner, key, self._endless)
        assert self.begun.wait(_SECONDS)

    def _endless(self, database: Database) -> object:
        self.begun.set()
        return database.value(ENDLESS)

    def next(self) -> Any:
        """The next answer that is not about the connection."""
        while not isinstance(answer := self.answers.get(timeout=_SECONDS), Loaded | LoadFailed):
            continue
        return answer


@pytest.fixture
def asking(database_config: DatabaseConfig) -> Iterator[Asking]:
    database = open_database(database_config, create=True)
    schema.create(database)
    database.close()
    made = Asking(database_config)
    made.loader.start()
    yield made
    assert made.loader.stop(_SECONDS)


def test_what_nobody_waits_for_is_broken_off(asking: Asking) -> None:
    asking.hang("me")
    asking.loader.submit("other", "next", lambda database: database.value("SELECT 7"))
    asking.loader.give_up("me")
    # The first answer of all: the broken one has none, and the connection is as good as before.
    answer = asking.next()
    assert (answer.owner_id, answer.value) == ("other", 7)
    assert asking.loader.busy_seconds == 0


def test_again_and_again_on_one_connection(asking: Asking) -> None:
    for number in range(5):
        asking.hang("me")
        asking.loader.give_up("me")
        asking.loader.submit("me", number, lambda database: database.value("SELECT 1"))
        assert asking.next().key == number


def test_what_others_wait_for_goes_on(asking: Asking) -> None:
    go_on = threading.Event()

    def work(database: Database) -> object:
        asking.begun.set()
        assert go_on.wait(_SECONDS)
        return database.value("SELECT 7")

    asking.loader.submit("me", "slow", work)
    assert asking.begun.wait(_SECONDS)
    asking.loader.give_up("other")
    asking.loader.forget("me")
    go_on.set()
    assert asking.next().value == 7


def test_a_question_of_many_statements_ends_too(asking: Asking) -> None:
    ended = threading.Event()

    def work(database: Database) -> None:
        asking.begun.set()
        try:
            while True:
                database.value("SELECT COUNT(*) FROM subscriber")
        finally:
            ended.set()

    asking.loader.submit("me", "many", work)
    assert asking.begun.wait(_SECONDS)
    asking.loader.give_up("me")
    assert ended.wait(_SECONDS)


def test_a_change_is_never_broken_off(asking: Asking) -> None:
    go_on = threading.Event()

    def change(database: Database) -> object:
        asking.begun.set()
        assert go_on.wait(_SECONDS)
        with database.transaction():
            database.execute("INSERT INTO subscriber_group (code, name) VALUES ('g', 'G')")
        return database.value("SELECT COUNT(*) FROM subscriber_group")

    asking.loader.change("me", "change", change)
    assert asking.begun.wait(_SECONDS)
    asking.loader.give_up("me")
    assert not asking.loader.stop(0.05)
    go_on.set()
    assert asking.next().value == 1


def test_stopping_breaks_off_what_hangs(asking: Asking) -> None:
    asking.hang("me")
    assert asking.loader.stop(_SECONDS)


def test_one_that_somebody_else_broke_off_says_so(asking: Asking) -> None:
    """An administrator who looks for slow queries."""

    def work(database: Database) -> object:
        threading.Timer(0.0, _until_broken, (database, asking.begun)).start()
        try:
            return database.value(ENDLESS)
        finally:
            asking.begun.set()

    asking.loader.submit("me", "slow", work)
    assert "the database failed" in asking.next().error_text


def _until_broken(database: Database, ended: threading.Event) -> None:
    while not ended.wait(0.05):
        database.cancel()
