"""A session dropped on forty NAS, one of which is dead: how much later the others are done.

    python -m bench.nas_drop [--times 3]

Payments go from the outbox to real SSH servers on this machine that play routers, and to an address
that takes calls and never says a word. Prints when the last of the 39 was done, with the dead one
beside them and without.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from engine.clock import SystemClock
from engine.config import DatabaseConfig, load_config
from engine.events.delivery import Delivery
from engine.events.senders import open_senders
from engine.events.settings import EventsConfig
from engine.hooks import WorkHooks
from engine.nas.settings import NasConfig, RouterosConfig
from tests.events.books import ledger_with, open_event_books, rules
from tests.nas.conftest import config_of, host_key, trust
from tests.servers import odd_peer
from tests.servers.odd_peer import OddPeer
from tests.servers.sshd import RouterOSServer

_LIVING = (16, 16, 7)
_LIMIT_SECONDS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        routeros = RouterosConfig(folder / "known_hosts")
        living = []
        for group, number in enumerate(_LIVING):
            server = stack.enter_context(RouterOSServer(number))
            for one in server.nas:
                nas = config_of(server, one, f"m{group}-{one}")
                trust(routeros, nas, host_key(server))
                living.append(nas)
        peer = stack.enter_context(OddPeer(odd_peer.silent))
        dead = NasConfig("dead", peer.host, peer.port, living[0].user, living[0].key_file)
        trust(routeros, dead, host_key(server))
        without, beside = [], []
        for number in range(args.times):
            without.append(_drop(folder / f"without{number}.db", living, routeros))
            beside.append(_drop(folder / f"beside{number}.db", [dead, *living], routeros))
    print(f"39 living NAS, seconds until the last is done (median of {args.times})")
    alone, delayed = statistics.median(without), statistics.median(beside)
    print(f"  alone                {alone:.2f}")
    print(f"  beside a dead one    {delayed:.2f}")
    late = delayed - alone
    verdict = "" if late < _LIMIT_SECONDS else "   MISSED"
    print(f"  later by             {late:+.2f}   limit {_LIMIT_SECONDS:.0f}{verdict}")
    return 0


def _drop(file: Path, nas: Sequence[NasConfig], routeros: RouterosConfig) -> float:
    """Seconds from the first action that was handed out to the end of the last that was done."""
    events = EventsConfig(mode="on", linger_seconds=0, session_minutes=10**7)
    given = rules(events=events, nas=tuple(one.name for one in nas))
    database = open_event_books(DatabaseConfig(engine="sqlite", path=file))
    with database.transaction():
        database.execute("UPDATE subscriber SET fee_day = 15")
    ledger_with(database, given).payment("ivan", 500_00)
    config = dataclasses.replace(load_config(environ={}), nas=tuple(nas), routeros=routeros)
    with open_senders(config) as senders:
        Delivery(database, events, senders, SystemClock(), WorkHooks()).run()
    first, last, done = database.row(
        "SELECT MIN(sent_at), MAX(CASE WHEN state = 'done' THEN ended_at END),"
        " SUM(state = 'done') FROM action WHERE kind = 'session_drop'"
    ) or (0, 0, 0)
    database.close()
    if done != sum(_LIVING):
        raise SystemExit(f"{done} sessions were dropped, not {sum(_LIVING)}")
    return float(last - first) / 1_000


if __name__ == "__main__":
    sys.exit(main())
