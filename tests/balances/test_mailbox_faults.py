"""The run over a mailbox, killed at every step and cut at many bytes: every mail is counted once,
none is lost, and everything is as after a run that nobody disturbed."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from engine.config import BalanceImportConfig, DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.hooks import WorkHooks
from engine.integrations.imap import Mailbox, MailboxFailed
from tests.balances.letters import mail
from tests.balances.mailbox import run, settings
from tests.balances.office import everything, open_office, say
from tests.servers.byte_proxy import ByteProxy
from tests.servers.dovecot import DovecotServer, why_missing

MAILS = [
    say(0, "20.10.2026", "1.50", account="2000001"),
    say(0, "20.10.2026", "2.50", at="10:00", tariff="Свой"),
    say(99, "20.10.2026", "3.50"),
    mail("Скидки на роуминг!", message_id="<spam@operator.example>"),
]
NewDatabase = Callable[[str], DatabaseConfig]


def fresh(server: DovecotServer, new_database: NewDatabase) -> DatabaseConfig:
    """A new database, and the mails waiting."""
    where = new_database("sqlite")
    open_office(where).close()
    server.empty()
    server.deliver("INBOX", MAILS)
    return where


def result(server: DovecotServer, where: DatabaseConfig) -> list[Any]:
    """The books and the folders. Copies that a killed move has left are harmless: once each."""
    database = open_database(where)
    books = everything(database)
    database.close()
    folders = [sorted(set(server.mails(name))) for name in ("INBOX", "processed", "skipped")]
    return [books, folders]


def finish(where: DatabaseConfig, config: BalanceImportConfig) -> None:
    database = open_database(where)
    run(database, config)
    database.close()


def undisturbed(
    server: DovecotServer, new_database: NewDatabase, config: BalanceImportConfig
) -> list[Any]:
    where = fresh(server, new_database)
    finish(where, config)
    expected = result(server, where)
    assert expected[1] == [[], sorted(MAILS[:3]), MAILS[3:]]
    return expected


@pytest.fixture(params=["MOVE", "UIDPLUS"])
def mailbox_server(request: pytest.FixtureRequest) -> Iterator[DovecotServer]:
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"Dovecot: {reason}")
    can = "" if request.param == "MOVE" else "IMAP4rev1 UIDPLUS LITERAL+ AUTH=PLAIN"
    with DovecotServer(can) as server:
        yield server


class _Steps:
    """Counts what a process does to the database and to the server, before and after each, and
    kills it at one of these moments."""

    def __init__(self, last: int) -> None:
        self._left = last

    def step(self) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: type, name: str) -> None:
        plain = getattr(owner, name)

        def watched(*arguments: Any) -> Any:
            self.step()
            answer = plain(*arguments)
            self.step()
            return answer

        setattr(owner, name, watched)


def dies_at(step: int, where: DatabaseConfig, config: BalanceImportConfig) -> bool:
    """Runs in a process of its own that is killed (SIGKILL) at a step; False without that step."""
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            steps = _Steps(step)
            for name in ("execute", "write_many", "_commit"):
                steps.watch(Database, name)
            steps.watch(Mailbox, "_must")
            finish(where, config)
            status = 0
        os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert status == 0
    return False


# A prime keeps the sample of the quick tests from falling into step with the chunks.
STRIDES = [pytest.param(1, marks=pytest.mark.heavy), 7]


@pytest.mark.parametrize("stride", STRIDES)
def test_killed_at_every_step(
    mailbox_server: DovecotServer, new_database: NewDatabase, stride: int
) -> None:
    server = mailbox_server
    config = settings(server, chunk=2, tls="off", port=server.port, tls_ca=None)
    expected = undisturbed(server, new_database, config)
    for step in count(1, stride):
        where = fresh(server, new_database)
        if not dies_at(step, where, config):
            assert step > 60
            return
        finish(where, config)
        assert result(server, where) == expected, f"after a kill at step {step}"


@pytest.mark.parametrize("stride", STRIDES)
def test_cut_at_many_bytes(
    mailbox_server: DovecotServer, new_database: NewDatabase, stride: int
) -> None:
    server = mailbox_server
    straight = settings(server, chunk=2, tls="off", port=server.port, tls_ca=None)
    expected = undisturbed(server, new_database, straight)
    for offset in count(1, 67 * stride):
        where = fresh(server, new_database)
        with ByteProxy(server.port, cut_after=offset) as proxy:
            config = settings(server, chunk=2, tls="off", port=proxy.port, tls_ca=None)
            database = open_database(where)
            with suppress(MailboxFailed):
                run(database, config)
            database.close()
        if not proxy.has_cut:
            assert offset > 5_000
            return
        finish(where, straight)
        assert result(server, where) == expected, f"after a cut at byte {offset}"


def test_restarted_and_kicked_in_the_middle(
    mailbox_server: DovecotServer, new_database: NewDatabase
) -> None:
    server = mailbox_server
    config = settings(server, chunk=1)
    expected = undisturbed(server, new_database, config)

    def restart() -> None:
        server.stop()
        server.start()

    for trouble in (server.kick, restart):
        where = fresh(server, new_database)
        calls = count(1)

        def meanwhile(trouble: Callable[[], None] = trouble, calls: Any = calls) -> None:
            if next(calls) == 3:
                trouble()

        database = open_database(where)
        with pytest.raises(MailboxFailed, match="run it again"):
            run(database, config, WorkHooks(check=meanwhile))
        database.close()
        finish(where, config)
        assert result(server, where) == expected


def test_a_server_that_falls_silent(books: Database) -> None:
    """It takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        silent = BalanceImportConfig(
            host="127.0.0.1", port=port, tls="off", user="u", timeout=1,
            password=Secret("x"),
        )  # fmt: skip
        with pytest.raises(MailboxFailed, match="did not answer in time"):
            run(books, silent)
