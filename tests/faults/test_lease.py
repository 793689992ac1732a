"""The lease: one run at a time, a dead holder is not waited for, a slow one writes nothing more."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

import engine.holder
from engine.clock import SystemClock
from engine.close.hooks import Hooks
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import LeaseHeld
from engine.holder import holder_name, is_gone
from engine.queries.runs import recent_runs
from jobs.lease import TTL_MS, Lease
from jobs.month_close import CloseOptions
from tests.close.books import OCTOBER, config, job
from tests.close.copies import Copies
from tests.close.looks import Look, faults, look
from tests.faults import workers
from tests.faults.harness import undisturbed

JOB = "month-close"
ALL = CloseOptions(accept_failures=True)
_SPAWN = multiprocessing.get_context("spawn")


def hold(database: Database, holder: str, ms: int = TTL_MS) -> None:
    """Somebody else takes the lease, until `ms` from now."""
    with database.transaction():
        database.execute("DELETE FROM lease")
        database.execute(
            "INSERT INTO lease (name, holder, token, expires_at)"
            f" VALUES (?, ?, 7, {database.dialect.now_ms} + ?)",
            (JOB, holder, ms),
        )


def test_another_holder_is_respected(books: Database, where: DatabaseConfig) -> None:
    hold(books, "elsewhere 4711 99 another-boot.1")
    before = look(books)
    with pytest.raises(LeaseHeld, match="process 4711 on elsewhere") as refused:
        job(books, config(where)).run(ALL)
    assert refused.value.exit_status == 3
    assert look(books) == before


@pytest.mark.parametrize("holder", ["elsewhere 4711 99 another-boot.1", "garbage", ""])
def test_a_lease_that_has_run_out_is_taken(
    books: Database, where: DatabaseConfig, holder: str
) -> None:
    hold(books, holder, -1)
    job(books, config(where)).run(ALL)
    assert faults(books, OCTOBER) == []


def test_a_living_process_of_this_machine_is_not_gone() -> None:
    assert not is_gone(holder_name())
    assert not is_gone("garbage")
    host, _, started, world = holder_name().split(" ")
    assert not is_gone(f"elsewhere {os.getpid()} 1 {world}")
    assert not is_gone(f"{host} {os.getpid()} {started} another-boot.1")
    assert is_gone(f"{host} {os.getpid()} 1 {world}"), "the number was given to another process"


def test_a_killed_holder_is_not_waited_for(copies: Copies) -> None:
    expected = undisturbed(copies.fresh)
    where = copies.fresh()
    child = _SPAWN.Process(target=workers.die_in_the_second_chunk, args=(where,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    database = open_database(where)
    left = database.row("SELECT holder, expires_at > 0 FROM lease WHERE name = ?", (JOB,))
    assert left is not None
    assert (is_gone(left[0]), left[1]) == (True, 1)
    assert database.integer("SELECT COUNT(*) FROM close_record WHERE period = '2026-10'")
    (killed,) = recent_runs(database, SystemClock().now_ms(), 1)
    assert (killed.state, killed.alive, killed.gone) == ("running", False, True)
    job(database, config(where)).run(ALL)
    assert faults(database, OCTOBER) == []
    assert look(database) == expected
    runs = database.rows("SELECT state, done, already FROM job_run ORDER BY id DESC LIMIT 2")
    assert runs == [("done", killed.total, killed.done), ("interrupted", killed.done, 0)]
    database.close()


@pytest.mark.parametrize("how", ["taken over", "given back"])
def test_a_holder_that_lost_its_lease_writes_nothing_more(
    books: Database, other: Database, where: DatabaseConfig, how: str
) -> None:
    """As if it had slept for minutes between two chunks."""
    seen: list[Look] = []

    def lose(*_: object) -> None:
        if not seen:
            if how == "taken over":
                hold(other, "elsewhere 4711 99 another-boot.1")
            else:
                other.execute("UPDATE lease SET holder = NULL, expires_at = 0")
            seen.append(look(other))

    with pytest.raises(LeaseHeld, match="another one took over"):
        job(books, config(where), Hooks(progress=lose)).run(ALL)
    assert seen == [look(other)]
    if how == "taken over":
        holder = other.value("SELECT holder FROM lease WHERE name = ?", (JOB,))
        assert holder == "elsewhere 4711 99 another-boot.1", "the loser gave it back for another"
    other.execute("UPDATE lease SET holder = NULL")
    job(other, config(where)).run(ALL)
    assert faults(other, OCTOBER) == []


def test_tokens_only_grow(books: Database) -> None:
    tokens = []
    for _ in range(3):
        lease = Lease(JOB)
        lease.acquire(books)
        tokens.append(lease.token)
        lease.release(books)
    assert tokens == sorted(set(tokens))


def test_a_process_that_proc_does_not_show_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mounted with hidepid, /proc hides the processes of other users."""
    holder, read = holder_name(), engine.holder._read

    def hidden(path: str) -> str:
        return "" if path == f"/proc/{os.getpid()}/stat" else read(path)

    monkeypatch.setattr(engine.holder, "_read", hidden)
    assert not is_gone(holder)
