"""Importing a bundle: reading all of it, checking all of it, then writing it at once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import peewee

from engine.audit import AuditLine, write_audit
from engine.bundle.catalogue import read_catalogue
from engine.bundle.checks import check_subscribers
from engine.bundle.columns import FILES, IGNORED_FILES, LATER_FILES
from engine.bundle.numbers import check_numbers, stage_numbers
from engine.bundle.problems import Problems
from engine.bundle.staging import Staging, open_staging
from engine.bundle.subscribers import SubscriberStage
from engine.bundle.usage import stage_usage, sum_usage
from engine.bundle.write import Checked, Progress, Writer
from engine.clock import Clock
from engine.config import BillingConfig
from engine.database import Database
from engine.dialect import is_duplicate
from engine.errors import InputError, JobFailed
from engine.period import Period, hour_and_date
from engine.periods import first_open_period
from engine.retry import run_unit
from engine.text import safe


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What was imported. `counts` are records by file name without `.csv`; `first_period` is the
    first to be closed; `opening_sum` sums the opening balances in minor units; `ignored` names
    files that were there and not read; `notes` are sentences on what was read and not taken."""

    counts: dict[str, int] = field(default_factory=dict)
    first_period: Period | None = None
    opening_sum: int = 0
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def import_bundle(
    database: Database,
    folder: Path,
    billing: BillingConfig,
    clock: Clock,
    actor: str,
    first_period: Period | None = None,
    progress: Progress | None = None,
    wait_seconds: float = 60,
) -> ImportSummary:
    """Imports a bundle: all of it in one transaction, or nothing.

    `first_period` is needed where neither the database has an open period nor the bundle usage.
    Raises WrongFiles (an InputError) naming file, line and column of what is wrong, InputError for
    a folder or a first period that cannot be, JobFailed when somebody else wrote the same things.
    """
    files, ignored = find_files(folder)
    subject = f"the bundle {safe(folder)}"
    with open_staging() as staging:
        now = clock.now_ms()
        _, today = hour_and_date(now, billing.timezone)
        bundle, summary = _read(
            database, staging, files, first_period, Problems(subject), now, today, actor
        )
        summary = replace(summary, ignored=ignored)
        writer = Writer(database, bundle, billing, progress)
        mark = f"bundle:{uuid.uuid4().hex}"

        def unit() -> None:
            with database.transaction():
                # After a commit whose answer was lost the work is there already.
                if database.value("SELECT 1 FROM audit WHERE object = ?", (mark,)) is None:
                    writer.write()
                    _audit(database, mark, folder, bundle, summary)

        try:
            run_unit(database, unit, wait_seconds)
        except peewee.IntegrityError as error:
            if not is_duplicate(error):
                raise
            raise JobFailed(
                f"somebody else wrote the same keys during the import: {safe(error)}."
                " Nothing was imported. Import again: the check will name them."
            ) from None
    return summary


def find_files(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The files of a bundle by name without `.csv`, and the names of those that are ignored.

    Raises InputError for a folder that is none, without a file of ours, or with a CSV file that is
    unknown or cannot be taken yet, or that cannot be read. Files of other kinds are left alone.
    """
    try:
        return _find_files(folder)
    except OSError as error:
        raise InputError(
            f"cannot read the folder {safe(folder)}: {safe(error.strerror)}. Nothing was imported."
        ) from None


def _find_files(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    if not folder.is_dir():
        raise InputError(f"there is no folder {safe(folder)}. Nothing was imported.")
    found: dict[str, Path] = {}
    ignored: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".csv":
            continue
        if path.name == f"{path.stem}.csv" and path.stem in IGNORED_FILES:
            ignored.append(path.name)
        elif path.name == f"{path.stem}.csv" and path.stem in FILES and path.is_file():
            found[path.stem] = path
        else:
            raise InputError(f"{safe(path)}: {_why_not(path)} Nothing was imported.")
    if not found:
        names = ", ".join(f"{name}.csv" for name in FILES)
        raise InputError(f"{safe(folder)} has none of {names}. Nothing was imported.")
    return found, tuple(ignored)


def _why_not(path: Path) -> str:
    if path.stem in LATER_FILES:
        return "this version does not take such a file yet; take it out of the folder."
    if path.stem in FILES:
        return "is not a plain file with that very name."
    names = ", ".join(f"{name}.csv" for name in FILES)
    return f"is no file of a bundle; those are {names}."


def _read(
    database: Database,
    staging: Staging,
    files: dict[str, Path],
    wanted: Period | None,
    problems: Problems,
    now: int,
    today: date,
    actor: str,
) -> tuple[Checked, ImportSummary]:
    """Reads and checks the whole bundle. The usage first: it tells the first period."""
    catalogue = read_catalogue(files, database, problems)
    usage_rows = stage_usage(staging, files.get("usage"), problems)
    numbers = stage_numbers(staging, files.get("numbers"), problems)
    first = _first_period(database, staging, wanted)
    stage = SubscriberStage(staging, catalogue, first, today, problems)
    if "subscribers" in files:
        stage.read(files["subscribers"])
    check_subscribers(staging, database, problems)
    check_numbers(staging, database, problems)
    periods = sum_usage(staging, database, first, problems)
    problems.raise_if_any()
    if first is None and stage.totals.rows:
        raise InputError(
            "the bundle has subscribers but no usage that would tell the first period to be"
            " closed. Nothing was imported. Give it: --first-period 2026-10"
        )
    totals = stage.totals
    counts = {
        "groups": len(catalogue.groups.rows),
        "plans": len(catalogue.plans.rows),
        "addons": len(catalogue.addons.rows),
        "services": len(catalogue.services.rows),
        "subscribers": totals.rows,
        "usage": usage_rows,
        "numbers": numbers,
    }
    bundle = Checked(
        catalogue, staging, first, periods, totals.rows, totals.openings, numbers, now, actor
    )
    summary = ImportSummary(
        {name: count for name, count in counts.items() if name in files},
        first,
        totals.sum,
        notes=_notes(totals.aliases_with_own),
    )
    return bundle, summary


def _notes(aliases_with_own: int) -> tuple[str, ...]:
    if not aliases_with_own:
        return ()
    if aliases_with_own == 1:
        who = "1 alias has services or orders of its own"
    else:
        who = f"{aliases_with_own} aliases have services or orders of their own"
    return (f"{who}: not taken, an alias is never charged.",)


def _first_period(database: Database, staging: Staging, wanted: Period | None) -> Period | None:
    """The first period to be closed: the database's, else the one asked for, else the earliest of
    the usage."""
    known = first_open_period(database)
    if known is None:
        if wanted is not None:
            return wanted
        earliest = staging.value("SELECT MIN(period) FROM usage")
        return Period.parse(earliest) if earliest is not None else None
    if wanted is not None and wanted != known:
        raise InputError(
            f"the first period cannot be {wanted}: the database is at {known}, the oldest period"
            " that is not closed. Nothing was imported. Leave --first-period out."
        )
    return known


def _audit(
    database: Database, mark: str, folder: Path, bundle: Checked, summary: ImportSummary
) -> None:
    after = {
        "folder": safe(folder, 200),
        "counts": summary.counts,
        "first_period": str(summary.first_period) if summary.first_period else None,
        "opening_sum": summary.opening_sum,
    }
    write_audit(database, AuditLine(bundle.now, bundle.actor, "import", mark, None, after))
