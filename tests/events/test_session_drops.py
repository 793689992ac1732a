"""From an event to the routers: real SSH servers, one dead NAS among forty, and hostile logins."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from engine.clock import SystemClock
from engine.config import Config, DatabaseConfig, load_config
from engine.database import Database, open_database
from engine.events.delivery import Delivery, Tally
from engine.events.senders import open_senders
from engine.events.settings import EventsConfig, Rules
from engine.hooks import WorkHooks
from engine.ledger.inputs import storable
from engine.nas.settings import NasConfig, RouterosConfig
from tests.events.books import ledger_with, open_event_books, rules
from tests.jobs.hosts import until
from tests.ledger.books import add_subscriber
from tests.nas.conftest import config_of, host_key, routeros, server, trust
from tests.nas.names import HOSTILE
from tests.servers.odd_peer import OddPeer
from tests.servers.sshd import RouterOSServer

__all__ = ["routeros", "server"]

LIVING = 39
# A login that no database takes cannot be a subscriber's.
LOGINS = [login for login in HOSTILE if storable(login)]
FEE_DAY = 15


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


def fleet_config(nas: Sequence[NasConfig], routeros: RouterosConfig) -> Config:
    """A configuration that knows these NAS and no provider."""
    return dataclasses.replace(load_config(environ={}), nas=tuple(nas), routeros=routeros)


def rules_for(nas: Sequence[NasConfig]) -> Rules:
    events = EventsConfig(mode="on", linger_seconds=0, session_minutes=10**7)
    return rules(events=events, nas=tuple(one.name for one in nas))


def pay_on_fee_day(database: Database, given: Rules, *logins: str) -> None:
    with database.transaction():
        database.execute("UPDATE subscriber SET fee_day = ?", (FEE_DAY,))
    for login in logins:
        ledger_with(database, given).payment(login, 500_00)


def deliver_really(database: Database, config: Config, given: Rules) -> Tally:
    with open_senders(config) as senders:
        return Delivery(database, given.events, senders, SystemClock(), WorkHooks()).run()


def drops(database: Database) -> dict[str, str]:
    """The state of each session drop by the name of its NAS."""
    rows = database.rows("SELECT channel, state FROM action WHERE kind = 'session_drop'")
    return {channel.removeprefix("nas:"): state for channel, state in rows}


def test_one_dead_nas_of_forty_holds_up_no_other(
    database: Database,
    database_config: DatabaseConfig,
    server: RouterOSServer,
    routeros: RouterosConfig,
) -> None:
    """The dead one takes the call and says nothing until all others are done: were they waiting for
    it, it would be given up first, by the patience of a minute."""
    others_done = threading.Event()

    def says_nothing(_connection: socket.socket, _over: threading.Event) -> None:
        others_done.wait()

    nas = [config_of(server, 1 + n % server.count, f"m{n}") for n in range(LIVING)]
    for one in nas:
        trust(routeros, one, host_key(server))
    with OddPeer(says_nothing) as peer:
        dead = NasConfig("dead", peer.host, peer.port, server.user, server.own_key)
        trust(routeros, dead, host_key(server))
        given = rules_for([dead, *nas])
        pay_on_fee_day(database, given, "ivan")
        before: list[dict[str, str]] = []

        def watch() -> None:
            watching = open_database(database_config)
            until(lambda: list(drops(watching).values()).count("done") == LIVING)
            before.append(drops(watching))
            watching.close()
            others_done.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        deliver_really(database, fleet_config([dead, *nas], routeros), given)
        watcher.join()
    assert before[0]["dead"] == "sending"
    assert {name for name, state in drops(database).items() if state != "done"} == {"dead"}
    assert drops(database)["dead"] == "retrying"


def test_hostile_logins_end_their_own_sessions_and_nothing_else(
    database: Database, server: RouterOSServer, routeros: RouterosConfig
) -> None:
    nas = [config_of(server, one) for one in (1, 2)]
    for one in nas:
        trust(routeros, one, host_key(server))
        server.sessions(int(one.name.removeprefix("nas")), [*LOGINS, "bystander"])
    given = rules_for(nas)
    with database.transaction():
        for number, login in enumerate(LOGINS, start=2_000):
            add_subscriber(database, number, login)
    pay_on_fee_day(database, given, *LOGINS)
    tally = deliver_really(database, fleet_config(nas, routeros), given)
    assert tally.outcomes == {"done": 2 * len(LOGINS)}
    removed = sorted(f"remove *{number:X}" for number in range(1, len(LOGINS) + 1))
    for router in (1, 2):
        assert server.left(router) == ["bystander"]
        assert sorted(set(server.executed(router)) - {"find"}) == removed


def test_a_login_that_no_router_can_be_sent_is_refused_and_stops_nothing(
    database: Database, server: RouterOSServer, routeros: RouterosConfig
) -> None:
    nas = [config_of(server, 1)]
    trust(routeros, nas[0], host_key(server))
    server.sessions(1, ["ivan"])
    given = rules_for(nas)
    pay_on_fee_day(database, given, "ivan", "olga")
    with database.transaction():
        database.execute(
            "UPDATE action SET payload = ? WHERE subscriber_id = 1001", ('{"logins": [""]}',)
        )
    deliver_really(database, fleet_config(nas, routeros), given)
    states = database.rows(
        "SELECT state FROM action WHERE kind = 'session_drop' ORDER BY subscriber_id"
    )
    assert [state for (state,) in states] == ["done", "dead"]
    assert server.left(1) == []
