"""A chunk of balance mails into the database: the mails and all that follows, in one transaction.

A mail is taken once: by its key it is known when it comes again, and then only has to be moved. So
a run may be killed at any instruction. How many statements a chunk takes does not depend on how
many mails it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import peewee

from engine.balances.arrival import Arrival
from engine.balances.books import BalanceRow, Books, Note, NumberRow
from engine.balances.profile import Facts, ProfileConfig
from engine.balances.status import StatusBook, keep_statuses
from engine.clock import Clock
from engine.database import Database, Row
from engine.dialect import is_duplicate, is_refused_value
from engine.hooks import WorkHooks
from engine.text import safe

State = Literal["processed", "skipped"]

DAY_MS = 86_400_000
_DUPLICATE_TRIES = 5
_CONFLICT = "another mail with other content had its Message-ID"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a mail; `known` when it had been taken before."""

    arrival: Arrival
    state: State
    known: bool


@dataclass
class ImportTally:
    """What an import did. `unknown_numbers` and `unknown_tariffs` are mails among the processed
    ones."""

    processed: int = 0
    skipped: int = 0
    known: int = 0
    unknown_numbers: int = 0
    unknown_tariffs: int = 0

    @property
    def done(self) -> int:
        return self.processed + self.skipped + self.known


@dataclass
class _Outcome:
    """One mail on its way into the table."""

    key: str
    arrival: Arrival
    state: State
    reason: str = ""
    operator: int | None = None
    number: int | None = None
    tariff: int | None = None
    messages: list[str] = field(default_factory=list)

    @property
    def facts(self) -> Facts | None:
        return self.arrival.facts

    def row(self, now: int) -> Row:
        arrival, facts = self.arrival, self.facts
        said: tuple[object, ...] = (None,) * 5
        if facts:
            said = (
                facts.number, facts.personal_account, facts.at, facts.balance, facts.tariff,
            )  # fmt: skip
        return (
            self.key, arrival.identity.content, self.state, self.reason[:200] or None, now,
            arrival.size, self.operator, self.number, self.tariff, *said,
            "; ".join(self.messages)[:500], arrival.text,
        )  # fmt: skip


