"""Writing a checked bundle: table after table, in the order of numbers, within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from engine.bundle.catalogue import Catalogue, last_number
from engine.bundle.numbers import write_numbers
from engine.bundle.staging import Staging
from engine.config import BillingConfig
from engine.database import Database, Row
from engine.errors import JobFailed
from engine.ledger.accounts import FIRST_SUBSCRIBER, OPENING
from engine.ledger.journal import content_hash, opening_key
from engine.period import Period
from engine.periods import ensure_period, first_open_period, note_usage

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: not known)."""

_STEP = 5_000


@dataclass(frozen=True)
class Checked:
    """A bundle without mistakes. `first` is None where there are no subscribers to bring in;
    `periods` are those with usage, oldest first; times in epoch milliseconds."""

    catalogue: Catalogue
    staging: Staging
    first: Period | None
    periods: list[str]
    subscribers: int
    openings: int
    numbers: int
    now: int
    actor: str


class Writer:
    """Writes one bundle. The numbers of subscribers and entries follow the highest in use, which
    nobody can change until the transaction ends."""

    def __init__(
        self,
        database: Database,
        bundle: Checked,
        billing: BillingConfig,
        progress: Progress | None,
    ) -> None:
        self._database = database
        self._bundle = bundle
        self._billing = billing
        self._progress = progress
        self._shift = 0
        self._entries = 0

    def write(self) -> None:
        """Everything but the audit, in the caller's transaction."""
        self._periods()
        self._catalogue()
        if self._bundle.subscribers:
            self._subscribers()
        self._usage()
        if self._bundle.openings:
            self._opening_entries()
        bundle = self._bundle
        if bundle.numbers:
            write_numbers(
                self._database,
                bundle.staging,
                self._insert,
                self._shift,
                bundle.numbers,
                bundle.now,
            )

    def _first(self) -> Period:
        if self._bundle.first is None:
            raise ValueError("a bundle with subscribers has a first period")
        return self._bundle.first

    def _periods(self) -> None:
        database, bundle = self._database, self._bundle
        if bundle.first is None:
            return
        before = first_open_period(database)
        if before not in (None, bundle.first):
            raise JobFailed(
                f"the period {bundle.first} was closed while the bundle was being read."
                " Nothing was imported. Import again: the first period is"
                f" {before} now."
            )
        ensure_period(database, bundle.first)
        for period in bundle.periods:
            note_usage(database, Period.parse(period))

    def _catalogue(self) -> None:
        for entries in self._bundle.catalogue.all():
            if entries.rows and last_number(self._database, entries.table) != entries.last_id:
                raise JobFailed(
                    f"somebody added to the table {entries.table} while the bundle was being read."
                    " Nothing was imported. Import again."
                )
        catalogue = self._bundle.catalogue
        self._insert("subscriber_group (id, code, name, charge)", catalogue.groups.rows)
        self._insert(
            "plan (id, code, name, monthly_fee, direction2_ratio, carry_over)",
            catalogue.plan_rows(),
        )
        self._insert(
            "plan_direction (plan_id, direction, included_bytes, overage_price, counts)",
            catalogue.direction_rows(),
        )
        self._insert("addon (id, code, name, monthly_fee)", catalogue.addons.rows)
        self._insert("service (id, code, name, kind, monthly_fee)", catalogue.services.rows)

    def _subscribers(self) -> None:
        bundle = self._bundle
        self._shift = max(last_number(self._database, "account"), FIRST_SUBSCRIBER - 1)
        shift, total = self._shift, bundle.subscribers
        rows = bundle.staging.rows
        self._insert(
            "account (id, balance)",
            rows("SELECT n + ?, balance FROM subscriber ORDER BY n", (shift,)),
            ("accounts", total),
        )
        self._insert(
            "subscriber (id, login, name, group_id, plan_id, ordered_plan_id, ordered_plan_from,"
            " addon_id, ordered_addon_id, ordered_addon_from, active_since, first_month_day, state,"
            " alias_of, credit_limit, fee_day, external_uid, phone, email, contract_number,"
            " contract_date, birth_date, address, created_at)",
            rows(
                "SELECT n + :shift, login, name, group_id, plan_id, ordered_plan_id,"
                " CASE WHEN ordered_plan_id IS NOT NULL THEN :next END, addon_id,"
                " ordered_addon_id, CASE WHEN ordered_addon_id IS NOT NULL THEN :next END,"
                " active_since, first_month_day, state,"
                " CASE WHEN alias_of IS NULL THEN NULL WHEN main > 0 THEN main + :shift"
                " ELSE -main END, credit_limit, fee_day, uid, phone, email, contract_number,"
                " contract_date, birth_date, address, :now FROM subscriber ORDER BY n",
                {"shift": shift, "next": str(self._first().next()), "now": bundle.now},
            ),
            ("subscribers", total),
        )
        self._insert(
            "subscriber_service (subscriber_id, service_id)",
            rows(
                "SELECT n + ?, service_id FROM subscriber_service ORDER BY n, service_id", (shift,)
            ),
            ("services of subscribers", 0),
        )
        self._insert(
            "discount (subscriber_id, scope, kind, value)",
            rows(
                "SELECT n + ?, 'all', 'percent', discount FROM subscriber WHERE discount > 0"
                " ORDER BY n",
                (shift,),
            ),
            ("discounts", 0),
        )

    def _usage(self) -> None:
        self._insert(
            "period_usage (period, subscriber_id, in1, out1, in2, out2, in3, out3, in4, out4)",
            self._bundle.staging.rows(
                "SELECT period, CASE WHEN main > 0 THEN main + ? ELSE -main END, in1, out1, in2,"
                " out2, in3, out3, in4, out4 FROM period_usage",
                (self._shift,),
            ),
            ("usage", 0),
        )

    def _opening_entries(self) -> None:
        self._entries = last_number(self._database, "journal_entry")
        self._insert(
            "journal_entry (id, kind, entry_key, content_hash, effective_at, recorded_at, actor)",
            self._entry_rows(),
            ("opening entries", self._bundle.openings),
        )
        self._insert(
            "posting (entry_id, line, account_id, amount)",
            self._posting_rows(),
            ("opening postings", 2 * self._bundle.openings),
        )

    def _openings(self) -> Iterator[Row]:
        """Entry number, subscriber number, login, balance."""
        found = self._bundle.staging.rows(
            "SELECT n + ?, login, balance FROM subscriber WHERE balance <> 0 ORDER BY n",
            (self._shift,),
        )
        return ((entry, *row) for entry, row in enumerate(found, start=self._entries + 1))

    def _entry_rows(self) -> Iterator[Row]:
        bundle = self._bundle
        at = self._first().start_ms(self._billing.timezone)
        for entry, _, login, balance in self._openings():
            fingerprint = content_hash("opening", login, balance, at)
            yield entry, "opening", opening_key(login), fingerprint, at, bundle.now, bundle.actor

    def _posting_rows(self) -> Iterator[Row]:
        for entry, subscriber, _, balance in self._openings():
            yield entry, 1, subscriber, balance
            yield entry, 2, OPENING, -balance

    def _insert(
        self, target: str, rows: Iterable[Row], step: tuple[str, int] | None = None
    ) -> None:
        """Inserts rows; `target` is the table with its columns, `step` the name and the size of
        what is done, for whoever watches."""
        rows = iter(rows)
        head = next(rows, None)
        if head is None:
            return  # the driver of MariaDB cannot be given no rows
        rows = chain([head], rows)
        marks = ", ".join("?" * (target.count(",") + 1))
        if step and self._progress:
            rows = _watched(rows, *step, self._progress)
        self._database.write_many(f"INSERT INTO {target} VALUES ({marks})", rows)


def _watched(rows: Iterable[Row], step: str, total: int, progress: Progress) -> Iterator[Row]:
    """The rows, with a word to whoever watches every now and then."""
    count = 0
    for count, row in enumerate(rows, start=1):
        yield row
        if count % _STEP == 0:
            progress(step, count, total)
    progress(step, count, total or count)
