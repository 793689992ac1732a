"""Removing mails that were read and kept long enough: those that the database knows, no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.balances.mail import identify
from engine.config import BalanceImportConfig
from engine.database import Database
from engine.integrations.imap import Mailbox

# A run removes no more than so many; the next one goes on.
_MOST = 2_000
_AT_A_TIME = 100
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def remove_old(database: Database, box: Mailbox, config: BalanceImportConfig, now_ms: int) -> int:
    """Removes mails from the folder of processed ones that came more than `keep_processed` days
    ago; returns how many. A mail that somebody else has put there stays."""
    day = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=config.keep_processed or 0)
    name = f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"
    box.open(config.processed)
    removed = 0
    old = box.uids_before(name)[:_MOST]
    limit = config.max_mail_kib * 1024
    for start in range(0, len(old), _AT_A_TIME):
        raw = box.mails(old[start : start + _AT_A_TIME], limit)
        keys = {uid: identify(content).key for uid, content in raw.items()}
        if not keys:
            continue
        known = {
            key
            for (key,) in database.rows(
                "SELECT mail_key FROM balance_mail WHERE state = 'processed'"
                f" AND mail_key IN ({', '.join('?' * len(keys))})",
                list(keys.values()),
            )
        }
        ours = [uid for uid, key in keys.items() if key in known]
        if ours:
            box.remove(ours)
            removed += len(ours)
    return removed
