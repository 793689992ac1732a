"""A payment that is taken back, and what had begun to follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError
from engine.events import by_hand, receipt_again
from engine.events.by_hand import Hand
from engine.events.plan import Moment
from engine.events.resend import resend
from tests.events.books import (
    BILLING,
    NOW,
    FixedClock,
    Obedient,
    Outcome,
    actions,
    deliver,
    ledger_with,
    open_event_books,
    rules,
)

UNCLEAR = Outcome("ambiguous", "no answer within 15 s", is_outage=True)
MOMENT = Moment(NOW, BILLING.timezone, BILLING.currency)


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def receipt(database: Database) -> tuple[str, int | None]:
    """State of the one receipt, and when something happens to it by itself."""
    ((state, next_at),) = database.rows(
        "SELECT state, next_at FROM action WHERE kind = 'receipt' AND round = 1"
    )
    return state, next_at


def test_a_receipt_that_may_have_been_made_is_left_to_a_person(database: Database) -> None:
    ledger = ledger_with(database, rules())
    entry = ledger.payment("ivan", 500_00).entry_id
    deliver(database, {"komtet": Obedient(lambda _: UNCLEAR, "idempotent")}, rules())
    assert receipt(database)[0] == "retrying"
    ledger.reverse(entry)
    assert receipt(database) == ("unknown", None)
    reason = database.value("SELECT reason FROM action WHERE kind = 'receipt'")
    assert reason == "its payment was reversed, but it may have been made: look at the provider"
    again = Obedient(promise="idempotent")
    deliver(database, {"komtet": again}, rules(), FixedClock(NOW + 3_600_000))
    assert again.sent == []


def test_a_receipt_that_was_certainly_not_made_is_called_off(database: Database) -> None:
    ledger = ledger_with(database, rules())
    entry = ledger.payment("ivan", 500_00).entry_id
    busy = Outcome("retry", "HTTP 429: not now", is_outage=True)
    deliver(database, {"komtet": Obedient(lambda _: busy, "idempotent")}, rules())
    ledger.reverse(entry)
    assert receipt(database) == ("cancelled", None)


def test_no_receipt_is_made_again_for_a_payment_that_was_taken_back(database: Database) -> None:
    ledger = ledger_with(database, rules())
    entry = ledger.payment("ivan", 500_00).entry_id
    refused = Outcome("refused", "HTTP 422: the request is wrong")
    deliver(database, {"komtet": Obedient(lambda _: refused, "idempotent")}, rules())
    number = database.integer("SELECT id FROM action WHERE kind = 'receipt'")
    ledger.reverse(entry)
    with pytest.raises(InputError, match="its payment was reversed"):
        receipt_again.failed_receipt(database, number)
    answer = receipt_again.make_again(database, rules(), MOMENT, number, Hand("anna", NOW))
    assert [one.reason for one in answer.refused] == ["its payment was reversed"]
    assert receipt(database)[0] == "dead"


@pytest.mark.mariadb
def test_a_reversal_waits_for_nobody_elses_actions(
    new_database: Callable[[str], DatabaseConfig],
) -> None:
    config = new_database("mariadb")
    database, other = open_event_books(config), open_database(config)
    ledger = ledger_with(database, rules())
    entry = ledger.payment("ivan", 500_00).entry_id
    ledger.payment("olga", 500_00)
    database.execute("SET SESSION innodb_lock_wait_timeout = 1")
    with other.transaction():
        other.execute("UPDATE action SET reason = 'held' WHERE subscriber_id = 1001")
        ledger_with(database, rules()).reverse(entry)
    assert [state for _, _, state in actions(database)] == ["cancelled"] * 2 + ["waiting"] * 2
    other.close()
    database.close()


def test_nothing_is_tried_or_sent_again_for_a_payment_that_was_taken_back(
    database: Database,
) -> None:
    ledger = ledger_with(database, rules())
    entry = ledger.payment("ivan", 500_00).entry_id
    refused = Obedient(lambda _: Outcome("refused", "no"), "idempotent")
    deliver(database, {"komtet": refused, "sms": refused}, rules())
    ids = [number for (number,) in database.rows("SELECT id FROM action ORDER BY id")]
    ledger.reverse(entry)
    hand = Hand("anna", NOW)
    expected = [by_hand.Refused(number, "its payment was reversed") for number in ids]
    assert list(by_hand.retry(database, rules(), ids, hand).refused) == expected
    sent = resend(database, rules(), MOMENT, ids[:1], hand)
    assert list(sent.refused) == expected[:1]
    assert {state for _, _, state in actions(database)} == {"dead"}
    assert by_hand.cancel(database, ids, "", hand).changed == tuple(ids)
