"""A mailbox on a Dovecot and a database beside it, for tests of the run over a mailbox."""

from __future__ import annotations

from typing import Any

from engine.balances.arrival import Reader
from engine.balances.importer import BalanceImporter
from engine.balances.mailbox import ImportResult, MailboxImport
from engine.balances.profile import Profile
from engine.config import BalanceImportConfig, Secret
from engine.database import Database
from engine.hooks import WorkHooks
from tests.balances.office import PROFILE, Office
from tests.servers.dovecot import PASSWORD, USER, DovecotServer


def settings(server: DovecotServer, **changes: Any) -> BalanceImportConfig:
    """How to reach the server, over TLS unless changed."""
    given: dict[str, Any] = {
        "host": "127.0.0.1", "port": server.tls_port, "tls": "implicit", "tls_ca": server.ca,
        "user": USER, "password": Secret(PASSWORD), "timeout": 10, "chunk": 7,
    }  # fmt: skip
    return BalanceImportConfig(**{**given, **changes})


def run(
    database: Database,
    config: BalanceImportConfig,
    hooks: WorkHooks | None = None,
    retry_skipped: bool = False,
) -> ImportResult:
    """One run over the mailbox."""
    office = Office(database)
    importer = BalanceImporter(office.book, [PROFILE], office.clock, hooks or WorkHooks())
    reader = Reader([Profile(PROFILE)], config.max_mail_kib * 1024)
    return MailboxImport(database, config, importer, reader, office.clock).run(retry_skipped)
