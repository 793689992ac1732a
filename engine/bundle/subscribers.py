"""The subscribers of a bundle: each record held against the catalogue, then staged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.birth_date import require_born
from engine.bundle.catalogue import Catalogue, Entries
from engine.bundle.columns import SUBSCRIBERS
from engine.bundle.fields import MAX_SUM
from engine.bundle.problems import Problems
from engine.bundle.reader import read
from engine.bundle.staging import Inserter, Staging
from engine.errors import InputError
from engine.period import Period, parse_date
from engine.text import safe

# What a start day 0 without a date means: active since before our books began.
BEFORE_OUR_BOOKS = "1900-01-01"

# `n` counts main subscribers from 1 in file order, then the aliases: an alias is written after its
# main. `main` is the n of the main subscriber, or minus the number of one in the database.
STAGED = (
    "n, line, login, name, group_id, plan_id, ordered_plan_id, addon_id, ordered_addon_id,"
    " active_since, first_month_day, discount, balance, uid, phone, email, contract_number,"
    " contract_date, birth_date, address, credit_limit, fee_day, state, alias_of, main"
)
_WIDTH = STAGED.count(",") + 1
# Aliases get their place after the mains when it is known how many mains there are.
_ALIASES_FROM = 1 << 40


@dataclass
class Totals:
    """What was staged: records, and the opening balances' number, sum and sum of sizes;
    `aliases_with_own` counts aliases whose services or orders were left out."""

    rows: int = 0
    aliases_with_own: int = 0
    openings: int = 0
    sum: int = 0
    size: int = 0


def start_of(
    start_day: int | None, active_since: str | None, first: Period
) -> tuple[str | None, int | None]:
    """`active_since` and `first_month_day` of a subscriber, from the columns of a bundle.

    `start_day` speaks of the first period to be closed; 0 leaves the word to `active_since`.
    Raises InputError where the two tell different things.
    """
    if active_since is None:
        if start_day is None or start_day < 0:
            return None, None
        if start_day == 0:
            return BEFORE_OUR_BOOKS, None
        day = min(start_day, first.days)
        return f"{first}-{day:02d}", start_day if start_day > day else None
    inside = Period.of_date(parse_date(active_since))
    if not start_day:
        return active_since, None
    if start_day < 0:
        if inside > first:
            return active_since, None
    elif inside == first:
        day = int(active_since[8:])
        if day == start_day:
            return active_since, None
        if start_day > day == first.days:
            return active_since, start_day
    raise InputError(
        f"start day {start_day} of {first} and active_since {active_since} tell different things"
    )


class SubscriberStage:
    """Reads subscribers.csv into the staging tables `subscriber` and `subscriber_service`; the
    login of a wrong record goes to `spoiled`, so that it is not told again as unknown."""

    def __init__(
        self,
        staging: Staging,
        catalogue: Catalogue,
        first: Period | None,
        today: date,
        problems: Problems,
    ) -> None:
        self._catalogue = catalogue
        self._first = first
        self._today = today
        self._problems = problems
        self._staging = staging
        self._file = ""
        self._mains = 0
        self._aliases = 0
        self.totals = Totals()
        columns = STAGED.replace("n,", "n INTEGER PRIMARY KEY,", 1)
        staging.run(f"CREATE TABLE subscriber ({columns})")
        staging.run("CREATE TABLE subscriber_service (n, service_id)")
        staging.run("CREATE TABLE spoiled (login)")
        self._rows = Inserter(staging, "subscriber", _WIDTH)
        self._services = Inserter(staging, "subscriber_service", 2)
        self._spoiled = Inserter(staging, "spoiled", 1)

    def read(self, path: Path) -> None:
        """Stages the whole file."""
        self._file = path.name
        totals = self.totals
        for line, login, values in read(path, SUBSCRIBERS, self._problems):
            totals.rows += 1
            before = self._problems.total
            if values is not None:
                self._take(line, values)
            if values is None or self._problems.total > before:
                self._spoiled.add((login,))
        for inserter in (self._rows, self._services, self._spoiled):
            inserter.flush()
        self._staging.run(
            "UPDATE subscriber SET n = n - ? WHERE n > ?",
            (_ALIASES_FROM - self._mains, _ALIASES_FROM),
        )
        self._staging.run(
            "UPDATE subscriber_service SET n = n - ? WHERE n > ?",
            (_ALIASES_FROM - self._mains, _ALIASES_FROM),
        )
        if totals.size > MAX_SUM:
            self._problems.add(self._file, 0, "balance", "the balances are too large to be summed")

    def _take(self, line: int, values: tuple[Any, ...]) -> None:
        (
            login, name, group, plan, next_plan, addon, next_addon, services, start_day, discount,
            balance, uid, phone, email, contract_number, contract_date, birth_date, address,
            credit_limit, fee_day, active_since, state, alias_of,
        ) = values  # fmt: skip
        if alias_of is None:
            self._mains += 1
            n = self._mains
        else:
            if alias_of == login:
                self._problems.add(self._file, line, "alias_of", "is an alias of itself")
            self._aliases += 1
            n = _ALIASES_FROM + self._aliases
        self._check_birth(line, birth_date)
        since, first_day = self._start(line, start_day, active_since, alias_of is not None)
        catalogue = self._catalogue
        ordered = self._find(line, "next_plan", catalogue.plans, next_plan)
        ordered_addon = self._find(line, "next_addon", catalogue.addons, next_addon)
        taken = [self._find(line, "services", catalogue.services, one) for one in services]
        if alias_of is not None and (next_plan or next_addon or services):
            # An alias is never charged: what it would be charged for is looked at, not kept.
            self.totals.aliases_with_own += 1
            ordered, ordered_addon, taken = None, None, []
        for service in taken:
            self._services.add((n, service))
        self._rows.add(
            (
                n, line, login, name,
                self._find(line, "group", catalogue.groups, group),
                self._find(line, "plan", catalogue.plans, plan),
                ordered,
                self._find(line, "addon", catalogue.addons, addon),
                ordered_addon,
                since, first_day, discount, balance, uid, phone, email, contract_number,
                contract_date, birth_date, address, credit_limit, fee_day, state, alias_of,
                n if alias_of is None else None,
            )
        )  # fmt: skip
        if balance:
            totals = self.totals
            totals.openings += 1
            totals.sum += balance
            totals.size += abs(balance)

    def _find(self, line: int, column: str, entries: Entries, code: str | None) -> int | None:
        if code is None:
            return None
        found = entries.find(code)
        if found is None and entries.whole:
            self._problems.add(
                self._file, line, column, f"there is no {entries.title} '{safe(code, 60)}'"
            )
        return found

    def _check_birth(self, line: int, birth_date: str | None) -> None:
        if birth_date is None:
            return
        try:
            require_born(date.fromisoformat(birth_date), self._today)
        except InputError as error:
            self._problems.add(self._file, line, "birth_date", error.message)

    def _start(
        self, line: int, start_day: int | None, active_since: str | None, alias: bool
    ) -> tuple[str | None, int | None]:
        if start_day is None and active_since is None and not alias:
            self._problems.add(
                self._file, line, "start_day", "is empty, and there is no active_since"
            )
        if self._first is None:
            return None, None
        try:
            return start_of(start_day, active_since, self._first)
        except InputError as error:
            self._problems.add(self._file, line, "start_day", error.message)
            return None, None
