"""The jobs at a glance, also when very many slots were left out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.database import Database
from engine.queries.attention import what_needs_attention
from engine.queries.job_list import job_states
from engine.slots import parse_schedule

NOW = 1_700_000_000_000
ZONE = ZoneInfo("Europe/Moscow")


def add(database: Database, state: str, at: int, reason: str = "") -> None:
    ended = None if state == "running" else at + 1_000
    database.execute(
        "INSERT INTO job_run (job, slot, state, exit_reason, actor, asked_at, started_at,"
        " heartbeat_at, finished_at) VALUES ('ticks', ?, ?, ?, 'schedule', ?, ?, ?, ?)",
        (at, state, reason, at, at, at, ended),
    )


def test_a_long_run_is_seen_behind_all_the_slots_that_it_made_skip(books: Database) -> None:
    add(books, "failed", NOW - 200 * 60_000)
    add(books, "running", NOW - 150 * 60_000)
    for minute in range(149, 0, -1):
        add(books, "missed", NOW - minute * 60_000, "skipped")
    (state,) = job_states(books, NOW, {"ticks": parse_schedule("every minute")}, ZONE)
    assert state.running is not None
    assert state.running.number == 2
    assert state.last is not None
    assert (state.last.number, state.last.state) == (1, "failed")
    assert "run_in_progress" in {one.kind for one in what_needs_attention(books, NOW, ZONE)}


def test_what_never_ran_has_no_last_run(books: Database) -> None:
    for minute in range(60, 0, -1):
        add(books, "missed", NOW - minute * 60_000, "down")
    (state,) = job_states(books, NOW, {"ticks": parse_schedule("every minute")}, ZONE)
    assert (state.running, state.last, state.missed) == (None, None, 50)
