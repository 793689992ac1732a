"""The export of the mails that could not be read; numbers are a list (`number_list`)."""

from __future__ import annotations

from datetime import tzinfo

from engine.database import Database
from engine.period import format_ms
from engine.queries.export import Table

_SKIPPED = ("taken_at", "size", "reason", "text")


def skipped_mails(database: Database, tz: tzinfo) -> Table:
    """The mails that could not be read, with why and what could be read of them, the newest
    first."""
    found = database.stream(
        "SELECT taken_at, size, reason, body FROM balance_mail WHERE state = 'skipped'"
        " ORDER BY id DESC"
    )
    return Table(_SKIPPED, ((format_ms(at, tz), *rest) for at, *rest in found))
