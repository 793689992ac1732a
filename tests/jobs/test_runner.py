"""A run in this process: how it ends, what it leaves, who may stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import jobs.keeper
from engine.clock import SystemClock
from engine.config import Config, DatabaseConfig
from engine.database import Database, open_database
from engine.errors import BilldeckError, InputError, Interrupted, LeaseHeld
from engine.queries.runs import JobRun, one_run, run_log
from jobs.context import RunContext, RunHooks
from jobs.job import Job, Outcome
from jobs.log import MOST_LINES
from jobs.queue import ask, cancel
from jobs.record import open_runs, settle
from jobs.registry import function_of, job_named
from jobs.runner import Runner, Work
from tests.faults.killing import Impatient
from tests.ledger.cutting import CuttingDatabase, Mode

CLOCK = SystemClock()


@pytest.fixture(autouse=True)
def quick_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.keeper, "BEAT_SECONDS", 0.01)


@pytest.fixture
def runner(books: Database, settings: Config, database_config: DatabaseConfig) -> Runner:
    """One with a keeper."""
    hooks = RunHooks(stop=threading.Event())
    return Runner(books, settings, CLOCK, hooks, lambda: open_database(database_config))


def the_run(database: Database) -> JobRun:
    number = database.integer("SELECT MAX(id) FROM job_run")
    found = one_run(database, CLOCK.now_ms(), number)
    assert found is not None
    return found


def is_free(database: Database, job: str) -> bool:
    return database.value("SELECT holder FROM lease WHERE name = ?", (job,)) is None


def counted(database: Database) -> list[int]:
    return [number for (number,) in database.rows("SELECT number FROM counted ORDER BY number")]


def test_a_run_that_goes_well(books: Database, runner: Runner) -> None:
    job = job_named("counts")
    outcome = runner.here(job, {"upto": "5"}, "anna", function_of(job))
    run = the_run(books)
    assert outcome.complete
    assert (run.state, run.exit_reason, run.note) == ("done", "complete", "counted to 5")
    assert (run.done, run.total, run.actor, run.attempt) == (5, 5, "anna", 1)
    assert counted(books) == [1, 2, 3, 4, 5]
    assert is_free(books, "counts")


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (InputError("no such file"), "failed", "refused"),
        (BilldeckError("it failed"), "failed", "error"),
        (Interrupted("stopped"), "interrupted", "signal"),
        (ValueError("secret"), "failed", "internal_error"),
        (KeyboardInterrupt(), "interrupted", "signal"),
    ],
)
def test_how_a_run_may_end(
    books: Database, runner: Runner, error: BaseException, state: str, reason: str
) -> None:
    def work(context: RunContext) -> Outcome:
        context.log("so far so good")
        raise error

    with pytest.raises(type(error)):
        runner.here(job_named("raises"), {}, "anna", work)
    run = the_run(books)
    assert (run.state, run.exit_reason) == (state, reason)
    assert "secret" not in run.note
    assert is_free(books, "raises")
    assert [line.text for line in run_log(books, run.number)] == ["so far so good"]


def test_failures_that_remain(books: Database, runner: Runner) -> None:
    runner.here(job_named("raises"), {}, "anna", lambda context: Outcome("2 left", complete=False))
    run = the_run(books)
    assert (run.state, run.exit_reason, run.note) == ("failed", "failures", "2 left")


def test_what_was_asked_for_is_run_once(books: Database, runner: Runner) -> None:
    job = job_named("counts")
    asked = ask(books, CLOCK, job, {"upto": "3"}, "ivan")
    runner.queued(job, asked.number, function_of(job), hand_back=True)
    run = the_run(books)
    assert (run.number, run.state, run.actor) == (asked.number, "done", "ivan")
    with pytest.raises(LeaseHeld, match="waits no longer"):
        runner.queued(job, asked.number, function_of(job), hand_back=True)
    assert counted(books) == [1, 2, 3]


def until_told(context: RunContext) -> Outcome:
    """Works until it is asked to stop."""
    context.log("at work")
    context.stop.wait(60)
    context.safe_point()
    return Outcome("nobody asked")


def test_calling_off_a_run(books: Database, other: Database, runner: Runner) -> None:
    job = job_named("counts")
    number = ask(books, CLOCK, job, {}, "anna").number

    def work(context: RunContext) -> Outcome:
        assert cancel(other, CLOCK, number, "ivan") == "soon"
        return until_told(context)

    with pytest.raises(Interrupted):
        runner.queued(job, number, work, hand_back=True)
    run = the_run(books)
    assert (run.state, run.exit_reason, run.cancelled_by) == ("cancelled", "cancelled", "ivan")
    assert is_free(books, "counts")


def test_a_run_that_is_stopped_goes_back_into_the_queue(books: Database, runner: Runner) -> None:
    job = job_named("counts")
    number = ask(books, CLOCK, job, {"upto": "9"}, "anna").number

    def work(context: RunContext) -> Outcome:
        context.stop.set()
        return until_told(context)

    with pytest.raises(Interrupted):
        runner.queued(job, number, work, hand_back=True)
    run = the_run(books)
    assert (run.state, run.exit_reason, run.holder) == ("queued", "stopped", "")
    assert not ask(books, CLOCK, job, {"upto": "9"}, "ivan").new, "it still waits"


def test_a_run_has_its_time(books: Database, runner: Runner) -> None:
    job = Job("limited", "Limited", "has its time", limit_seconds=0)
    with pytest.raises(Interrupted):
        runner.here(job, {}, "anna", until_told)
    assert (the_run(books).state, the_run(books).exit_reason) == ("interrupted", "time_limit")


def test_a_run_whose_lease_was_taken_writes_nothing_more(
    books: Database, other: Database, runner: Runner
) -> None:
    def work(context: RunContext) -> Outcome:
        (run,) = open_runs(other)
        other.execute("UPDATE lease SET token = token + 1, holder = 'elsewhere 1 1 x'")
        with other.transaction():
            settle(other, None, run)
        return until_told(context)

    with pytest.raises(LeaseHeld, match="another one took over"):
        runner.here(job_named("raises"), {}, "anna", work)
    assert the_run(books).exit_reason == "gone"
    assert other.value("SELECT holder FROM lease") == "elsewhere 1 1 x"


def test_a_silent_run_loses_its_lease(
    books: Database, settings: Config, database_config: DatabaseConfig
) -> None:
    hung = threading.Event()
    runner = Runner(
        books, settings, CLOCK, RunHooks(), lambda: open_database(database_config), hung.set
    )

    def work(context: RunContext) -> Outcome:
        assert hung.wait(60)
        return Outcome("woke up")

    runner.here(Job("still", "Still", "is silent", silence_seconds=0), {}, "anna", work)


def test_the_keeper_renews_the_lease(
    books: Database, other: Database, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.keeper, "_RENEW_SECONDS", 0.0)

    def work(context: RunContext) -> Outcome:
        other.execute("UPDATE lease SET expires_at = 1")
        until(lambda: other.integer("SELECT expires_at FROM lease") > 1)
        return Outcome("renewed")

    runner.here(job_named("raises"), {}, "anna", work)


def until(is_so: Callable[[], bool]) -> None:
    """Asks until it is so; the test run's own limit is the only other end."""
    pause = threading.Event()
    while not is_so():
        pause.wait(0.01)


