"""The usage of a bundle: staged, then summed by period and main subscriber."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from engine.bundle.columns import USAGE
from engine.bundle.fields import MAX_SUM
from engine.bundle.problems import Problems
from engine.bundle.reader import read
from engine.bundle.staging import Inserter, Staging
from engine.database import Database, Row
from engine.period import Period
from engine.text import safe

# A usage period further than this from the first one is a slip of the pen.
MAX_MONTHS = 120
_FILE = "usage.csv"
_SUBSCRIBERS_FILE = "subscribers.csv"
_LOOKUP = 2_000
_WIDTH = 12


def stage_usage(staging: Staging, path: Path | None, problems: Problems) -> int:
    """Reads usage.csv, if there is one, into the table `usage`; returns the number of records."""
    staging.run("CREATE TABLE usage (line, login, period, direction, bytes_in, bytes_out)")
    if path is None:
        return 0
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for line, _, values in read(path, USAGE, problems):
            count += 1
            if values is not None:
                yield line, *values

    staging.write("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?)", rows())
    return count


def sum_usage(
    staging: Staging, database: Database, first: Period | None, problems: Problems
) -> list[str]:
    """Fills the table `period_usage` (period, main, in1 to out4, line, login) and checks the usage
    on the way; returns the periods, oldest first. Needs the checked subscribers."""
    staging.run(
        "CREATE TABLE period_usage (period, main, in1, out1, in2, out2, in3, out3, in4, out4,"
        " line, login)"
    )
    inserter = Inserter(staging, "period_usage", _WIDTH)
    rows = staging.rows(
        "SELECT u.period, COALESCE(s.main, -k.main, 0), u.login, u.direction, u.bytes_in,"
        " u.bytes_out, u.line FROM usage u LEFT JOIN subscriber s ON s.login = u.login"
        " LEFT JOIN known k ON k.login = u.login ORDER BY 1, 2, 3, 4, 7"
    )
    periods: list[str] = []
    for period, of_period in groupby(rows, itemgetter(0)):
        periods.append(period)
        trouble = _wrong_period(period, first)
        for main, records in groupby(of_period, itemgetter(1)):
            if trouble:
                for record in records:
                    problems.add(_FILE, record[6], "period", trouble)
            elif not main:
                _check_unknown(staging, records, problems)
            else:
                inserter.add((period, main, *_summed(records, problems)))
    inserter.flush()
    _check_there_already(staging, database, problems)
    return periods


def _wrong_period(period: str, first: Period | None) -> str:
    """Why a period may have no usage of a bundle; empty if it may."""
    if first is None:
        return ""
    this = Period.parse(period)
    if this < first:
        return f"{period} is closed or lies before the first period, {first}"
    if (this.year - first.year) * 12 + this.month - first.month > MAX_MONTHS:
        return f"{period} lies more than {MAX_MONTHS} months after the first period, {first}"
    return ""


def _check_unknown(staging: Staging, records: Iterable[Row], problems: Problems) -> None:
    """Usage of nobody, unless the login's own record or the whole file of subscribers was wrong,
    which is told already."""
    if _SUBSCRIBERS_FILE in problems.unread:
        return
    for record in records:
        if staging.value("SELECT 1 FROM spoiled WHERE login = ?", (record[2],)) is None:
            problems.add(
                _FILE, record[6], "login", f"there is no subscriber '{safe(record[2], 64)}'"
            )


def _summed(records: Iterable[Row], problems: Problems) -> Row:
    """in1 to out4, first line, its login. Records come in the order of login and direction."""
    sums = [0] * 8
    before: tuple[str, int] | None = None
    first = (0, "")
    for period, _, login, direction, bytes_in, bytes_out, line in records:
        if before == (login, direction):
            problems.add(
                _FILE, line, "direction",
                f"usage of '{safe(login, 64)}' in {period}, direction {direction}, is there twice",
            )  # fmt: skip
        before = (login, direction)
        first = first if first[0] else (line, login)
        sums[2 * direction - 2] += bytes_in
        sums[2 * direction - 1] += bytes_out
    if sum(sums) > MAX_SUM:
        problems.add(
            _FILE, first[0], "bytes_in",
            f"the usage of '{safe(first[1], 64)}' in that period, aliases included,"
            f" is more than {MAX_SUM} bytes",
        )  # fmt: skip
        sums = [0] * 8
    return (*sums, *first)


def _check_there_already(staging: Staging, database: Database, problems: Problems) -> None:
    """A bundle only inserts: a subscriber of the database must not have usage in the period yet."""
    for batch in staging.batches(
        "SELECT period, -main, line, login FROM period_usage WHERE main < 0 ORDER BY period",
        (),
        _LOOKUP,
    ):
        for period, rows in groupby(batch, itemgetter(0)):
            asked = {row[1]: row for row in rows}
            marks = ", ".join("?" * len(asked))
            for (main,) in database.rows(
                f"SELECT subscriber_id FROM period_usage WHERE period = ?"
                f" AND subscriber_id IN ({marks})",
                (period, *asked),
            ):
                _, _, line, login = asked[main]
                problems.add(
                    _FILE, line, "login",
                    f"'{safe(login, 64)}' (or its main subscriber) has usage in {period} already;"
                    " more of it comes by `billdeck usage import`",
                )  # fmt: skip
