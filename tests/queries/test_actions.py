"""Actions to look at: what the lists find, and that they read indexes however many are done."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.database import Database
from engine.events import resend
from engine.events.kinds import STATES
from engine.queries import actions as reading
from engine.queries.event_trouble import event_trouble
from tests.queries.measures import cheap

MANY = 3_000
NOW = 1_780_000_000_000
PAYLOAD = {"template": "{{ login }}: {{ amount }}", "phone": "7", "region": "RU"}
VALUES = ("login", "name", "amount", "currency", "balance", "plan", "fee", "credit_limit",
          "compliment", "link", "bonus", "date")  # fmt: skip


@pytest.fixture
def acted(many: Database) -> Database:
    """An event and two actions for each of `MANY` subscribers, nearly all done."""
    payload = json.dumps({**PAYLOAD, "values": dict.fromkeys(VALUES, "5")})
    with many.transaction():
        people = [number for (number,) in many.rows("SELECT id FROM subscriber ORDER BY id")]
        people = people[:MANY]
        many.write_many(
            "INSERT INTO event (id, event_key, content_hash, kind, subscriber_id, at, recorded_at,"
            " is_late, source, caused_by, actor, amount) VALUES (?, ?, 'h', 'payment', ?, ?, ?, 0,"
            " 'ledger', 'staff', 'anna', 50000)",
            [(place, f"k{place}", number, NOW + place, NOW + place)
             for place, number in enumerate(people, start=1)],
        )  # fmt: skip
        rows = []
        for place, number in enumerate(people, start=1):
            for kind, channel in (("notice", "sms"), ("receipt", "komtet")):
                state = "done" if place % 100 else STATES[place // 100 % len(STATES)]
                next_at = NOW if state in ("waiting", "retrying") else None
                rows.append((place, number, kind, channel, f"{kind}{place}", payload, state,
                             f"because {place % 3}", NOW + place, next_at, NOW))  # fmt: skip
        many.write_many(
            "INSERT INTO action (event_id, subscriber_id, kind, channel, action_key, payload,"
            " state, reason, created_at, next_at, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " ?)",
            rows,
        )
        many.execute("INSERT INTO channel (name) VALUES ('komtet')")
        many.execute(
            "INSERT INTO channel (name, paused_at, paused_by, reason, failures)"
            " VALUES ('sms', ?, 'anna', 'no money', 3)",
            (NOW,),
        )
    if many.dialect.name == "mariadb":
        many.rows("ANALYZE TABLE action, event, subscriber")
    else:
        many.execute("ANALYZE")
    return many


QUESTIONS: dict[str, Callable[[Database], object]] = {
    "newest": lambda one: reading.actions(one),
    "older": lambda one: reading.actions(one, before=MANY),
    "dead": lambda one: reading.actions(one, state="dead"),
    "done": lambda one: reading.actions(one, state="done"),
    "done receipts": lambda one: reading.actions(one, state="done", kind="receipt"),
    "dead receipts": lambda one: reading.actions(one, state="dead", kind="receipt"),
    "receipts": lambda one: reading.actions(one, kind="receipt"),
    "of one": lambda one: reading.actions(one, login="u1100"),
    "dead of one": lambda one: reading.actions(one, login="u1100", state="dead"),
    "an event": lambda one: reading.event_card(one, 100),
    "of an action": lambda one: reading.event_of(one, 100),
    "failed": lambda one: resend.failed_notices(one),
    "trouble": lambda one: list(event_trouble(one, NOW)),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_lists_read_indexes(acted: Database, what: str) -> None:
    cheap(acted, QUESTIONS[what], what)


def test_rows_newest_first(acted: Database) -> None:
    rows = reading.actions(acted, limit=3)
    assert [row.id for row in rows] == [2 * MANY, 2 * MANY - 1, 2 * MANY - 2]
    assert rows[0].event_kind == "payment"
    assert [row.id for row in reading.actions(acted, before=3)] == [2, 1]
    dead = reading.actions(acted, state="dead")
    assert {row.state for row in dead} == {"dead"}
    assert {row.kind for row in dead} == {"notice", "receipt"}
    assert {row.kind for row in reading.actions(acted, state="dead", kind="notice")} == {"notice"}
    (login,) = {row.login for row in rows[:2]}
    assert [row.id for row in reading.actions(acted, login=login)] == [2 * MANY, 2 * MANY - 1]
    assert reading.actions(acted, login="nobody") == []
    assert len(reading.actions(acted, limit=10**9)) == reading.MOST_ROWS
    assert reading.actions(acted, limit=-1) == []


def test_an_event_whole(acted: Database) -> None:
    acted.execute(
        "INSERT INTO attempt (action_id, number, what, started_at, ended_at, verdict, status,"
        " detail, excerpt) VALUES (1, 1, 'send', 5, 7, 'retry', 500, 'busy', '<html>'),"
        " (1, 2, 'send', 8, 9, 'done', NULL, '', '')"
    )
    acted.execute(
        "INSERT INTO receipt (action_id, task, state, accepted_at, ended_at, detail)"
        " VALUES (2, 'task 7', 'error', 10, 11, 'no cash desk')"
    )
    card = reading.event_card(acted, 1)
    assert card is not None
    assert (card.key, card.amount, card.login) == ("k1", 500_00, card.actions[0].row.login)
    notice, receipt = card.actions
    assert [(one.number, one.verdict, one.status) for one in notice.attempts] == [
        (1, "retry", 500),
        (2, "done", None),
    ]
    assert notice.receipt is None
    assert receipt.receipt is not None
    assert (receipt.receipt.task, receipt.receipt.state) == ("task 7", "error")
    assert reading.event_of(acted, 2) == 1
    assert reading.event_of(acted, 10**9) is None
    assert reading.event_card(acted, 10**9) is None


def test_the_text_of_a_notice(acted: Database) -> None:
    card = reading.event_card(acted, 1)
    assert card is not None
    assert card.actions[0].text == "5: 5"
    acted.execute('UPDATE action SET payload = \'{"template": "{{ no"}\' WHERE id = 1')
    acted.execute("UPDATE action SET payload = '{\"total\": 5}' WHERE id = 2")
    card = reading.event_card(acted, 1)
    assert card is not None
    assert [one.text for one in card.actions] == ["{{ no", ""]


def test_channels_with_what_waits(acted: Database) -> None:
    komtet, sms = reading.channels(acted)
    assert (sms.channel.name, sms.channel.reason, sms.channel.failures) == ("sms", "no money", 3)
    assert (sms.waiting, sms.sending, sms.retrying, sms.unknown, sms.dead) == (3, 4, 4, 3, 3)
    assert komtet.channel.paused_at is None