def test_a_flood_of_lines_is_cut(books: Database, runner: Runner) -> None:
    job = job_named("floods")
    runner.here(job, {}, "anna", function_of(job))
    number = the_run(books).number
    lines = books.integer("SELECT COUNT(*) FROM job_log WHERE run_id = ?", (number,))
    assert lines <= MOST_LINES + 1
    last = run_log(books, number, 1)[0]
    assert (last.level, "more lines were not kept" in last.text) == ("warning", True)
    assert not books.integer("SELECT COUNT(*) FROM job_log WHERE text LIKE ?", ("%\x1b%",))


class Counting:
    """A runner over a connection that is cut at its k-th statement, and patient with it."""

    def __init__(self, database: Database, settings: Config, k: int, mode: Mode) -> None:
        self.database = CuttingDatabase(database)
        self.database.arm(k, mode)
        self.runner = Runner(self.database, settings, CLOCK, RunHooks(stop=Impatient()))


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(
    books: Database, other: Database, settings: Config, mode: Mode
) -> None:
    """A run from the queue survives a lost connection anywhere: one run, done, each step once."""
    job = job_named("counts")
    work: Work = function_of(job)
    for k in range(1, 500):
        books.execute("DELETE FROM counted")
        number = ask(books, CLOCK, job, {"upto": "3"}, f"k{k}").number
        cut = Counting(other, settings, k, mode)
        cut.runner.queued(job, number, work, hand_back=False)
        run = the_run(books)
        assert (run.number, run.state, run.note) == (number, "done", "counted to 3"), f"at {k}"
        assert counted(books) == [1, 2, 3]
        assert is_free(books, "counts")
        if cut.database.statements < k:
            assert k > 15
            return
    pytest.fail("no run passed untouched")
