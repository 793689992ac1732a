"""A real daemon: what is due is run once, and no job harms another."""

from __future__ import annotations

from engine.database import Database
from engine.queries.runs import run_log
from jobs.log import MOST_LINES
from jobs.queue import cancel
from tests.jobs.asking import (
    CLOCK,
    is_free,
    request,
    run_of,
    slots_of,
    wait_for_count,
    wait_for_state,
)
from tests.jobs.conftest import StartHost
from tests.jobs.hosts import until

QUICK_ON = "mariadb"


def test_what_is_due_is_run_once(books: Database, new_host: StartHost) -> None:
    host = new_host(schedule={"ticks": "every second catch_up=all overlap=queue"}).start()
    until(lambda: len(slots_of(books)) >= 4, host.log)
    assert host.stop() == 0
    runs = books.rows(
        "SELECT slot, state, attempt FROM job_run WHERE state <> 'queued' ORDER BY slot"
    )
    assert slots_of(books) == [slot for slot, state, _ in runs if state == "done"]
    assert [slot - runs[0][0] for slot, _, _ in runs] == [1_000 * n for n in range(len(runs))]
    assert books.integer("SELECT COUNT(*) FROM daemon") == 0
    assert "Traceback" not in host.log()


def test_bad_jobs_harm_no_other(books: Database, new_host: StartHost) -> None:
    """One raises, one hangs, one floods its log and standard error: the quick one runs on."""
    host = new_host(schedule={"ticks": "every second catch_up=all overlap=queue"}).start()
    bad = {name: request(books, name) for name in ("raises", "hangs", "floods")}
    for name, state in (("raises", "failed"), ("floods", "done"), ("hangs", "interrupted")):
        wait_for_state(books, bad[name], state, host=host)
    ticked = len(slots_of(books))
    until(lambda: len(slots_of(books)) > ticked, host.log)
    assert all(is_free(books, name) for name in bad)
    raised, hung = run_of(books, bad["raises"]), run_of(books, bad["hangs"])
    assert raised.exit_reason == "internal_error"
    assert "swordfish" not in raised.note + host.log()
    assert (hung.exit_reason, hung.note) == ("gone", "ended without a word")
    assert f"run {hung.number} of hangs ended, status 70" in host.log()
    lines = run_log(books, bad["floods"], 100_000)
    assert len(lines) <= MOST_LINES + 1
    assert max(len(line) for line in host.log().splitlines()) < 3_000
    assert host.stop() == 0


def test_long_jobs_do_not_delay_short_ones(books: Database, new_host: StartHost) -> None:
    """The only place for long jobs is taken, and a second long run waits; the quick ones go on."""
    host = new_host(
        schedule={"ticks": "every second catch_up=all overlap=queue"},
        settings={"daemon": {"long_workers": 1, "workers": 1}},
    ).start()
    first = request(books, "counts", upto="100000", slowly=True)
    wait_for_count(books, 3, host)
    second = request(books, "counts", upto="7")
    ticked = len(slots_of(books))
    until(lambda: len(slots_of(books)) >= ticked + 2, host.log)
    assert (run_of(books, first).state, run_of(books, second).state) == ("running", "queued")
    running = "SELECT COUNT(*) FROM job_run WHERE state = 'running' AND job = 'counts'"
    assert books.integer(running) == 1
    cancel(books, CLOCK, first, "ivan")
    assert wait_for_state(books, first, "cancelled", host=host).cancelled_by == "ivan"
    wait_for_state(books, second, "done", host=host)
