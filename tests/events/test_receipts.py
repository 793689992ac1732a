"""What becomes of receipts: asked for over a real socket, kept once, their links told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.config import DatabaseConfig
from engine.errors import Interrupted
from engine.events import pauses
from engine.events.receipt_rows import is_any_due, wait_ms
from engine.hooks import WorkHooks
from engine.period import parse_when
from tests.events.books import BILLING, NOW, FixedClock
from tests.events.receipt_office import Office, open_office
from tests.servers.faults import (
    FAILS,
    RESETS,
    SILENT,
    TOO_MANY,
    UNAVAILABLE,
    Fault,
)
from tests.servers.komtet_server import KomtetServer

DAY = 86_400
UNDONE = "Превышена длительность смены \x1b]0;t\x07"


@pytest.fixture
def server() -> Iterator[KomtetServer]:
    with KomtetServer() as running:
        yield running


@pytest.fixture
def office(database_config: DatabaseConfig, server: KomtetServer) -> Iterator[Office]:
    opened = open_office(database_config, server)
    yield opened
    opened.database.close()


def test_a_receipt_is_asked_for_until_it_is_done(office: Office, server: KomtetServer) -> None:
    server.polls = 3
    (action,) = office.pay(500_05)
    assert office.receipts("r.state, r.asked, r.next_at - r.accepted_at") == [("new", 0, 5_000)]
    assert office.ask(seconds=4) == {}
    assert office.ask(seconds=1) == {"new": 1}
    assert office.ask(seconds=9) == {}
    assert office.ask(seconds=1) == {"new": 1}
    assert office.ask(seconds=20) == {"done": 1}
    assert office.ask(seconds=DAY) == {}
    ((state, ended_at, link, detail),) = office.receipts("r.state, r.ended_at, link, detail")
    assert (state, ended_at) == ("done", NOW + 35_000)
    assert link == f"{server.url}/receipts?id=1000&external_id={office.key(action)}"
    assert detail == "drive 9999078900001234, document 1000, sign 555555555"


def test_how_long_until_it_is_asked_for_again() -> None:
    assert [wait_ms(asked) // 1_000 for asked in (0, 1, 2, 6, 7, 8, 10**9)] == [
        5, 10, 20, 320, 600, 600, 600,
    ]  # fmt: skip
    assert wait_ms(0, 3_600.0) == 3_600_000


def test_its_link_is_told_once(office: Office) -> None:
    (action,) = office.pay(500_05)
    office.ask()
    office.ask(seconds=DAY)
    assert office.links() == [("smspilot", "waiting", 1)]
    ((event, payload, next_at, expires_at),) = office.links(
        "event_id, payload, next_at, expires_at"
    )
    values = json.loads(payload)["values"]
    assert event == office.database.integer(
        "SELECT event_id FROM action WHERE id = ?", (action,)
    )  # fmt: skip
    assert (values["login"], values["amount"]) == ("ivan", "500.05")
    assert values["link"] == office.receipts("link")[0]
    assert json.loads(payload)["phone"] == "8 999 123-45-67"
    assert (next_at, expires_at) == (NOW + 5_000, NOW + 5_000 + 12 * 3_600_000)


def test_no_link_without_a_phone_or_where_it_is_not_wanted(office: Office) -> None:
    with office.database.transaction():
        office.database.execute("UPDATE subscriber SET phone = ''")
    office.pay(500_05)
    office.ask()
    assert (office.receipts(), office.links()) == (["done"], [])
    with office.database.transaction():
        office.database.execute("UPDATE subscriber SET phone = '8 999 123-45-67'")
    office.config = replace(
        office.config, receipts=replace(office.config.receipts, link_notice=False)
    )
    office.pay(600_00)
    office.ask()
    assert (office.receipts(), office.links()) == (["done", "done"], [])


def test_a_link_that_comes_late_waits_for_the_morning(office: Office) -> None:
    office.clock = FixedClock(parse_when("2026-06-15T22:30:00", BILLING.timezone))
    office.pay(500_05)
    office.ask(seconds=3_600)
    ten = parse_when("2026-06-16T10:00:00", BILLING.timezone)
    assert office.links("next_at") == [(ten,)]


def test_an_error_is_kept_in_sight(office: Office, server: KomtetServer) -> None:
    failed, made = office.pay(100_00, 200_00)
    server.fails[office.key(failed)] = UNDONE
    assert office.ask() == {"error": 1, "done": 1}
    assert office.ask(seconds=DAY) == {}
    shown = UNDONE.replace("\x1b", "\\x1b").replace("\x07", "\\x07")
    assert office.receipts("a.id, r.state, a.state, link = '', r.detail, a.reason") == [
        (failed, "error", "dead", 1, shown, f"no receipt was made: {shown}"),
        (made, "done", "done", 0, "drive 9999078900001234, document 1001, sign 555555555",
         "taken by Komtet"),
    ]  # fmt: skip
    assert len(office.links()) == 1


def test_a_dead_one_that_is_sent_again_is_asked_for_again(
    office: Office, server: KomtetServer
) -> None:
    (action,) = office.pay(100_00)
    server.fails[office.key(action)] = UNDONE
    office.ask()
    with office.database.transaction():
        office.database.execute(
            "UPDATE action SET state = 'waiting', next_at = ?, ended_at = NULL", (NOW,)
        )
    office.deliver()
    assert office.receipts("r.state, a.state, r.asked") == [("new", "done", 0)]
    assert office.ask() == {"error": 1}
    assert office.receipts("r.state, a.state") == [("error", "dead")]
    assert server.sent[office.key(action)] == 2
    assert len(server.made) == 1


@pytest.mark.parametrize(
    "fault",
    [FAILS, RESETS, Fault("html"), Fault("empty"), Fault("garbage"), Fault("cut", taken=True)],
    ids=lambda fault: fault.way,
)
def test_an_answer_that_tells_nothing(
    office: Office, server: KomtetServer, fault: Fault
) -> None:  # fmt: skip
    office.pay(100_00)
    server.next(fault)
    assert office.ask() == {"untold": 1}
    ((state, asked, detail),) = office.receipts("r.state, r.asked, r.detail")
    assert (state, asked) == ("new", 1)
    assert detail
    assert office.database.rows("SELECT failures FROM channel WHERE name = 'komtet'") == [(1,)]
    assert office.ask(seconds=10) == {"done": 1}
    assert office.database.rows("SELECT failures FROM channel WHERE name = 'komtet'") == [(0,)]
    assert len(office.links()) == 1


def test_silence_costs_one_deadline_for_all(office: Office, server: KomtetServer) -> None:
    office.pay(*range(100_00, 116_00, 1_00))
    office.komtet(deadline_seconds=0.2)
    server.next(*[SILENT] * 4)
    before = len(server.heard)
    hooks = WorkHooks()
    kept = 0

    def stop_after_one(done: int, total: int) -> None:
        nonlocal kept
        kept = done
        hooks.stop.set()

    hooks.progress = stop_after_one
    with pytest.raises(Interrupted):
        office.ask(hooks=hooks)
    assert (kept, len(server.heard) - before) == (4, 4)


def test_one_that_asks_us_to_wait_is_left_alone(office: Office, server: KomtetServer) -> None:
    office.pay(100_00)
    server.next(replace(UNAVAILABLE, retry_after="120"))
    assert office.ask() == {"untold": 1}
    assert not is_any_due(office.database, "komtet", office.clock.now_ms() + 119_999)
    assert office.ask(seconds=119) == {}
    assert office.ask(seconds=1) == {"done": 1}


def test_a_run_of_failures_pauses_the_channel_and_one_question_tries_it(
    office: Office, server: KomtetServer
) -> None:
    office.pay(100_00, 200_00, 300_00)
    office.komtet(parallel=1)
    server.next(FAILS, FAILS, FAILS)
    assert office.ask() == {"untold": 3}
    (channel,) = pauses.read_channels(office.database, ["komtet"])
    assert (channel.failures, channel.paused_until) == (3, NOW + 5_000 + 300_000)
    assert office.ask(seconds=299) == {}
    server.next(TOO_MANY)
    before = len(server.heard)
    assert office.ask(seconds=1) == {"untold": 1}
    assert len(server.heard) - before == 1
    assert office.ask(seconds=3_600) == {"done": 3}


def test_a_wrong_key_pauses_the_channel_until_a_person_lifts_it(
    office: Office, server: KomtetServer
) -> None:
    office.pay(100_00)
    server.secret = "another"
    assert office.ask() == {"untold": 1}
    (channel,) = pauses.read_channels(office.database, ["komtet"])
    assert (channel.paused_at, channel.paused_until) == (NOW + 5_000, None)
    assert office.ask(seconds=DAY) == {}
    server.secret = office.config.komtet.secret.reveal()  # type: ignore[union-attr]
    with office.database.transaction():
        pauses.keep_channel(office.database, pauses.Channel("komtet"))
    assert office.ask(seconds=0) == {"done": 1}


def test_a_task_that_they_do_not_know_holds_up_no_other(
    office: Office, server: KomtetServer
) -> None:
    lost, _ = office.pay(100_00, 200_00)
    with office.database.transaction():
        office.database.execute("UPDATE receipt SET task = '9' WHERE action_id = ?", (lost,))
    assert office.ask() == {"untold": 1, "done": 1}
    for _ in range(5):
        office.ask(seconds=600)
    assert office.receipts() == ["new", "done"]
    assert office.database.rows("SELECT failures FROM channel WHERE name = 'komtet'") == [(0,)]


def test_an_answer_about_another_receipt_is_none(office: Office) -> None:
    first, second = office.pay(100_00, 200_00)
    with office.database.transaction():
        office.database.execute("UPDATE receipt SET task = '1001' WHERE action_id = ?", (first,))
    office.ask()
    assert office.receipts("a.id, r.state") == [(first, "new"), (second, "done")]


def test_a_stop_is_heard(office: Office) -> None:
    office.pay(100_00)
    hooks = WorkHooks()
    hooks.stop.set()
    with pytest.raises(Interrupted):
        office.ask(hooks=hooks)
    assert office.receipts() == ["new"]


def test_without_the_lease_nothing_is_kept(office: Office) -> None:
    office.pay(100_00)

    def refuse() -> None:
        raise Interrupted("another has the lease")

    with pytest.raises(Interrupted):
        office.ask(hooks=WorkHooks(prove=refuse))
    assert office.receipts("r.state, r.asked") == [("new", 0)]
    assert office.links() == []
