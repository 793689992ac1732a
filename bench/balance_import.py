"""The balance import against its limit: the same mails fetched and moved and nothing else, in the
same run, on a real Dovecot.

    python -m bench.balance_import [--mails 20000 100000] [--engines sqlite mariadb]

The limit is imap-tools' own fetch in bulk and MOVE, in chunks of the same size, over TLS. Ours runs
in a process of its own, whose peak memory is printed; half the mails of a day are plain, half are
HTML, in windows-1251 and UTF-8.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.places import Where, config_of, peak_memory_mb, places
from engine import schema
from engine.balances.mailbox import MailboxImport
from engine.balances.setup import balance_importer
from engine.clock import SystemClock
from engine.config import BalanceImportConfig, Secret
from engine.database import open_database
from engine.hooks import WorkHooks
from engine.retry import run_unit
from tests.balances.letters import letter, mail, page
from tests.servers.dovecot import PASSWORD, USER, DovecotServer

CHUNK = 200
DAYS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, nargs="+", default=[20_000])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "mariadb"])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(_import(*map(json.loads, args.child))))
        return 0
    for engine in args.engines:
        for count in args.mails:
            _compare(engine, count)
    return 0


def _compare(engine: str, count: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        DovecotServer() as server,
        places(engine, Path(folder), ["balances"]) as (where,),
    ):
        _make_numbers(where, count // DAYS)
        server.drop(_mails(count))
        access = {"port": server.tls_port, "ca": str(server.ca)}
        bare = _fetch_and_move(access, count)
        server.drop(_mails(count))
        told = _in_a_process_of_its_own(where, access)
        assert told["processed"] == count, told
    ratio = told["seconds"] / bare
    print(
        f"{engine}, {count} mails: bare fetch and move {count / bare:,.0f}/s, import"
        f" {count / told['seconds']:,.0f}/s, {1 / ratio:.2f} of the bare rate,"
        f" peak memory {told['memory']:.0f} MB"
    )


def _mails(count: int) -> Iterator[bytes]:
    """Mails of `DAYS` days about a fifth as many numbers."""
    numbers = count // DAYS
    for number in range(count):
        day, place = divmod(number, numbers)
        text = letter(
            number=str(9_260_000_000 + place),
            account=str(1_000_000 + place % 5_000),
            time=f"{day % 28 + 1:02d}.10.2026 09:{place % 60:02d}",
            balance=f"{(place * 37 + day) % 2_000 - 500}.{place % 100:02d}",
        )
        html = number % 2 == 1
        yield mail(
            page(text) if html else text,
            "utf-8" if number % 4 < 2 else "cp1251",
            kind="text/html" if html else "text/plain",
            encoding="quoted-printable" if html else "8bit",
            message_id=f"<{number}@operator.example>",
        )


def _make_numbers(where: Where, count: int) -> None:
    database = open_database(config_of(where).database, create=True)
    schema.create(database)
    with database.transaction():
        database.execute("INSERT INTO operator (id, name) VALUES (1, 'Megafon')")
        database.execute("INSERT INTO operator_tariff VALUES (1, 1, 'Единый')")
        database.write_many(
            "INSERT INTO number (number, operator_id, created_at) VALUES (?, 1, 0)",
            [(str(9_260_000_000 + place),) for place in range(count)],
        )
    database.close()


def _fetch_and_move(access: dict[str, Any], count: int) -> float:
    """Seconds of the limit. It must refresh what the server can, or imap-tools copies instead."""
    from imap_tools import MailBox

    context = ssl.create_default_context(cafile=access["ca"])
    with MailBox("127.0.0.1", access["port"], timeout=30, ssl_context=context) as box:
        box.login_utf8(USER, PASSWORD)
        client: Any = box.client
        client._get_capabilities()
        box.folder.create("bare")
        began = time.perf_counter()
        uids = box.uids()
        for start in range(0, len(uids), CHUNK):
            some = uids[start : start + CHUNK]
            found = [one.uid for one in box.fetch(uid_list=some, mark_seen=False, bulk=CHUNK)]
            assert len(found) == len(some)
            box.move(some, "bare")
        seconds = time.perf_counter() - began
        assert len(uids) == count, len(uids)
        return seconds


def _in_a_process_of_its_own(where: Where, access: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.balance_import", "--child"]
    done = subprocess.run(
        [*command, json.dumps(where), json.dumps(access)],
        check=True,
        capture_output=True,
        text=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _import(where: Where, access: dict[str, Any]) -> dict[str, Any]:
    """What the job does, without its lease."""
    mailbox = BalanceImportConfig(
        host="127.0.0.1",
        port=access["port"],
        tls_ca=Path(access["ca"]),
        user=USER,
        password=Secret(PASSWORD),
        chunk=CHUNK,
        run_seconds=3_600,
    )
    config = dataclasses.replace(config_of(where), balance_import=mailbox)
    database = open_database(config.database)
    hooks = WorkHooks(unit=lambda work: run_unit(database, work, 60))
    clock = SystemClock()
    importer, reader = balance_importer(database, config, clock, hooks)
    began = time.perf_counter()
    result = MailboxImport(database, mailbox, importer, reader, clock).run()
    seconds = time.perf_counter() - began
    database.close()
    return {
        "seconds": seconds,
        "processed": result.tally.processed,
        "memory": peak_memory_mb(),
    }


if __name__ == "__main__":
    sys.exit(main())
