"""What of events needs a person: found, counted, and gone when it was seen to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.events import by_hand, channel_hand, pauses
from engine.events.by_hand import Hand
from engine.queries import event_trouble
from engine.queries.attention import what_needs_attention
from tests.events.books import BILLING, NOW, ledger_with, open_event_books, rules

HAND = Hand("boris", NOW, 5)
DAY = 86_400_000
HOUR = 3_600_000


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    """A payment of ivan with its notice and its receipt, both waiting."""
    opened = open_event_books(database_config)
    ledger_with(opened, rules()).payment("ivan", 500_00)
    yield opened
    opened.close()


def trouble(database: Database, now_ms: int = NOW) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in event_trouble.event_trouble(database, now_ms)]


def kinds(database: Database, now_ms: int = NOW) -> list[str]:
    return [kind for kind, _ in trouble(database, now_ms)]


def the(database: Database, kind: str) -> int:
    return database.integer("SELECT id FROM action WHERE kind = ?", (kind,))


def test_all_is_well(database: Database) -> None:
    assert trouble(database) == []
    assert trouble(database, NOW + HOUR) == []


def test_dead_ones_for_a_week_or_until_they_are_seen_to(database: Database) -> None:
    number = the(database, "notice")
    database.execute(
        "UPDATE action SET state = 'dead', next_at = NULL, ended_at = ? WHERE id = ?", (NOW, number)
    )
    ((kind, text),) = trouble(database)
    assert kind == "actions_dead"
    assert text.startswith("1 action failed for good in the last 7 days: `billdeck action list")
    assert "actions_dead" in kinds(database, NOW + 7 * DAY - 1)
    assert "actions_dead" not in kinds(database, NOW + 7 * DAY)
    by_hand.mark_done(database, [number], "told by phone", HAND)
    assert trouble(database) == []


def test_unknown_ones_that_wait_for_a_person(database: Database) -> None:
    number = the(database, "notice")
    database.execute("UPDATE action SET state = 'unknown' WHERE id = ?", (number,))
    assert trouble(database) == []  # the provider is asked at its `next_at`
    database.execute("UPDATE action SET next_at = NULL WHERE id = ?", (number,))
    assert kinds(database, NOW + 30 * DAY)[-1] == "actions_unknown"
    assert "1 action was carried out" in trouble(database)[0][1]
    by_hand.cancel(database, [number], "", HAND)
    assert trouble(database) == []


@pytest.mark.parametrize("state", ["waiting", "retrying"])
def test_a_receipt_that_nobody_accepts(database: Database, state: str) -> None:
    database.execute("UPDATE action SET state = ? WHERE kind = 'receipt'", (state,))
    assert kinds(database, NOW + HOUR + 1) == ["receipts_late"]
    assert "1 receipt is not made" in trouble(database, NOW + HOUR + 1)[0][1]


def test_a_receipt_that_was_accepted_and_not_made(database: Database) -> None:
    number = the(database, "receipt")
    database.execute(
        "UPDATE action SET state = 'done', next_at = NULL, ended_at = ? WHERE id = ?",
        (NOW, number),
    )
    database.execute(
        "INSERT INTO receipt (action_id, task, state, accepted_at, next_at)"
        " VALUES (?, 't', 'new', ?, ?)",
        (number, NOW, NOW),
    )
    assert kinds(database, NOW + HOUR + 1) == ["receipts_late"]
    database.execute("UPDATE receipt SET state = 'done', next_at = NULL")
    assert trouble(database, NOW + HOUR + 1) == []


def test_a_receipt_that_could_not_be_made_until_it_is_seen_to(database: Database) -> None:
    number = the(database, "receipt")
    database.execute(
        "UPDATE action SET state = 'dead', next_at = NULL, ended_at = ? WHERE id = ?", (NOW, number)
    )
    assert kinds(database, NOW + 300 * DAY) == ["receipt_errors"]
    by_hand.mark_done(database, [number], "made at the cash desk", HAND)
    assert trouble(database) == []


def test_channels_that_are_paused(database: Database) -> None:
    channel_hand.pause(database, "sms", "the contract ended", HAND)
    assert trouble(database) == [(
        "channel_paused",
        "sms is paused by boris: the contract ended; when that is mended: `billdeck channel lift"
        " sms`.",
    )]  # fmt: skip
    with database.transaction():
        until = NOW + 90_000
        pauses.keep_channel(database, pauses.Channel("sms", NOW, until, "event-delivery", "down"))
    assert trouble(database)[0][1].endswith("down; it is tried again in 2 min.")
    assert trouble(database, NOW + 90_000) == []


def test_many_channels_take_one_line(database: Database) -> None:
    database.write_many(
        "INSERT INTO channel (name, paused_at) VALUES (?, ?)",
        [(f"nas:gw{number}", NOW) for number in range(4)],
    )
    assert [text for _, text in trouble(database)] == [
        "4 channels are paused, nas:gw0, nas:gw1, nas:gw2 among them: `billdeck channel list` tells"
        " why."
    ]


def test_counting_ends_somewhere(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.execute(
        "UPDATE action SET state = 'dead', next_at = NULL, ended_at = ? WHERE kind = 'notice'",
        (NOW,),
    )
    monkeypatch.setattr(event_trouble, "_MOST", 1)
    assert trouble(database)[0][1].startswith("1 or more actions failed")


def test_it_is_what_needs_attention(database: Database) -> None:
    channel_hand.pause(database, "sms", "why", HAND)
    found = what_needs_attention(database, NOW, BILLING.timezone)
    assert [one.subject for one in found if one.kind == "channel_paused"] == ["sms"]
