"""Waiting for a lost database: until time is up, or until somebody says stop."""

from __future__ import annotations

import threading
from typing import Any, cast

import peewee
import pytest

from engine.database import Database
from engine.errors import DatabaseUnavailable, Interrupted
from engine.retry import run_unit

SERVER_GONE = 2006


class Away:
    """A database whose server is not there."""

    def connect(self) -> None:
        raise peewee.OperationalError(SERVER_GONE, "server has gone away")

    def close(self) -> None:
        pass


def wait(seconds: float, **options: Any) -> None:
    run_unit(cast("Database", Away()), lambda: None, seconds, **options)


def test_the_wait_ends_when_its_time_is_up() -> None:
    notes: list[str] = []
    with pytest.raises(DatabaseUnavailable, match="did not come back within 0 s"):
        wait(0.2, on_wait=notes.append)
    assert notes == ["database lost, trying again in 0.1 s"] * len(notes)
    assert notes


def test_who_is_stopped_while_waiting_was_interrupted() -> None:
    stop = threading.Event()
    with pytest.raises(Interrupted, match="stopped while the database was away"):
        wait(600, stop=stop, on_wait=lambda _: stop.set())
