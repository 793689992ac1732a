"""`billdeck event` beside a MikBill: one that answers, one that is down, slow or says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.database import Database
from tests.cli.conftest import Shell
from tests.mikbill.office import READER, UID, WORD, MikBill, open_office
from tests.servers.mariadb import MariaDBServer
from tests.servers.odd_peer import OddPeer, Way, hangs_up, silent

pytestmark = pytest.mark.mariadb
# The shell's clock stands at 2026-11-12 12:00.
LATE, JUST = "2026-11-12 10:57:00", "2026-11-12 11:59:58"


@pytest.fixture
def mikbill(mariadb_server: MariaDBServer) -> Iterator[MikBill]:
    with open_office(mariadb_server, "mikbill_shell") as office:
        office.add(UID, "ivan", blocked=1, date_abonka=12)
        yield office


@pytest.fixture
def site(ivan: Shell) -> Shell:
    """ivan is uid 17 of MikBill; receipts and session drops follow."""
    answer = ivan("subscriber", "set", "ivan", "--phone", "+79991234567", "--external-uid", "17")
    assert answer.status == 0, answer.err
    ivan.configure(
        "[events]\nmode = on\n[receipts]\nprovider = komtet\n[nas gw1]\nhost = 127.0.0.1\n"
        f"key_file = {ivan.config_file}\n"
    )
    return ivan


def lead_to(shell: Shell, place: str, name: str = "mikbill_shell") -> None:
    word = shell.config_file.with_name("mikbill-word")
    word.touch(mode=0o600)
    word.write_text(WORD, encoding="utf-8")
    shell.configure(
        f"[mikbill]\n{place}\nname = {name}\nuser = {READER}\npassword_file = {word}\n"
        "since = 2026-11-01\ntimeout = 1"
    )


def count(books: Database) -> int:
    return books.integer("SELECT COUNT(*) FROM event")


def test_the_uid_is_enough(site: Shell, books: Database, mikbill: MikBill) -> None:
    lead_to(site, f"socket = {mikbill.config.socket}")
    mikbill.pay(UID, "100", LATE)
    mikbill.pay(UID, "250.50", JUST)
    answer = site("event", "payment", "17")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "Event 1: payment 100.00\u00a0RUB, ivan, 2026-11-12T10:57:00+03:00.",
        "It was late: 1 h 3 min after the payment.",
        "What follows: receipt (komtet).",
        "Event 2: payment 250.50\u00a0RUB, ivan, 2026-11-12T11:59:58+03:00.",
        "What follows: receipt (komtet).",
    ]
    again = site("event", "payment", "17")
    assert (again.status, again.out) == (0, "")
    assert "MikBill has nothing for uid 17 that was not taken before." in again.err
    assert site("--json", "event", "payment", "17").json == {"events": []}
    # The line is off, so a payment drops no session; a change of plan does.
    answer = site("event", "tariff-change", "17")
    assert "session drop (nas:gw1)" in answer.out
    for wrong in ("17abc", "1 OR 1=1", "ivan"):
        assert site("event", "payment", wrong).status == 2
    assert count(books) == 3


def test_the_job_takes_what_no_hook_told_of(site: Shell, books: Database, mikbill: MikBill) -> None:
    lead_to(site, f"socket = {mikbill.config.socket}")
    mikbill.pay(UID, "100", LATE)
    answer = site("run", "mikbill-import")
    assert answer.status == 0, answer.err
    assert "took 1, 1 of them late" in answer.out + answer.err
    assert count(books) == 1


@pytest.mark.parametrize("way", [silent, hangs_up])
def test_a_mikbill_that_says_nothing(
    site: Shell, books: Database, mikbill: MikBill, way: Way
) -> None:
    mikbill.pay(UID, "100", JUST)
    before = site.config_file.read_text(encoding="utf-8")
    with OddPeer(way) as peer:
        lead_to(site, f"host = 127.0.0.1\nport = {peer.port}")
        answer = site("event", "payment", "17")
        assert (answer.status, answer.out) == (1, "")
        assert (
            f"cannot read MikBill's database mikbill_shell on 127.0.0.1:{peer.port}" in answer.err
        )
        assert "Nothing is lost" in answer.err
        assert count(books) == 0
        # What no table of MikBill tells later is recorded all the same.
        answer = site("event", "freeze", "17")
        assert answer.status == 0
        assert "recorded by what billdeck itself knows" in answer.err
        assert site("run", "mikbill-import").status == 1
    site.config_file.write_text(before, encoding="utf-8")
    lead_to(site, f"socket = {mikbill.config.socket}")
    assert "payment 100.00" in site("event", "payment", "17").out
    assert count(books) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("RENAME TABLE bugh_plategi_stat TO gone", "gone|bugh_plategi_stat"),
        ("ALTER TABLE bugh_plategi_stat DROP COLUMN summa", "summa"),
        ("RENAME TABLE users TO gone", "users"),
    ],
)
def test_a_mikbill_with_other_tables(
    site: Shell, books: Database, mikbill: MikBill, change: str, words: str
) -> None:
    lead_to(site, f"socket = {mikbill.config.socket}")
    mikbill.pay(UID, "100", JUST)
    mikbill.run(change)
    answer = site("event", "payment", "17")
    assert answer.status == 1
    assert "cannot read MikBill's database" in answer.err
    assert any(word in answer.err for word in words.split("|"))
    assert count(books) == 0


def test_a_mikbill_that_is_locked_up(
    site: Shell, books: Database, mikbill: MikBill, mariadb_server: MariaDBServer
) -> None:
    """Somebody holds the table; the hook gives up after its time, and the next one takes it."""
    lead_to(site, f"socket = {mikbill.config.socket}")
    mikbill.pay(UID, "100", JUST)
    mikbill.run("LOCK TABLES bugh_plategi_stat WRITE")
    answer = site("event", "payment", "17")
    assert answer.status == 1
    assert "timed out" in answer.err
    mikbill.run("UNLOCK TABLES")
    assert "payment 100.00" in site("event", "payment", "17").out
    assert count(books) == 1


def test_there_is_no_mikbill_at_all(site: Shell, tmp_path: Path, books: Database) -> None:
    lead_to(site, f"socket = {tmp_path / 'none'}")
    answer = site("event", "payment", "17")
    assert answer.status == 1
    assert "Check section [mikbill]" in answer.err
    assert count(books) == 0
