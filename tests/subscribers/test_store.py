"""Adding and changing under cuts and in company: whole or not at all, once, one audit line."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from datetime import date
from multiprocessing.pool import AsyncResult
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError
from engine.period import Period
from engine.schema import create
from engine.subscribers import Changes, add, apply, change
from engine.subscribers.facts import find
from engine.subscribers.store import Writer
from tests.cli.conftest import NOW, fill_catalogue
from tests.ledger.cutting import Mode, cutting

ZONE = ZoneInfo("Europe/Moscow")
WRITER = Writer("anna", NOW, ZONE, 30)
NEW = Changes(group="people", plan="home", services="ip;box", discounts=("all:percent:5",))
OTHER = Changes(name="Olga", plan="fast", services="ip", order_addon="tv", credit_limit="7")
BACK = Changes(name="", plan="home", services="ip;box", order_addon="none", credit_limit="0")
ROUNDS = 12


@pytest.fixture
def books(database_config: DatabaseConfig) -> Iterator[Database]:
    database = open_database(database_config, create=True)
    create(database)
    with database.transaction():
        fill_catalogue(database)
    yield database
    database.close()


def lines(books: Database) -> list[Any]:
    return books.rows("SELECT action, object FROM audit ORDER BY id")


@pytest.mark.parametrize("mode", ["before", "after"])
def test_adding_survives_a_cut_at_every_statement(
    books: Database, database_config: DatabaseConfig, mode: Mode
) -> None:
    """The command waits for the database, goes on, and its answer is that of one addition."""
    connection = cutting(database_config)
    statements = cuts = 0
    while cuts <= statements:
        cuts += 1
        login = f"login{cuts}"
        connection.arm(cuts, mode)
        answer = add(connection, login, NEW, WRITER)
        statements = connection.statements
        found = find(books, login)
        assert found is not None
        assert (answer.login, answer.number) == (login, found[0])
        assert answer.after["services"] == ["box", "ip"]
        assert lines(books)[-1] == ("subscriber add", f"subscriber:{login}")
        assert len(lines(books)) == cuts
        if statements < cuts:
            break
    assert cuts > 10
    numbers = [number for (number,) in books.rows("SELECT id FROM subscriber ORDER BY id")]
    assert numbers == list(range(1000, 1000 + cuts))
    connection.close()


@pytest.mark.parametrize("mode", ["before", "after"])
def test_changing_survives_a_cut_at_every_statement(
    books: Database, database_config: DatabaseConfig, mode: Mode
) -> None:
    add(books, "olga", NEW, WRITER)
    found = find(books, "olga")
    assert found is not None
    before = found[1]
    connection = cutting(database_config)
    cuts = 0
    while True:
        cuts += 1
        connection.arm(cuts, mode)
        answer = change(connection, "olga", OTHER, Writer("anna", NOW - cuts, ZONE, 30))
        statements = connection.statements
        assert len(lines(books)) == 2 * cuts
        assert (answer.before["plan"], answer.after["plan"]) == ("home", "fast")
        assert (answer.before["credit_limit"], answer.after["credit_limit"]) == ("0.00", "7.00")
        assert find(books, "olga") == (
            1000,
            apply(before, OTHER, Period(2026, 11), date(2026, 11, 5)),
        )
        if statements < cuts:
            break
        # Back again, at a time of its own, as people do it.
        later = Writer("anna", NOW + cuts, ZONE, 30)
        assert change(books, "olga", BACK, later).before == answer.after
    assert cuts > 10
    connection.close()


def test_a_repeat_by_another_person_is_no_repeat(books: Database) -> None:
    add(books, "olga", NEW, WRITER)
    with pytest.raises(InputError, match="exists already"):
        add(books, "olga", NEW, WRITER)


def add_many(config: DatabaseConfig, name: str) -> list[int]:
    database = open_database(config)
    numbers = [add(database, f"{name}{turn}", NEW, WRITER).number for turn in range(ROUNDS)]
    database.close()
    return numbers


def change_many(config: DatabaseConfig, name: str) -> int:
    database = open_database(config)
    for turn in range(ROUNDS):
        change(database, "olga", Changes(name=f"{name}{turn}"), WRITER)
    database.close()
    return ROUNDS


def both(work: Any, config: DatabaseConfig) -> tuple[Any, Any]:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        runs: list[AsyncResult[Any]] = [
            pool.apply_async(work, (config, name)) for name in ("a", "b")
        ]
        one, other = (run.get(timeout=120) for run in runs)
    return one, other


def test_two_processes_add_at_once(books: Database, database_config: DatabaseConfig) -> None:
    one, other = both(add_many, database_config)
    assert sorted([*one, *other]) == list(range(1000, 1000 + 2 * ROUNDS))
    assert len(lines(books)) == 2 * ROUNDS
    assert books.integer("SELECT COUNT(*) FROM billing_period") == 1


def test_two_processes_change_the_same(books: Database, database_config: DatabaseConfig) -> None:
    """The audit is a chain: each line begins where the one before it ended."""
    add(books, "olga", NEW, WRITER)
    both(change_many, database_config)
    states = books.rows(
        "SELECT state_before, state_after FROM audit WHERE action = 'subscriber set' ORDER BY id"
    )
    assert len(states) == 2 * ROUNDS
    name = ""
    for before, after in states:
        assert json.loads(before)["name"] == name
        name = json.loads(after)["name"]
    found = find(books, "olga")
    assert found is not None
    assert found[1].name == name
