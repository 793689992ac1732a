"""The close tells of each plan that it switches, once, whatever follows it; a dry run tells of
none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.config import Config, DatabaseConfig
from engine.database import Database
from engine.events.settings import EventsConfig, Mode
from engine.nas.settings import NasConfig
from jobs.month_close import CloseOptions
from tests.close.books import NOW, OCTOBER, config, job, number

ALL = CloseOptions(accept_failures=True)


def settings(where: DatabaseConfig, mode: Mode) -> Config:
    nas = (NasConfig("gw1", "10.0.0.1"),)
    return replace(config(where), events=EventsConfig(mode=mode), nas=nas)


def switched(database: Database) -> list[int]:
    rows = database.rows(
        "SELECT subscriber_id FROM close_record WHERE period = ? AND plan_after <> plan_id"
        " ORDER BY subscriber_id",
        (str(OCTOBER),),
    )
    return [subscriber for (subscriber,) in rows]


@pytest.mark.parametrize("mode", ["off", "on"])
def test_each_switch_is_an_event(books: Database, where: DatabaseConfig, mode: Mode) -> None:
    own = settings(where, mode)
    assert job(books, own).preview(CloseOptions()) is not None
    assert books.integer("SELECT COUNT(*) FROM event WHERE event_key LIKE 'close:2026-10:%'") == 0
    job(books, own).run(ALL)
    job(books, own).run(ALL)
    found = books.rows(
        "SELECT event_key, kind, subscriber_id, at, recorded_at, is_late, source, caused_by, actor"
        " FROM event WHERE event_key LIKE 'close:2026-10:%' ORDER BY subscriber_id"
    )
    expected = switched(books)
    assert number(8) in expected
    assert [tuple(row) for row in found] == [
        (f"close:{OCTOBER}:{one}", "tariff_change", one, NOW, NOW, 0, "close", "system", "anna")
        for one in expected
    ]


def test_the_sessions_of_who_gets_another_plan_are_dropped(
    books: Database, where: DatabaseConfig
) -> None:
    job(books, settings(where, "on")).run(ALL)
    rows = books.rows(
        "SELECT a.subscriber_id, a.channel, a.state FROM action a WHERE a.kind = 'session_drop'"
        " ORDER BY a.subscriber_id"
    )
    assert [tuple(row) for row in rows] == [
        (one, "nas:gw1", "waiting") for one in switched(books)
    ]  # fmt: skip
    payload = books.value(
        "SELECT payload FROM action WHERE subscriber_id = ? AND kind = 'session_drop'",
        (number(8),),
    )
    # Its alias shares the plan.
    assert len(json.loads(payload)["logins"]) == 2
