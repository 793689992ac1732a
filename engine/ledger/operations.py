"""The ledger's commands. Each is one transaction, safe to repeat by its key.

A command looks for its key first, so a repeat gets its answer even if the period has been closed
since. Where two processes bring the same key at once, the database lets one insert it; the other
looks again and finds the entry. So do we ourselves after a commit whose outcome got lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from uuid import uuid4

from engine.clock import Clock
from engine.config import BillingConfig
from engine.database import Database
from engine.errors import InputError, JobFailed, NeedsConfirmation
from engine.events.facts import Happened
from engine.events.settings import Rules
from engine.ledger import journal
from engine.ledger.accounts import CASH, CORRECTION, VAT, WRITEOFF
from engine.ledger.answers import Asked, Recorded, other_content, read_answer
from engine.ledger.balances import balance_of
from engine.ledger.dates import billing_day, require_open_date
from engine.ledger.happened import call_off, key_of_entry, record_movement
from engine.ledger.inputs import require_amount, require_comment, require_key
from engine.ledger.reversals import write_reversal
from engine.ledger.subjects import Subject, find_subject
from engine.ledger.vat import WHOLE, vat_within
from engine.money import format_amount
from engine.retry import again_if_taken, run_unit
from engine.text import safe

VatArgument = Literal["standard"] | int | None
"""The VAT in a payment: none, the rate of the payment's date, or a rate in basis points."""

# Far from the 64-bit edge, so that no later charge or reversal can come near it.
MAX_BALANCE = 10**16
_OWN_KEY = "auto:"

Plan = Callable[[Subject, int], list[journal.Line]]
"""The lines of a command for its subscriber and its date."""


