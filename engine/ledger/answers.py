"""What a ledger command answers, read back from the journal, so that a repeat answers alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from engine.database import Database
from engine.errors import InputError
from engine.ledger.accounts import VAT, keeps_balance
from engine.ledger.balances import balance_of
from engine.ledger.journal import Entry
from engine.money import format_amount
from engine.period import format_ms
from engine.text import safe


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that a command wrote, or had written before (`repeated`).

    Amounts in minor units, times epoch milliseconds UTC. `amount` is what the command was given
    (signed for a correction); for a reversal, what the subscriber's balance gained by it. `vat` is
    what the entry moved to the VAT account. `balance` is the subscriber's present balance, also
    when the entry is an old one.
    """

    entry_id: int
    repeated: bool
    login: str
    amount: int
    vat: int
    balance: int
    effective_at: int


def read_answer(database: Database, entry: Entry, repeated: bool) -> Recorded:
    """The answer for an entry of one subscriber (any kind but a charge of the month close)."""
    lines = database.rows(
        "SELECT account_id, amount FROM posting WHERE entry_id = ? ORDER BY line", (entry.id,)
    )
    own = [(account, amount) for account, amount in lines if keeps_balance(account)]
    subscriber_id = own[0][0]
    amount = own[0][1]
    if entry.kind == "refund":
        amount = -amount
    elif entry.kind == "reversal":
        amount = sum(part for _, part in own)
    return Recorded(
        entry_id=entry.id,
        repeated=repeated,
        login=str(database.value("SELECT login FROM subscriber WHERE id = ?", (subscriber_id,))),
        amount=amount,
        vat=sum(amount for account, amount in lines if account == VAT),
        balance=balance_of(database, subscriber_id),
        effective_at=entry.effective_at,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command with a key asks for, to be compared with the entry of that key. `login` is
    the main subscriber's; None: not to be compared."""

    kind: str
    login: str | None = None
    amount: int | None = None
    when_ms: int | None = None
    comment: str = ""
    reverses: int | None = None


def other_content(
    database: Database, entry: Entry, key: str, asked: Asked, tz: tzinfo
) -> InputError:
    """The error for a key that was used before with other content, naming what differs."""
    found = "; ".join(_differences(database, entry, asked, tz))
    return InputError(
        f"the key '{safe(key, 160)}' belongs to entry {entry.id}, whose content is another:"
        f" {found or 'its date or VAT was given in another way'}. Nothing was changed."
        " A new movement of money needs a new key."
    )


def _differences(database: Database, entry: Entry, asked: Asked, tz: tzinfo) -> list[str]:
    if entry.kind != asked.kind:
        return [f"it is a {entry.kind}, this is a {asked.kind}"]
    known = read_answer(database, entry, repeated=True)
    found: list[str] = []
    if asked.login is not None and asked.login != known.login:
        found.append(f"it is of {safe(known.login)}, this of {safe(asked.login)}")
    if asked.amount is not None and asked.amount != known.amount:
        was, now = format_amount(known.amount), format_amount(asked.amount)
        found.append(f"its amount is {was}, this {now}")
    if asked.when_ms is not None and asked.when_ms != known.effective_at:
        was, now = format_ms(known.effective_at, tz), format_ms(asked.when_ms, tz)
        found.append(f"its date is {was}, this {now}")
    if asked.comment != entry.comment:
        found.append(f"its comment is '{safe(entry.comment)}', this '{safe(asked.comment)}'")
    if asked.reverses is not None:
        reversed_entry = database.integer(
            "SELECT reversed_entry FROM reversal WHERE entry_id = ?", (entry.id,)
        )
        if reversed_entry != asked.reverses:
            found.append(f"it reverses entry {reversed_entry}, this entry {asked.reverses}")
    return found
