"""Receipts that failed are made again, once, under a new name and by the settings of now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.config import DatabaseConfig
from engine.errors import InputError
from engine.events.by_hand import Answer, Hand
from engine.events.plan import Moment
from engine.events.receipt_again import failed_receipt, make_again
from engine.events.setup import rules_of
from engine.ledger.operations import Ledger
from tests.events.books import BILLING
from tests.events.receipt_office import Office, open_office
from tests.ledger.cutting import Mode, cutting
from tests.servers.faults import RESETS_AFTER, Fault
from tests.servers.komtet_server import KomtetServer


@pytest.fixture
def server() -> Iterator[KomtetServer]:
    with KomtetServer() as running:
        yield running


@pytest.fixture
def office(database_config: DatabaseConfig, server: KomtetServer) -> Iterator[Office]:
    opened = open_office(database_config, server)
    yield opened
    opened.database.close()


@pytest.fixture
def failed(office: Office, server: KomtetServer) -> int:
    """A receipt that could not be made."""
    (action,) = office.pay(500_05)
    server.fails[office.key(action)] = "wrong VAT"
    office.ask()
    return action


def again(office: Office, action: int) -> Answer:
    now = office.clock.now_ms()
    moment = Moment(now, BILLING.timezone, BILLING.currency)
    return make_again(
        office.database, rules_of(office.config), moment, action, Hand("anna", now, 5)
    )  # fmt: skip


def test_it_is_made_again_by_the_settings_of_now(
    office: Office, server: KomtetServer, failed: int
) -> None:
    office.config = replace(
        office.config, receipts=replace(office.config.receipts, vat="20", minimum=900_00)
    )
    with office.database.transaction():
        office.database.execute("UPDATE subscriber SET phone = '8 999 000-00-00'")
        office.database.execute("UPDATE subscriber SET login = 'new' WHERE login = 'ivan'")
    answer = again(office, failed)
    assert answer.changed == (failed,)
    office.deliver()
    assert office.ask() == {"done": 1}
    (added,) = answer.added
    first, second = (server.made[office.key(one)].content for one in (failed, added))
    assert first["positions"][0]["vat"] == "no"
    assert second["positions"][0]["vat"] == "20"
    assert second["user"] == "+79990000000"
    assert second["positions"][0]["name"] == first["positions"][0]["name"]
    assert (second["intent"], second["payments"]) == ("sell", first["payments"])
    assert office.receipts("a.id, a.round, a.state, r.state") == [
        (failed, 1, "cancelled", "error"), (added, 2, "done", "done"),
    ]  # fmt: skip
    assert len(office.links()) == 1
    assert office.database.rows("SELECT actor, action, object FROM audit") == [
        ("anna", "receipt again", f"action:{failed}")
    ]


def test_only_once_and_only_what_failed(office: Office, failed: int) -> None:
    (made,) = office.pay(600_00)
    office.ask()
    again(office, failed)
    for action in (failed, made, 10**6):
        answer = again(office, action)
        assert (answer.changed, len(answer.refused)) == ((), 1)
        with pytest.raises(InputError, match="cannot be made again"):
            failed_receipt(office.database, action)
    assert office.database.integer("SELECT COUNT(*) FROM action WHERE round > 1") == 1


def test_one_that_was_made_is_not_made_again_whatever_its_action_says(
    office: Office,
) -> None:
    (made,) = office.pay(600_00)
    office.ask()
    with office.database.transaction():
        office.database.execute("UPDATE action SET state = 'dead' WHERE id = ?", (made,))
    assert "it was made (drive" in again(office, made).refused[0].reason


def test_a_refund_stays_a_return(office: Office, server: KomtetServer) -> None:
    office.pay(500_00)
    ledger = Ledger(office.database, BILLING, office.clock, "anna", 5, rules_of(office.config))
    ledger.refund("ivan", 200_00)
    office.deliver()
    action = office.database.integer("SELECT MAX(id) FROM action WHERE kind = 'receipt'")
    assert server.made[office.key(action)].content["intent"] == "sellReturn"
    server.fails[office.key(action)] = "no paper"
    office.ask()
    found = failed_receipt(office.database, action)
    assert (found.login, found.amount, found.is_return) == ("ivan", 200_00, True)
    assert (found.reason, found.is_doubtful) == ("no receipt was made: no paper", False)
    (added,) = again(office, action).added
    office.deliver()
    assert server.made[office.key(added)].content["intent"] == "sellReturn"


def test_one_that_was_refused_after_a_lost_answer_is_doubtful(
    office: Office, server: KomtetServer
) -> None:
    server.next(RESETS_AFTER, Fault("status", status=422))
    office.pay(500_00)
    office.clock.advance(3_600_000)
    office.deliver()
    action = office.database.integer("SELECT MAX(id) FROM action WHERE kind = 'receipt'")
    assert office.database.value("SELECT state FROM action WHERE id = ?", (action,)) == "dead"
    assert failed_receipt(office.database, action).is_doubtful
    with office.database.transaction():
        office.database.execute("UPDATE subscriber SET phone = '', email = ''")
        payload = json.loads(
            office.database.value("SELECT payload FROM action WHERE id = ?", (action,))
        )
        office.database.execute(
            "UPDATE action SET payload = ? WHERE id = ?",
            (json.dumps({**payload, "phone": "", "email": ""}), action),
        )
    assert "no phone" in again(office, action).refused[0].reason


def test_nothing_is_made_where_nothing_is_delivered(office: Office, failed: int) -> None:
    office.config = replace(office.config, events=replace(office.config.events, mode="dry"))
    with pytest.raises(InputError, match="mode = dry"):
        again(office, failed)
    assert office.receipts("a.state") == ["dead"]


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(
    office: Office, database_config: DatabaseConfig, failed: int, mode: Mode
) -> None:
    whole = office.database
    for k in range(1, 100):
        database = cutting(database_config)
        database.arm(k, mode)
        office.database = database
        answer = again(office, failed)
        was_cut = database.statements >= k
        database.close()
        assert answer.changed == (failed,)
        rows = whole.rows("SELECT id, state FROM action WHERE kind = 'receipt' ORDER BY id")
        assert [state for _, state in rows] == ["cancelled", "waiting"]
        if not was_cut:
            assert k > 5
            break
        with whole.transaction():
            whole.execute("DELETE FROM action WHERE round = 2")
            whole.execute(
                "UPDATE action SET state = 'dead', reason = 'x' WHERE kind = 'receipt'"
            )  # fmt: skip
        office.clock.advance(1)
    office.database = whole
