"""Deciding one chunk ahead (SQLite) changes nothing but the time, whoever writes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.data import PERIOD, fill
from engine.clock import FixedClock
from engine.close import run
from engine.close.ahead import ReadAhead
from engine.close.decide import Decision
from engine.close.hooks import Hooks, Tally
from engine.close.run import PeriodClose
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from tests.close.books import MOSCOW, config, new_books, use
from tests.close.copies import at
from tests.close.looks import digest, faults

SUBSCRIBERS = 2_000
LAST = 1000 + SUBSCRIBERS - 1


@pytest.fixture
def where(tmp_path: Path) -> DatabaseConfig:
    return at(tmp_path / "books.db")


@pytest.fixture
def books(where: DatabaseConfig) -> Iterator[Database]:
    database = new_books(where)
    fill(database, SUBSCRIBERS)
    yield database
    assert faults(database, PERIOD) == []
    database.close()


def close(database: Database, where: DatabaseConfig, hooks: Hooks) -> None:
    clock = FixedClock(PERIOD.end_ms(MOSCOW) + 3_600_000)
    PeriodClose(database, config(where), clock, "anna", PERIOD, hooks).run()


@pytest.fixture
def used_decisions(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each chunk whether the decisions made ahead were used; reading ahead is on."""
    monkeypatch.setattr(run, "_READ_AHEAD", 0)
    seen: list[bool] = []
    take = ReadAhead.take

    def watched(ahead: ReadAhead, after: int, upto: int) -> list[Decision] | None:
        decisions = take(ahead, after, upto)
        seen.append(decisions is not None)
        return decisions

    monkeypatch.setattr(ReadAhead, "take", watched)
    return seen


def test_the_same_rows_as_without(
    books: Database, where: DatabaseConfig, used_decisions: list[bool], tmp_path: Path
) -> None:
    close(books, where, Hooks())
    # All but the first chunk were decided ahead.
    assert used_decisions == [False, *[True] * (len(used_decisions) - 1)]
    assert len(used_decisions) == 8
    alone = at(tmp_path / "alone.db")
    plain = new_books(alone)
    fill(plain, SUBSCRIBERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_READ_AHEAD", SUBSCRIBERS + 1)
        close(plain, alone, Hooks())
    assert digest(books) == digest(plain)
    plain.close()


def test_what_others_write_meanwhile_counts(
    books: Database, where: DatabaseConfig, used_decisions: list[bool]
) -> None:
    """After the second chunk, while the third may be decided already, usage comes in for somebody
    in the third and another gets a new plan."""
    other = open_database(where)
    user, changer = 1000 + 2 * 250 + 7, 1000 + 2 * 250 + 9
    chunks = 0

    def write(_tally: Tally, _total: int) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            with other.transaction():
                use(other, PERIOD, user, 10**12)
                other.execute("UPDATE subscriber SET plan_id = 3 WHERE id = ?", (changer,))

    close(books, where, Hooks(progress=write))
    other.close()
    assert used_decisions.count(False) == 2  # the first chunk, and the third
    assert not used_decisions[2]
    billed, plan = books.row(
        "SELECT (SELECT in1 FROM close_record WHERE subscriber_id = ?),"
        " (SELECT plan_id FROM close_record WHERE subscriber_id = ?)",
        (user, changer),
    ) or (0, 0)
    assert billed >= 10**12
    assert plan == 3


def test_an_error_of_a_chunk_ends_the_thread(
    books: Database, where: DatabaseConfig, used_decisions: list[bool]
) -> None:
    def refuse(_tally: Tally, _total: int) -> None:
        raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        close(books, where, Hooks(fence=refuse))
    close(books, where, Hooks())
    assert used_decisions[0] is False
