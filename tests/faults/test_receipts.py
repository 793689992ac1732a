"""What becomes of receipts, asked or told, cut at every statement: kept once, with one link."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.events.plan import Moment
from engine.events.receipt_call import Call, take_call
from engine.events.receipts import Books
from engine.events.setup import rules_of
from engine.hooks import WorkHooks
from engine.retry import run_unit
from tests.events.books import NOW
from tests.events.receipt_office import CALLBACK, Office, open_office
from tests.faults.killing import Impatient, Killed, Killing, Losing, quick
from tests.ledger.cutting import Mode
from tests.servers.komtet_server import KomtetServer

LOST_TASK = "9"


@pytest.fixture
def server() -> Iterator[KomtetServer]:
    with KomtetServer() as running:
        yield running


@pytest.fixture
def office(database_config: DatabaseConfig, server: KomtetServer) -> Iterator[Office]:
    """Receipts of which one will be done, one fails, and one is not known to them any more."""
    opened = open_office(database_config, server)
    lost, failed, _ = opened.pay(100_00, 200_00, 300_00)
    server.fails[opened.key(failed)] = "no paper"
    with opened.database.transaction():
        opened.database.execute(
            "UPDATE receipt SET task = ? WHERE action_id = ?", (LOST_TASK, lost)
        )
    yield opened
    opened.database.close()


def begin_again(database: Database) -> None:
    """The receipts as they were when they had just been accepted."""
    with database.transaction():
        database.execute("DELETE FROM action WHERE kind = 'receipt_link'")
        database.execute(
            "UPDATE action SET state = 'done', reason = 'taken by Komtet', ended_at = ?"
            " WHERE kind = 'receipt'",
            (NOW,),
        )
        database.execute(
            "UPDATE receipt SET state = 'new', next_at = ?, ended_at = NULL, asked = 0, link = '',"
            " detail = ''",
            (NOW,),
        )


def look(database: Database) -> list[Any]:
    """What is there in the end, whatever happened on the way."""
    return [
        database.rows(
            "SELECT a.id, a.state, a.reason, r.state, r.asked, r.link, r.detail, r.next_at"
            " FROM receipt r JOIN action a ON a.id = r.action_id ORDER BY a.id"
        ),
        database.rows(
            "SELECT event_id, channel, round, state, payload FROM action"
            " WHERE kind = 'receipt_link' ORDER BY id"
        ),
        database.rows("SELECT failures, paused_at FROM channel WHERE name = 'komtet'"),
    ]


def ask(office: Office, database: Database) -> None:
    """One run on a connection, at the same moment each time."""
    run = Office(database, office.config)
    run.clock = FixedClock(NOW)
    hooks = WorkHooks(unit=lambda work: run_unit(database, work, 5), stop=Impatient())
    run.ask(hooks=hooks)


def call(office: Office, database: Database, server: KomtetServer) -> None:
    """Komtet calls about all that it knows; each call comes once more, as they do."""
    moment = Moment(NOW, office.config.billing.timezone, office.config.billing.currency)
    books = Books(rules_of(office.config), office.config.komtet, moment)
    for key in 2 * sorted(server.made):
        body, signed = server.callback(key, CALLBACK)
        take_call(database, Call("POST", CALLBACK, signed, body), books, 5)


@pytest.mark.parametrize("mode", ["before", "after"])
@pytest.mark.parametrize("victim", [Killing, Losing])
@pytest.mark.parametrize("way", ["asked", "called"])
def test_cut_at_every_statement(
    office: Office,
    server: KomtetServer,
    database_config: DatabaseConfig,
    way: str,
    victim: type[Killing] | type[Losing],
    mode: Mode,
) -> None:
    def act(database: Database) -> None:
        if way == "asked":
            ask(office, database)
        else:
            call(office, database, server)

    if way == "called":
        server.polls = 0
    act(office.database)
    expected = look(office.database)
    states = ["new", "error", "done"] if way == "asked" else ["done", "error", "done"]
    assert [row[3] for row in expected[0]] == states
    assert len(expected[1]) == states.count("done")
    for k in count(1):
        begin_again(office.database)
        database = victim(database_config)
        database.arm(k, mode)
        was_cut = True
        try:
            act(database)
            was_cut = database.statements >= k
        except Killed:
            assert victim is Killing
        finally:
            database.close()
        if not was_cut:
            assert k > 10
            break
        after = quick(database_config)
        act(after)
        seen = look(after)
        after.close()
        assert seen == expected, k
