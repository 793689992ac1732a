"""Books with events for the tests of the console: a payment whose actions are in every state, with
attempts, a receipt, a paused channel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from engine.config import Role
from engine.demo.build import demo_clock
from engine.events.kinds import STATES
from engine.events.settings import EventsConfig, NoticesConfig
from engine.events.texts import VARIABLES
from tests.console.books import TODAY, config, read
from tui.app import Console

PAYLOAD = {
    "template": "На счет #{{ login }} зачислен платеж: {{ amount }}",
    "values": {**VARIABLES, "login": "ivan", "amount": "500.00"},
    "phone": "+79990000000",
    "region": "RU",
}
_MINUTE = 60_000
EVENT = 1
"""The number of the payment."""


def fill(books: Path) -> None:
    """In place of the demonstration's events: one payment of the subscriber 1000 with an action in
    each state (numbers 1 to 9 in the order of STATES), then a receipt that failed (10) and a bonus
    (11); `komtet` is paused."""
    now = demo_clock(config(books), TODAY).now_ms()
    database = read(books)
    with database.transaction():
        for table in ("receipt", "attempt", "action", "channel", "event"):
            database.execute(f"DELETE FROM {table}")
        database.execute(
            "INSERT INTO event (id, event_key, content_hash, kind, subscriber_id, at, recorded_at,"
            " is_late, source, caused_by, actor, amount, comment) VALUES (?, 'payment:7', '',"
            " 'payment', 1000, ?, ?, 1, 'mikbill', 'system', 'hook', 50000, 'терминал')",
            (EVENT, now - 90 * _MINUTE, now - 30 * _MINUTE),
        )
        rows = [
            (number, "notice", f"sms{number}", json.dumps(PAYLOAD), state,
             "SMSC error 7: invalid number" if state == "dead" else "")
            for number, state in enumerate(STATES, 1)
        ]  # fmt: skip
        receipt = {"total": 50_000, "phone": "+79990000000", "email": "i@example.com"}
        rows += [
            (10, "receipt", "komtet", json.dumps(receipt), "done", ""),
            (11, "top_up_bonus", "bonus", json.dumps({"amount": 10_000}), "waiting", ""),
        ]
        database.write_many(
            "INSERT INTO action (id, event_id, subscriber_id, kind, channel, action_key, payload,"
            " state, reason, attempts, created_at, next_at, sent_at, expires_at)"
            " VALUES (?, 1, 1000, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)",
            [(number, kind, channel, f"key-{number}", payload, state, reason, now - 30 * _MINUTE,
              now + 5 * _MINUTE if state in ("waiting", "retrying") else None,
              now - 29 * _MINUTE, now + 600 * _MINUTE)
             for number, kind, channel, payload, state, reason in rows],
        )  # fmt: skip
        database.write_many(
            "INSERT INTO attempt (action_id, number, what, started_at, ended_at, verdict, status,"
            " detail, excerpt) VALUES (?, ?, 'send', ?, ?, ?, ?, ?, ?)",
            [
                (6, 1, now - 29 * _MINUTE, now - 29 * _MINUTE + 140, "retry", 502,
                 "the server has a fault", "<html>Bad Gateway</html>"),
                (6, 2, now - 28 * _MINUTE, now - 28 * _MINUTE + 90, "refused", 200,
                 "SMSC error 7", '{"error":"invalid number","error_code":7}'),
            ],
        )  # fmt: skip
        database.execute(
            "INSERT INTO receipt (action_id, task, state, accepted_at, ended_at, link, detail)"
            " VALUES (10, '4711', 'error', ?, ?, 'https://example.com/4711', 'the shift is over')",
            (now - 29 * _MINUTE, now - 28 * _MINUTE),
        )
        channels = dict.fromkeys(row[2] for row in rows)
        database.write_many("INSERT INTO channel (name) VALUES (?)", [(one,) for one in channels])
        database.execute(
            "UPDATE channel SET paused_at = ?, paused_by = 'anna', reason = 'wrong key'"
            " WHERE name = 'komtet'",
            (now - 60 * _MINUTE,),
        )
    database.close()


def console_of(books: Path, role: Role = "admin", mode: str = "on") -> Console:
    """A console on the books where things are delivered, notices by `sms2`."""
    settings = config(books)
    settings = replace(
        settings,
        events=EventsConfig(mode="on" if mode == "on" else "off"),
        notices=NoticesConfig(sms="sms2", quiet_from=0, quiet_until=0),
    )
    clock = demo_clock(settings, TODAY)
    return Console(settings, "olga", role, clock, {"TERM": "xterm-256color"})
