"""Payment reminders: who will be short of the next fee is told before it is due, once.

What will be due is rated as the month close rates it, without traffic: the fees of the plan, the
add-on plan, the services and rents, with the share of a first month and with the discounts. Traffic
beyond the plan comes on top, so a text may call it the monthly fee and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from engine.close.catalogue import Catalogue, load_catalogue
from engine.close.conditions import ConditionsBook
from engine.close.decide import extras_of
from engine.close.statements import START_DAY
from engine.database import Database, Row
from engine.dialect import Dialect
from engine.events.facts import Happened
from engine.events.plan import Moment, is_fee_day
from engine.events.quiet import after_quiet
from engine.events.rounds import Rounds
from engine.period import Period, day_start_ms, hour_and_date

ACTOR = "payment-reminders"
_NO_TRAFFIC = (0,) * 8
# Who has no fee day is charged by the month close, on the 1st.
_CLOSE_DAY = 1


def record_reminders(rounds: Rounds) -> int:
    """Records a reminder for everybody whose fee is due within `reminder_days` and not covered, who
    has a phone and was not reminded of it yet; returns how many."""
    days = rounds.config.notices.reminder_days
    if days == 0:
        return 0
    database, states = rounds.database, rounds.config.month_close.exempt_states
    catalogue = rounds.hooks.unit(lambda: load_catalogue(database))
    books: dict[Period, _Due] = {}

    def find(after: int, upto: int, moment: Moment) -> list[Happened]:
        found = []
        due = due_days(_told_on(rounds, moment), moment.day + timedelta(days=days))
        for period, fee_days in by_period(due).items():
            if period not in books:
                books[period] = _Due(database, catalogue, period, states)
            found += books[period].reminders(after, upto, fee_days, moment)
        return found

    return rounds.make(find)


def due_days(told_on: date, last: date) -> dict[int, date]:
    """The fee days (1 to 31) that fall on the days after `told_on` and up to `last`, each with the
    first such day. In a shorter month the last day has those that the month lacks."""
    found: dict[int, date] = {}
    day = told_on + timedelta(days=1)
    while day <= last:
        for fee_day in range(1, 32):
            if is_fee_day(fee_day, day):
                found.setdefault(fee_day, day)
        day += timedelta(days=1)
    return found


def by_period(due: Mapping[int, date]) -> dict[Period, dict[int, date]]:
    """The fee days by the period whose fee they are: that of the day before, for on the 1st the
    close charges the month that has ended."""
    found: dict[Period, dict[int, date]] = defaultdict(dict)
    for fee_day, day in due.items():
        found[Period.of_date(day - timedelta(days=1))][fee_day] = day
    return found


def _told_on(rounds: Rounds, moment: Moment) -> date:
    """The day on which a reminder that is recorded now is sent: after the quiet hours."""
    quiet = rounds.config.notices
    at = after_quiet(moment.now_ms, moment.zone, quiet.quiet_from, quiet.quiet_until)
    return hour_and_date(at, moment.zone)[1]


class _Due:
    """The fees of a period."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        period: Period,
        exempt_states: frozenset[str],
    ) -> None:
        self._database = database
        self._period = period
        self._book = ConditionsBook(catalogue, period, exempt_states)

    def reminders(
        self, after: int, upto: int, fee_days: Mapping[int, date], moment: Moment
    ) -> list[Happened]:
        """A reminder for everybody in the range of ids whose fee is due on one of these days, and
        more than the balance and the credit limit together."""
        rows = self._rows(after, upto, fee_days)
        if not rows:
            return []
        database = self._database
        extras = extras_of(
            database.rows(_SERVICES, (after, upto)), database.rows(_DISCOUNTS, (after, upto))
        )
        found = []
        for number, packed, fee_day, available in rows:
            conditions = self._book.of(packed, *extras.get(number, ((), ())))
            if conditions.tariff is None:
                continue
            due = conditions.tariff.rating.rate(_NO_TRAFFIC).amount
            if available < due:
                day = fee_days[fee_day]
                key = f"reminder:{Period.of_date(day)}:{number}"
                at = day_start_ms(day, moment.zone)
                found.append(Happened("reminder", number, key, at, "job", ACTOR, due, by="system"))
        return found

    def _rows(self, after: int, upto: int, fee_days: Mapping[int, date]) -> list[Row]:
        """Who is due: id, facts (see `Facts.unpack`), fee day, and the money that there is."""
        period = self._period
        marks = ", ".join("?" * len(fee_days))
        return self._database.rows(
            f"{_subscribers(self._database.dialect)} IN ({marks}) ORDER BY s.id",
            (
                str(period), str(period), period.last_day().isoformat(),
                period.first_day().isoformat(), after, upto, *fee_days,
            ),
        )  # fmt: skip


def _subscribers(dialect: Dialect) -> str:
    """Parameters: the period, twice; its last and first day; the range; then fee days. A plan that
    was ordered for the period counts, though the close before it has not switched yet."""
    plan, addon = (
        f"CASE WHEN s.ordered_{name}_from <= ? THEN s.ordered_{name}_id ELSE s.{name}_id END"
        for name in ("plan", "addon")
    )
    facts = ("s.group_id", "s.state", plan, "NULL", "NULL", addon, "NULL", "NULL", START_DAY)
    fee_day = f"COALESCE(s.fee_day, {_CLOSE_DAY})"
    return (
        f"SELECT s.id, {dialect.packed(facts)}, {fee_day}, a.balance + s.credit_limit"
        f" FROM subscriber s {dialect.by_primary} {dialect.ordered_join} account a"
        f" {dialect.by_primary} ON a.id = s.id WHERE s.id > ? AND s.id <= ?"
        f" AND s.alias_of IS NULL AND s.state = 'active' AND s.phone <> '' AND {fee_day}"
    )


_SERVICES = (
    "SELECT subscriber_id, service_id FROM subscriber_service"
    " WHERE subscriber_id > ? AND subscriber_id <= ? ORDER BY subscriber_id, service_id"
)
_DISCOUNTS = (
    "SELECT subscriber_id, scope, kind, value FROM discount"
    " WHERE subscriber_id > ? AND subscriber_id <= ? ORDER BY subscriber_id, scope, kind"
)