_MAIL = (
    "INSERT INTO balance_mail (mail_key, content_hash, state, reason, taken_at, size, operator_id,"
    " number_id, tariff_id, number, personal_account, said_at, balance, tariff, messages, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class BalanceImporter:
    """Takes chunks of mails. `add_tariffs`: a tariff that only a mail names is made, in place of a
    word about it."""

    def __init__(
        self,
        book: StatusBook,
        profiles: Sequence[ProfileConfig],
        clock: Clock,
        hooks: WorkHooks,
        add_tariffs: bool = False,
    ) -> None:
        self.hooks = hooks
        self.tally = ImportTally()
        self._book = book
        self._database: Database = book.database
        self._aliases = {
            alias.casefold(): one.name.casefold() for one in profiles for alias in one.aliases
        }
        self._clock = clock
        self._add_tariffs = add_tariffs

    def take(self, arrivals: Sequence[Arrival], again: bool = False) -> list[Taken]:
        """Takes mails and tells what became of each, in their order. With `again` a mail that was
        skipped before and can be read now is taken after all. A mail that the database refuses is
        taken by itself and skipped, the others go on."""
        if not arrivals:
            return []
        try:
            taken, tally = self._attempt(arrivals, again)
        except peewee.PeeweeException as error:
            # Any other error is not the mail's doing: it would be every mail's.
            if not is_refused_value(error):
                raise
            if len(arrivals) > 1:
                return [taken for one in arrivals for taken in self.take([one], again)]
            reason = f"the database refuses what it says: {safe(error, 120)}"
            taken, tally = self._attempt([arrivals[0].refused(reason)], again)
        for name, count in vars(tally).items():
            setattr(self.tally, name, getattr(self.tally, name) + count)
        return taken

    def _attempt(self, arrivals: Sequence[Arrival], again: bool) -> tuple[list[Taken], ImportTally]:
        """One transaction, carried out anew where somebody else took the same mail meanwhile."""

        def unit() -> tuple[list[Taken], ImportTally]:
            with self._database.transaction():
                self.hooks.prove()
                return self._take(arrivals, again)

        tries = _DUPLICATE_TRIES
        while True:
            tries -= 1
            try:
                found: tuple[list[Taken], ImportTally] = self.hooks.unit(unit)
            except peewee.IntegrityError as error:
                if not tries or not is_duplicate(error):
                    raise
            else:
                return found

    def _take(self, arrivals: Sequence[Arrival], again: bool) -> tuple[list[Taken], ImportTally]:
        now = self._clock.now_ms()
        known = self._known(arrivals)
        taken: list[Taken] = []
        fresh: list[_Outcome] = []
        stale: list[str] = []
        for arrival in arrivals:
            key, state, reason = _look_up(arrival, known)
            if state is not None and not (again and state == "skipped" and arrival.facts):
                taken.append(Taken(arrival, state, known=True))
                continue
            if state is not None:
                stale.append(key)
            if reason:
                arrival = arrival.refused(reason)
            state = "processed" if arrival.facts else "skipped"
            known[key] = (arrival.identity.content, state)
            fresh.append(_Outcome(key, arrival, state, arrival.reason))
            taken.append(Taken(arrival, state, known=False))
        if stale:
            marks = ", ".join("?" * len(stale))
            self._database.execute(f"DELETE FROM balance_mail WHERE mail_key IN ({marks})", stale)
        if fresh:
            self._apply([one for one in fresh if one.facts], now)
            self._database.write_many(_MAIL, [one.row(now) for one in fresh])
        processed = [one for one in fresh if one.state == "processed"]
        tally = ImportTally(
            processed=len(processed),
            skipped=len(fresh) - len(processed),
            known=len(taken) - len(fresh),
            unknown_numbers=sum(one.number is None for one in processed),
            unknown_tariffs=sum(one.tariff is None and one.number is not None for one in processed),
        )
        return taken, tally

    def _known(self, arrivals: Sequence[Arrival]) -> dict[str, tuple[str, State]]:
        """Content and state of the mails that were taken before, by key."""
        keys = {
            key for one in arrivals for key in (one.identity.key, one.identity.content)
        }  # fmt: skip
        rows = self._database.rows(
            "SELECT mail_key, content_hash, state FROM balance_mail"
            f" WHERE mail_key IN ({', '.join('?' * len(keys))})",
            sorted(keys),
        )
        return {key: (content, state) for key, content, state in rows}

    def _apply(self, outcomes: list[_Outcome], now: int) -> None:
        """What the mails say, the oldest first, so that the newest has the last word."""
        pairs = sorted(
            ((one.facts, one) for one in outcomes if one.facts), key=lambda pair: (pair[0].at,
            pair[1].key),
        )  # fmt: skip
        if not pairs:
            return
        facts = [one for one, _ in pairs]
        books = Books(self._database, facts, self._aliases)
        if self._add_tariffs:
            books.add_tariffs(facts)
        books.open_reports(facts, now)
        for said, outcome in pairs:
            _tell(books, said, outcome, now)
        books.write(now)
        touched = {row.id: row for row in books.numbers.values()}
        if touched:
            found = self._book.statuses({row.id: row.operator for row in touched.values()}, now)
            changes = [
                (number, touched[number].status, status)
                for number, status in found.items()
                if status != touched[number].status
            ]
            keep_statuses(self._database, changes, now)


def _look_up(
    arrival: Arrival, known: dict[str, tuple[str, State]]
) -> tuple[str, State | None, str]:
    """The key of a mail, its state if it was taken before, and why it cannot be taken if another
    mail has its Message-ID."""
    identity = arrival.identity
    found = known.get(identity.key)
    if found is None:
        return identity.key, None, ""
    if found[0] == identity.content:
        return identity.key, found[1], ""
    found = known.get(identity.content)
    return identity.content, found[1] if found else None, _CONFLICT


def _tell(books: Books, facts: Facts, outcome: _Outcome, now: int) -> None:
    """Applies one mail to the books."""
    operator = books.operator(facts.operator)
    outcome.operator = operator
    number = books.numbers.get(facts.number)
    if number is None:
        outcome.messages.append("unknown number")
        return
    outcome.number = number.id
    outcome.tariff = books.tariffs.get((operator, facts.tariff))
    if outcome.tariff is None:
        outcome.messages.append("unknown tariff")
    if facts.at > now + DAY_MS:
        outcome.messages.append("dated in the future: only its day's report was changed")
    elif number.reported_at is None or facts.at >= number.reported_at:
        _update(books, number, facts, outcome)
    _report(books, number, facts, outcome)


def _update(books: Books, number: NumberRow, facts: Facts, outcome: _Outcome) -> None:
    """Operator, personal account and tariff of the number, each with a line in its history."""

    def note(what: str, before: str | None, after: str) -> None:
        books.notes.append(Note(number.id, what, before, after, outcome.key))
        outcome.messages.append(f"{what.replace('_', ' ')} changed")

    operator = books.operator(facts.operator)
    if number.operator != operator:
        note("operator", books.names[number.operator], books.names[operator])
        number.operator = operator
    account = books.accounts[operator, facts.personal_account]
    if number.account != account:
        note("personal_account", number.account_code, facts.personal_account)
        number.account, number.account_code = account, facts.personal_account
    if outcome.tariff is not None and number.tariff != outcome.tariff:
        note("tariff", number.tariff_title, facts.tariff)
        number.tariff, number.tariff_title = outcome.tariff, facts.tariff
    number.reported_at = facts.at
    number.changed = True


def _report(books: Books, number: NumberRow, facts: Facts, outcome: _Outcome) -> None:
    """The number's line in the report of the mail's day: the latest mail of a day counts."""
    report = books.reports[books.operator(facts.operator), facts.day]
    row = books.balances.get((number.id, facts.day))
    if row is None:
        books.balances[number.id, facts.day] = BalanceRow(
            number.id, facts.day, report, facts.balance, facts.at, is_new=True
        )
    elif facts.at > row.at:
        row.report, row.balance, row.at, row.changed = report, facts.balance, facts.at, True
    elif facts.at < row.at:
        outcome.messages.append("a later mail of that day is known")
    elif row.balance != facts.balance:
        outcome.messages.append("another mail of that very time says otherwise")
