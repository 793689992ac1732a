"""Taking back: an entry is never changed, its opposite is added.

Every line of a payment, a refund, a correction or the like is turned round exactly. A charge of
the month close is one line of a compound entry, whose revenue lines are sums over many
subscribers; how much of them is one subscriber's is not stored per line, and to share it out here
would need the rating again. So a charge is taken back against the account `correction`: revenue
stays what the closes booked, and the corrections beside it show what was given back.

A row in `reversal` names the subscriber's (first) line that was taken back; its unique key lets
that happen once, whoever is faster.
"""

from __future__ import annotations

from engine.database import Database
from engine.errors import InputError
from engine.ledger import journal
from engine.ledger.accounts import CORRECTION, keeps_balance
from engine.ledger.subjects import Subject, find_subject
from engine.text import safe


def write_reversal(
    database: Database,
    entry_id: int,
    login: str | None,
    key: str,
    content_hash: str,
    now_ms: int,
    actor: str,
    comment: str,
) -> int:
    """Writes the opposite of an entry, in the caller's transaction; returns the number of the
    subscriber whose balance it moves.

    InputError when there is no such entry, it is a reversal itself or was reversed before, when a
    charge comes without a login, or when the entry is not that subscriber's.
    """
    entry = journal.entry_by_id(database, entry_id)
    if entry is None:
        raise InputError(f"there is no entry {entry_id}. Nothing was changed.")
    if entry.kind == "reversal":
        raise InputError(
            f"entry {entry_id} is a reversal, which cannot be reversed. Nothing was changed."
            " Use a correction."
        )
    subject = None if login is None else find_subject(database, login)
    if entry.kind == "charge":
        line, subscriber_id, lines = _of_charge(database, entry_id, subject)
    else:
        line, subscriber_id, lines = _of_whole(database, entry_id, subject)
    _require_first(database, entry_id, line)
    reversal = journal.new_entry(
        database, "reversal", key, content_hash, now_ms, now_ms, actor, comment
    )
    database.execute(
        "INSERT INTO reversal (entry_id, reversed_entry, reversed_line) VALUES (?, ?, ?)",
        (reversal, entry_id, line),
    )
    journal.post(database, reversal, lines)
    return subscriber_id


def _of_charge(
    database: Database, entry_id: int, subject: Subject | None
) -> tuple[int, int, list[journal.Line]]:
    """One subscriber's charge turned round: the line in the entry, the subscriber, the lines."""
    if subject is None:
        raise InputError(
            f"entry {entry_id} is a charge of the month close, which holds many subscribers."
            " Nothing was changed. Say whose charge to take back, by login."
        )
    row = database.row(
        "SELECT line, amount FROM posting WHERE account_id = ? AND entry_id = ?",
        (subject.id, entry_id),
    )
    if row is None:
        raise InputError(
            f"entry {entry_id} has no charge of {safe(subject.login)}. Nothing was changed."
        )
    line, amount = int(row[0]), int(row[1])
    if amount == 0:
        raise InputError(
            f"the charge of {safe(subject.login)} in entry {entry_id} is 0.00: there is nothing to"
            " take back."
        )
    return line, subject.id, [(subject.id, -amount), (CORRECTION, amount)]


def _of_whole(
    database: Database, entry_id: int, subject: Subject | None
) -> tuple[int, int, list[journal.Line]]:
    """Every line of an entry turned round: the subscriber's first line and number, the lines."""
    rows = database.rows(
        "SELECT line, account_id, amount FROM posting WHERE entry_id = ? ORDER BY line", (entry_id,)
    )
    own = [(int(line), int(account)) for line, account, _ in rows if keeps_balance(account)]
    if not own:
        raise InputError(
            f"entry {entry_id} has no subscriber's posting. Nothing was changed."
            " Run `billdeck check ledger`."
        )
    line, subscriber_id = own[0]
    if subject is not None and subject.id != subscriber_id:
        raise InputError(f"entry {entry_id} is not of {safe(subject.login)}. Nothing was changed.")
    return line, subscriber_id, [(int(account), -int(amount)) for _, account, amount in rows]


def _require_first(database: Database, entry_id: int, line: int) -> None:
    earlier = database.value(
        "SELECT entry_id FROM reversal WHERE reversed_entry = ? AND reversed_line = ?",
        (entry_id, line),
    )
    if earlier is not None:
        raise InputError(
            f"entry {entry_id} was reversed already, by entry {earlier}. Nothing was changed."
        )
