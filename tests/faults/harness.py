"""The every-statement harness: cut at the 1st, 2nd, 3rd... statement until a run passes untouched.

After each cut the same work is run again to its end, and then everything must be as after a run
that nobody disturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import NamedTuple

from engine.clock import FixedClock
from engine.close.hooks import Hooks
from engine.close.sweep import sweep_late_usage
from engine.config import Config, DatabaseConfig
from engine.database import Database
from jobs.close_here import CloseHere
from jobs.month_close import CloseOptions
from tests.close.books import BROKEN, NOW, OCTOBER, OVERAGE, config, number
from tests.close.looks import Look, faults, look
from tests.faults.killing import Impatient, Killed, Killing, Losing, quick
from tests.ledger.cutting import Mode

Fresh = Callable[[], DatabaseConfig]
Victim = type[Losing] | type[Killing]


class Damage(NamedTuple):
    """At which statement a cut did what."""

    statement: int
    what: list[str]


def close_october(database: Database, settings: Config) -> None:
    """The job as it is, failures accepted, so that the period ends."""
    hooks = Hooks(stop=Impatient())
    close = CloseHere(database, settings, FixedClock(NOW), "anna", hooks)
    close.run(CloseOptions(accept_failures=True))


def undisturbed(fresh: Fresh) -> Look:
    """What a close leaves when nothing happens."""
    where = fresh()
    database = quick(where)
    close_october(database, config(where))
    assert faults(database, OCTOBER) == []
    seen = look(database)
    database.close()
    return seen


def rehearse(fresh: Fresh) -> tuple[int, list[int]]:
    """How many statements a close sends when nothing happens, and which of them are COMMITs."""
    where = fresh()
    database = Losing(where)
    database.arm(0, "before")
    database.commits.clear()
    close_october(database, config(where))
    database.close()
    return database.statements, database.commits


def damages(
    fresh: Fresh, victim: Victim, mode: Mode, at: Iterable[int] | None = None
) -> list[Damage]:
    """Cuts at each statement (or at those of `at`) and tells where anything came out different.

    A process that is killed is followed by another one; a connection that is lost must be ridden
    out by the same run.
    """
    expected = undisturbed(fresh)
    found = []
    for k in count(1) if at is None else at:
        where = fresh()
        if not _cut(where, victim, mode, k):
            assert k > 1
            break
        what = differences(where, expected, again=victim is not Losing)
        if what:
            found.append(Damage(k, what))
    return found


def _cut(where: DatabaseConfig, victim: Victim, mode: Mode, k: int) -> bool:
    """Runs the close with a cut at the k-th statement; whether it has so many."""
    database = victim(where)
    database.arm(k, mode)
    try:
        close_october(database, config(where))
    except Killed:
        return True
    finally:
        database.close()
    return isinstance(database, Losing) and database.statements >= k


def differences(where: DatabaseConfig, expected: Look, again: bool) -> list[str]:
    """What is wrong or other than expected, after another run if `again`."""
    database = quick(where)
    try:
        if again:
            close_october(database, config(where))
        seen = look(database)
        other = [f"other {name}" for name in expected if seen[name] != expected[name]]
        return faults(database, OCTOBER) + other
    finally:
        database.close()


def half_done(where: DatabaseConfig) -> None:
    """A run before has left failures, which somebody has mended since."""
    database = quick(where)
    close = CloseHere(database, config(where), FixedClock(NOW), "anna", Hooks())
    assert not close.run(CloseOptions()).complete
    with database.transaction():
        database.execute("INSERT INTO plan_direction VALUES (?, 4, 0, 0, 'in')", (BROKEN,))
        database.execute("UPDATE subscriber SET plan_id = ? WHERE id = ?", (OVERAGE, number(15)))
    database.close()


def swept(where: DatabaseConfig) -> None:
    """Late usage has been moved already."""
    database = quick(where)
    assert sweep_late_usage(database, config(where), FixedClock(NOW), Hooks()) > 0
    database.close()
