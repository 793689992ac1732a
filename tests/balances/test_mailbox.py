"""The run over a real mailbox: folders, moves, other clients, poison, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.balances import mailbox as runs
from engine.balances.mailbox import access_of
from engine.config import Secret
from engine.database import Database
from engine.errors import Interrupted, JobFailed
from engine.hooks import WorkHooks
from engine.integrations.imap import Mailbox, MailboxFailed, open_mailbox
from tests.balances import mailbox
from tests.balances.letters import letter, mail
from tests.balances.mailbox import run, settings
from tests.balances.office import number_of, say
from tests.servers.byte_proxy import ByteProxy
from tests.servers.dovecot import DovecotServer, make_certificates


def letters(count: int, day: str = "20.10.2026") -> list[bytes]:
    return [say(place, day, f"{place}.50") for place in range(count)]


def balances(database: Database) -> list[tuple[int, int]]:
    return database.rows("SELECT number_id, balance FROM number_balance ORDER BY number_id")


def all_of(count: int) -> list[tuple[int, int]]:
    return [(place + 1, place * 100 + 50) for place in range(count)]


def test_mails_are_counted_and_moved(server: DovecotServer, books: Database) -> None:
    spam = mail("Скидки на роуминг!", message_id="<spam@operator.example>")
    server.deliver("INBOX", [*letters(20), spam])
    told: list[tuple[int, int]] = []
    logged: list[str] = []
    hooks = WorkHooks(
        progress=lambda done, total: told.append((done, total)),
        log=lambda text, level: logged.append(f"{level}: {text}"),
    )
    result = run(books, settings(server), hooks)
    assert (result.tally.processed, result.tally.skipped, result.waiting) == (20, 1, 0)
    assert balances(books) == all_of(20)
    assert told == [(7, 21), (14, 21), (21, 21)]
    assert logged == ["warning: skipped a mail: it has no personal account"]
    assert server.mails("INBOX") == []
    assert sorted(server.mails("processed")) == sorted(letters(20))
    assert server.mails("skipped") == [spam]
    assert run(books, settings(server)).tally.done == 0


def test_starttls_and_clear_text(server: DovecotServer, books: Database) -> None:
    server.deliver("INBOX", letters(2))
    assert run(books, settings(server, tls="starttls", port=server.port)).tally.processed == 2
    server.deliver("INBOX", letters(3))
    tally = run(books, settings(server, tls="off", port=server.port, tls_ca=None)).tally
    assert (tally.processed, tally.known) == (1, 2)


def test_what_was_committed_and_not_moved_is_only_moved(
    server: DovecotServer, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver("INBOX", letters(5))

    def broken(*arguments: Any) -> None:
        raise MailboxFailed("cut")

    with monkeypatch.context() as patched:
        patched.setattr(Mailbox, "move", broken)
        with pytest.raises(MailboxFailed):
            run(books, settings(server))
    assert (len(server.mails("INBOX")), balances(books)) == (5, all_of(5))
    tally = run(books, settings(server)).tally
    assert (tally.processed, tally.known) == (0, 5)
    assert (server.mails("INBOX"), len(server.mails("processed"))) == ([], 5)


def test_of_mails_that_were_moved_nothing_is_kept(server: DovecotServer) -> None:
    """imaplib would keep a line for each until the end of the connection."""
    server.deliver("INBOX", letters(9))
    with open_mailbox(access_of(settings(server))) as box:
        box.ensure("processed")
        box.move(box.open("INBOX"), "processed")
        assert box._client.untagged_responses == {}
    assert len(server.mails("processed")) == 9


def test_a_certificate_of_another_ca_is_refused(
    server: DovecotServer, books: Database, tmp_path: Path
) -> None:
    server.deliver("INBOX", letters(1))
    for ca in (make_certificates(tmp_path), None):
        with pytest.raises(MailboxFailed, match="certificate is not to be trusted"):
            run(books, settings(server, tls_ca=ca))
    with pytest.raises(MailboxFailed, match="certificate"):
        run(books, settings(server, tls="starttls", port=server.port, tls_ca=None))
    assert len(server.mails("INBOX")) == 1


def test_a_wrong_password_and_a_server_that_is_not_there(
    server: DovecotServer, books: Database
) -> None:
    with pytest.raises(MailboxFailed, match="does not let us in") as refused:
        run(books, settings(server, password=Secret("wrong secret")))
    assert "wrong secret" not in refused.value.message
    with pytest.raises(MailboxFailed, match="cannot reach"):
        run(books, settings(server, port=1))
    with pytest.raises(JobFailed, match="no mailbox to read"):
        run(books, settings(server, host=None))


def test_another_clients_deleted_mails_survive(moving: DovecotServer, books: Database) -> None:
    """Mails that somebody has marked as deleted are counted and moved like all, and what is marked
    in the folder while we work is not removed by us."""
    moving.deliver("INBOX", letters(10))
    other = moving.client()
    other.select("INBOX")
    other.store("2:3", "+FLAGS", r"(\Deleted)")
    foreign = mail("Привет", message_id="<foreign@example>")

    def meanwhile(done: int, total: int) -> None:
        if done == 7:
            moving.deliver("INBOX", [foreign])
            other.noop()
            _, (found,) = other.search(None, 'HEADER Message-ID "foreign"')
            other.store(found.decode(), "+FLAGS", r"(\Deleted)")

    tally = run(books, settings(moving), WorkHooks(progress=meanwhile)).tally
    assert tally.processed == 10
    assert balances(books) == all_of(10)
    assert moving.mails("INBOX") == [foreign]
    assert sorted(moving.mails("processed")) == sorted(letters(10))
    other.logout()


def test_another_client_that_changes_flags(moving: DovecotServer, books: Database) -> None:
    """Dovecot then tells about them in the middle of our answers."""
    moving.deliver("INBOX", letters(60))
    other = moving.client()
    other.select("INBOX")

    def meanwhile() -> None:
        for number in range(1, 60, 7):
            other.store(str(number), "FLAGS", r"(\Flagged \Seen)")
            other.store(str(number), "FLAGS", "()")

    hooks = WorkHooks(check=meanwhile)
    result = run(books, settings(moving, chunk=30), hooks)
    assert (result.tally.processed, result.tally.skipped) == (60, 0)
    assert balances(books) == all_of(60)
    other.logout()


def test_mails_that_go_away_meanwhile(server: DovecotServer, books: Database) -> None:
    server.deliver("INBOX", letters(30))
    other = server.client()
    other.select("INBOX")

    def meanwhile(done: int, total: int) -> None:
        if done == 7:
            other.store("8:17", "+FLAGS", r"(\Deleted)")
            other.expunge()

    result = run(books, settings(server), WorkHooks(progress=meanwhile))
    assert result.tally.processed + 10 >= 30
    assert server.mails("INBOX") == []
    assert len(server.mails("processed")) == result.tally.processed
    other.logout()


@pytest.fixture(params=["MOVE", "UIDPLUS"])
def moving(request: pytest.FixtureRequest, server: DovecotServer) -> Iterator[DovecotServer]:
    """A server that can MOVE, and one that has only UIDPLUS."""
    if request.param == "MOVE":
        yield server
        return
    with DovecotServer("IMAP4rev1 UIDPLUS LITERAL+ AUTH=PLAIN", separator=".") as other:
        yield other


def test_moves_and_folders_of_every_server(moving: DovecotServer, books: Database) -> None:
    moving.deliver("INBOX", letters(9))
    tally = run(books, settings(moving, processed="balances/processed")).tally
    assert tally.processed == 9
    assert moving.mails("INBOX") == []
    names = [moving.mails(f"balances{sign}processed") for sign in "/."]
    assert [len(found) for found in sorted(names)] == [0, 9]


def test_a_server_that_can_do_neither_is_not_touched(books: Database) -> None:
    with DovecotServer("IMAP4rev1 AUTH=PLAIN") as server:
        server.deliver("INBOX", letters(3))
        with pytest.raises(JobFailed, match="neither MOVE nor expunge"):
            run(books, settings(server))
        assert len(server.mails("INBOX")) == 3
    assert balances(books) == []


def test_poison_goes_to_skipped_and_the_rest_go_on(server: DovecotServer, books: Database) -> None:
    huge = mail(letter() + "x" * (20 << 20), message_id="<huge@example>")
    large = mail(letter() + "x" * (2 << 20), message_id=None)
    poison = [
        huge, large, b"", b"\r\n\r\n", mail(letter(balance="1.2.3"), message_id="<nan@example>"),
        mail(letter(), message_id="<nul@example>", encoding="base64").replace(b"0K", b"AA", 1),
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * 1_000,
    ]  # fmt: skip
    good = letters(5)
    server.drop([*good[:2], *poison, *good[2:]])
    result = run(books, settings(server))
    assert result.tally.processed == 5
    assert len(server.mails("skipped")) + 5 == 5 + result.tally.skipped + result.tally.known
    assert server.mails("INBOX") == []
    reasons = [one for (one,) in books.rows("SELECT reason FROM balance_mail WHERE reason <> ''")]
    assert sum("at most 1048576 are read" in one for one in reasons) == 2
    assert all(reasons)


def test_the_size_limit_keeps_large_bodies_off_the_wire(
    server: DovecotServer, books: Database
) -> None:
    server.drop([mail("x" * (5 << 20), message_id=None)])
    with ByteProxy(server.port) as proxy:
        result = run(books, settings(server, tls="off", tls_ca=None, port=proxy.port))
    assert result.tally.skipped == 1
    assert proxy.passed < 20_000


def test_skipped_mails_are_taken_again_after_the_profile_was_mended(
    server: DovecotServer, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = [raw.replace("На счете".encode(), "Остаток".encode()) for raw in letters(4)]
    server.deliver("INBOX", changed)
    assert run(books, settings(server)).tally.skipped == 4
    assert run(books, settings(server), retry_skipped=True).tally.known == 4
    assert len(server.mails("skipped")) == 4
    mended = replace(mailbox.PROFILE, balance="Остаток {value}руб | На счете {value}руб")
    monkeypatch.setattr(mailbox, "PROFILE", mended)
    assert run(books, settings(server), retry_skipped=True).tally.processed == 4
    assert balances(books) == all_of(4)
    assert (server.mails("skipped"), len(server.mails("processed"))) == ([], 4)


def test_no_chunk_is_begun_when_the_time_is_over(
    server: DovecotServer, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver("INBOX", letters(20))
    hours = iter([0.0, 100.0])
    monkeypatch.setattr(runs.time, "monotonic", lambda: next(hours))
    result = run(books, settings(server))
    assert (result.tally.processed, result.waiting) == (7, 13)
    assert len(server.mails("INBOX")) == 13


def test_a_wish_to_stop_ends_it_between_two_chunks(server: DovecotServer, books: Database) -> None:
    server.deliver("INBOX", letters(20))
    hooks = WorkHooks()
    hooks.progress = lambda done, total: hooks.stop.set()
    with pytest.raises(Interrupted, match="stopped after 7 of 20"):
        run(books, settings(server), hooks)
    assert (len(server.mails("INBOX")), len(server.mails("processed"))) == (13, 7)


def test_processed_mails_are_not_kept_where_that_is_wished(
    server: DovecotServer, books: Database
) -> None:
    server.deliver("INBOX", letters(9))
    assert run(books, settings(server, keep_processed=0)).tally.processed == 9
    assert (server.mails("INBOX"), server.mails("processed")) == ([], [])


def test_old_mails_of_ours_are_removed_and_no_others(
    server: DovecotServer, books: Database
) -> None:
    foreign = mail("Привет", message_id="<foreign@example>")
    client = server.client()
    client.create("processed")
    for raw, date in [(foreign, "01-Jan-2020 10:00:00 +0000"),
                      *((raw, "02-Jan-2020 10:00:00 +0000") for raw in letters(3))]:  # fmt: skip
        client.append("INBOX" if raw is not foreign else "processed", "", f'"{date}"', raw)
    client.logout()
    server.deliver("INBOX", letters(4)[3:])
    result = run(books, settings(server, keep_processed=3_000))
    assert (result.tally.processed, result.removed) == (4, 0)
    result = run(books, settings(server, keep_processed=1_000))
    assert result.removed == 3
    assert sorted(server.mails("processed")) == sorted([foreign, *letters(4)[3:]])


def test_the_number_of_a_mail_is_unknown(server: DovecotServer, books: Database) -> None:
    server.deliver("INBOX", [say(77, "20.10.2026", "1.00")])
    assert run(books, settings(server)).tally.unknown_numbers == 1
    assert books.rows("SELECT number, state FROM balance_mail") == [(number_of(77), "processed")]
