"""Two processes at once: the same key, the same entry to reverse, one balance."""

from __future__ import annotations

import multiprocessing
from multiprocessing.pool import AsyncResult
from typing import Any

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import BilldeckError
from engine.ledger.balances import balance_of
from tests.ledger.books import IVAN, count, ledger_of

ROUNDS = 15


def work(config: DatabaseConfig, task: str) -> list[tuple[int, bool] | str]:
    """What one process does: answers, or the messages of errors."""
    database = open_database(config)
    ledger = ledger_of(database, wait=30)
    answers: list[tuple[int, bool] | str] = []
    for number in range(1, ROUNDS + 1):
        try:
            if task == "reverse":
                answer = ledger.reverse(number)
            elif task == "pay with keys":
                answer = ledger.payment("ivan", number, "standard", key=f"key {number}")
            else:
                answer = ledger.payment("ivan", number)
            answers.append((answer.entry_id, answer.repeated))
        except BilldeckError as error:
            answers.append(error.message)
    database.close()
    return answers


def both(config: DatabaseConfig, task: str) -> tuple[list[Any], list[Any]]:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        runs: list[AsyncResult[Any]] = [pool.apply_async(work, (config, task)) for _ in range(2)]
        one, other = (run.get(timeout=120) for run in runs)
    return one, other


def test_the_same_keys_from_two_processes(
    database: Database, database_config: DatabaseConfig
) -> None:
    one, other = both(database_config, "pay with keys")
    for mine, theirs in zip(one, other, strict=True):
        assert mine[0] == theirs[0]
        assert sorted([mine[1], theirs[1]]) == [False, True]
    assert count(database, "journal_entry") == ROUNDS


def test_the_same_entries_reversed_by_two_processes(
    database: Database, database_config: DatabaseConfig
) -> None:
    ledger = ledger_of(database)
    for _ in range(ROUNDS):
        ledger.payment("ivan", 10)
    one, other = both(database_config, "reverse")
    for mine, theirs in zip(one, other, strict=True):
        refused, done = (mine, theirs) if isinstance(mine, str) else (theirs, mine)
        assert f"reversed already, by entry {done[0]}" in refused
    assert balance_of(database, IVAN) == 0


def test_payments_of_two_processes_add_up(
    database: Database, database_config: DatabaseConfig
) -> None:
    one, other = both(database_config, "pay")
    assert len({entry for entry, _ in one + other}) == 2 * ROUNDS
    assert balance_of(database, IVAN) == ROUNDS * (ROUNDS + 1)


def test_the_first_period_of_empty_books(
    database: Database, database_config: DatabaseConfig
) -> None:
    database.execute("DELETE FROM billing_period")
    both(database_config, "pay")
    assert database.rows("SELECT period, state FROM billing_period") == [("2026-06", "open")]