class Ledger:
    """The commands on one database, in the name of `actor`. See `Recorded` for their answers.

    All raise InputError for wrong input (an unknown login, an amount out of range, a date in a
    closed period, a key used with other content) and then have changed nothing. A login that is
    an alias stands for its main subscriber. A lost connection is waited out for `wait_seconds`.
    What follows a payment or a refund is recorded with it, by `rules`; without, only the event is.
    """

    def __init__(
        self,
        database: Database,
        billing: BillingConfig,
        clock: Clock,
        actor: str,
        wait_seconds: float,
        rules: Rules | None = None,
    ) -> None:
        self._database = database
        self._billing = billing
        self._clock = clock
        self._actor = actor
        self._wait_seconds = wait_seconds
        self._rules = rules or Rules()

    def payment(
        self,
        login: str,
        amount: int,
        vat: VatArgument = None,
        when_ms: int | None = None,
        comment: str = "",
        key: str | None = None,
    ) -> Recorded:
        """Money came in: the subscriber gets it, without the VAT in it if `vat` says so.

        With VAT the subscriber has two postings in the entry, the whole sum and minus the VAT.
        """
        if isinstance(vat, int) and not 0 <= vat <= WHOLE:
            raise InputError("a VAT rate is between 0 and 100 %. Nothing was changed.")

        def lines(subject: Subject, when: int) -> list[journal.Line]:
            tax = vat_within(require_amount(amount), self._rate(vat, when))
            taken = [(subject.id, amount), (CASH, -amount)]
            return [taken[0], (subject.id, -tax), taken[1], (VAT, tax)] if tax else taken

        return self._record("payment", login, amount, when_ms, comment, key, lines, vat=vat)

    def refund(
        self,
        login: str,
        amount: int,
        when_ms: int | None = None,
        comment: str = "",
        key: str | None = None,
        confirmed: bool = False,
    ) -> Recorded:
        """Money is paid back. More than the balance needs `confirmed`, else NeedsConfirmation."""

        def check(balance: int) -> None:
            if balance < 0 and not confirmed:
                raise NeedsConfirmation(
                    f"the refund of {format_amount(amount)} to {safe(login)} is more than the"
                    f" balance of {format_amount(balance + amount)}: it would become"
                    f" {format_amount(balance)}. Nothing was changed."
                )

        def lines(subject: Subject, _when: int) -> list[journal.Line]:
            return [(subject.id, -require_amount(amount)), (CASH, amount)]

        return self._record("refund", login, amount, when_ms, comment, key, lines, check)

    def correct(
        self,
        login: str,
        amount: int,
        when_ms: int | None = None,
        comment: str = "",
        key: str | None = None,
    ) -> Recorded:
        """A correction by hand: plus favours the subscriber. Not zero."""

        def lines(subject: Subject, _when: int) -> list[journal.Line]:
            require_amount(abs(amount))
            return [(subject.id, amount), (CORRECTION, -amount)]

        return self._record("correction", login, amount, when_ms, comment, key, lines)

    def writeoff(
        self,
        login: str,
        amount: int,
        when_ms: int | None = None,
        comment: str = "",
        key: str | None = None,
        confirmed: bool = False,
    ) -> Recorded:
        """A bad debt is given up. More than the debt needs `confirmed`, else NeedsConfirmation."""

        def check(balance: int) -> None:
            if balance > 0 and not confirmed:
                debt = max(0, amount - balance)
                raise NeedsConfirmation(
                    f"the write-off of {format_amount(amount)} for {safe(login)} is more than the"
                    f" debt of {format_amount(debt)}: the balance would become"
                    f" {format_amount(balance)}. Nothing was changed."
                )

        def lines(subject: Subject, _when: int) -> list[journal.Line]:
            return [(subject.id, require_amount(amount)), (WRITEOFF, -amount)]

        return self._record("writeoff", login, amount, when_ms, comment, key, lines, check)

    def reverse(
        self, entry_id: int, login: str | None = None, comment: str = "", key: str | None = None
    ) -> Recorded:
        """Takes an entry back by its opposite, dated now; once. Of a charge of the month close
        `login` says whose; see `engine.ledger.reversals` for the accounts."""
        require_comment(comment)
        hashed = journal.content_hash("reversal", entry_id, login, comment)

        def asked() -> Asked:
            subject = None if login is None else find_subject(self._database, login).login
            return Asked("reversal", login=subject, comment=comment, reverses=entry_id)

        def write(own_key: str) -> None:
            now = self._clock.now_ms()
            require_open_date(self._database, now, now, self._billing.timezone)
            subject_id = write_reversal(
                self._database, entry_id, login, own_key, hashed, now, self._actor, comment
            )
            self._require_sane_balance(subject_id)
            call_off(self._database, entry_id, now)

        return self._once(key, hashed, asked, write)

    def _rate(self, vat: VatArgument, when: int) -> int:
        if vat == "standard":
            return self._billing.vat_on(billing_day(when, self._billing.timezone))
        return vat or 0

    def _record(
        self,
        kind: str,
        login: str,
        amount: int,
        when_ms: int | None,
        comment: str,
        key: str | None,
        plan: Plan,
        check: Callable[[int], None] | None = None,
        vat: VatArgument = None,
    ) -> Recorded:
        """A command on one subscriber: `plan` gives its lines, `check` judges the new balance."""
        require_comment(comment)
        hashed = journal.content_hash(kind, login, amount, vat, when_ms, comment)
        database = self._database

        def asked() -> Asked:
            return Asked(kind, find_subject(database, login).login, amount, when_ms, comment)

        def write(own_key: str) -> None:
            now = self._clock.now_ms()
            when = now if when_ms is None else when_ms
            subject = find_subject(database, login)
            lines = plan(subject, when)
            require_open_date(database, when, now, self._billing.timezone)
            entry_id = journal.new_entry(
                database, kind, own_key, hashed, when, now, self._actor, comment
            )
            journal.post(database, entry_id, lines)
            balance = self._require_sane_balance(subject.id)
            if check:
                check(balance)
            if kind in ("payment", "refund"):
                moved = sum(part for account, part in lines if account == subject.id)
                happened = Happened(
                    "refund" if kind == "refund" else "payment", subject.id, key_of_entry(entry_id),
                    when, "ledger", self._actor, amount, entry_id, moved, comment=comment,
                )  # fmt: skip
                record_movement(database, self._rules, self._billing, now, happened)

        return self._once(key, hashed, asked, write)

    def _once(
        self,
        key: str | None,
        hashed: str,
        asked: Callable[[], Asked],
        write: Callable[[str], None],
    ) -> Recorded:
        """Writes an entry under its key unless it is there, and answers from the journal."""
        if key is not None:
            require_key(key)
        own_key = key if key is not None else f"{_OWN_KEY}{uuid4()}"
        database = self._database

        def attempt() -> Recorded:
            with database.transaction():
                entry = journal.find_entry(database, own_key)
                if entry is not None:
                    if entry.content_hash != hashed:
                        zone = self._billing.timezone
                        raise other_content(database, entry, own_key, asked(), zone)
                    return read_answer(database, entry, repeated=key is not None)
                write(own_key)
                written = journal.find_entry(database, own_key)
                if written is None:
                    raise JobFailed(f"the entry {safe(own_key)} was not stored. Try again.")
                return read_answer(database, written, repeated=False)

        return run_unit(database, lambda: again_if_taken(attempt, "the entry"), self._wait_seconds)

    def _require_sane_balance(self, subscriber_id: int) -> int:
        balance = balance_of(self._database, subscriber_id)
        if abs(balance) > MAX_BALANCE:
            raise InputError(
                f"the balance would become {format_amount(balance)}, beyond what an account may"
                f" hold ({format_amount(MAX_BALANCE)}). Nothing was changed."
            )
        return balance
