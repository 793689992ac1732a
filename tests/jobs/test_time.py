"""The clock of a running daemon is set, summer time begins and ends, nobody was there for a while:
each slot is run once, and the jobs never stall."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.database import Database
from tests.jobs.asking import counted_once, request, slots_of, wait_for_count, wait_for_state
from tests.jobs.conftest import StartHost
from tests.jobs.fake_time import FakeTime
from tests.jobs.hosts import Host, until

SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
EVERY_SECOND = "every second catch_up=all overlap=queue"
BERLIN = {"billing": {"timezone": "Europe/Berlin"}}


@pytest.fixture
def fake_time(tmp_path: Path) -> FakeTime:
    """What the daemons of a test are shown; the database server of MariaDB has the real time."""
    return FakeTime(tmp_path)


# A file is asked in the process that has another time; a server has its own clock.
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


def ms(utc: str) -> int:
    return int(datetime.fromisoformat(f"{utc}+00:00").replace(tzinfo=UTC).timestamp()) * 1_000


def wait_for_slot(books: Database, after: int, until_ms: int, host: Host, least: int = 1) -> None:
    """Waits until so many slots within this time were run."""
    question = "SELECT COUNT(*) FROM ticked WHERE slot > ? AND slot < ?"
    until(lambda: books.integer(question, (after, until_ms)) >= least, host.log)


def each_once(books: Database) -> None:
    ticked = slots_of(books)
    assert len(ticked) == len(set(ticked)), "a slot was run twice"


@on_sqlite
def test_the_clock_is_set_a_day_forward_and_back(
    books: Database, new_host: StartHost, fake_time: FakeTime
) -> None:
    host = new_host(
        schedule={"ticks": "every second overlap=queue"}, environ=fake_time.environ
    ).start()
    run = request(books, "counts", upto="500", slowly=True)
    start = fake_time.now_ms()
    wait_for_count(books, 5, host)
    wait_for_slot(books, 0, start + DAY // 2, host, 2)
    fake_time.step(DAY // SECOND)
    wait_for_slot(books, start + DAY, start + 2 * DAY, host, 3)
    fake_time.step(-DAY // SECOND)
    back = fake_time.now_ms()
    host.wait_for_log("ticks: the clock was set back; its schedule goes on from now")
    wait_for_slot(books, back, start + DAY // 2, host, 3)
    wait_for_state(books, run, "done", host=host)
    counted_once(books, 500)
    assert host.stop() == 0
    each_once(books)


@pytest.mark.mariadb
@pytest.mark.parametrize("engine_name", ["mariadb"])
def test_a_host_whose_clock_is_ahead_runs_nothing_early(
    books: Database, new_host: StartHost, fake_time: FakeTime
) -> None:
    """A slot is due when the database's clock says so, too: so the month is not closed a day
    early; and what is due by both is run."""
    fake_time.step(DAY // SECOND)
    host = new_host(schedule={"ticks": EVERY_SECOND}, environ=fake_time.environ).start()
    until(lambda: len(slots_of(books)) >= 3, host.log)
    assert host.stop() == 0
    now = books.integer(f"SELECT {books.dialect.now_ms}")
    assert max(slots_of(books)) <= now
    each_once(books)


@on_sqlite
@pytest.mark.parametrize(
    ("before", "night", "due"),
    [
        pytest.param(
            "2026-03-29T00:59:54",
            "2026-03-29T01:00:00",
            "2026-03-29T01:00:00",
            marks=pytest.mark.heavy,
            id="spring",
        ),
        pytest.param(
            "2026-10-25T00:59:54",
            "2026-10-25T01:00:00",
            None,
            marks=pytest.mark.heavy,
            id="autumn",
        ),
    ],
)
def test_a_night_in_which_the_clocks_are_changed(
    books: Database,
    new_host: StartHost,
    fake_time: FakeTime,
    before: str,
    night: str,
    due: str | None,
) -> None:
    """02:30 is skipped in spring: then it is due after the jump. In autumn the face shows an hour
    twice, which must hold up nothing."""
    fake_time.set(before)
    host = new_host(
        schedule={"ticks": EVERY_SECOND, "raises": "daily 02:30"},
        settings=BERLIN,
        environ={**fake_time.environ, "TZ": "Europe/Berlin"},
    ).start()
    wait_for_slot(books, ms(night) + 3 * SECOND, ms(night) + HOUR, host)
    assert host.stop() == 0
    each_once(books)
    ticked = slots_of(books)
    assert ticked == list(range(ticked[0], ticked[-1] + 1, SECOND))
    assert ticked[0] < ms(night) < ticked[-1]
    raised = [slot for (slot,) in books.rows("SELECT slot FROM job_run WHERE job = 'raises'")]
    assert raised == ([ms(due)] if due else [])


@on_sqlite
@pytest.mark.heavy
def test_a_time_that_comes_twice_is_due_once(
    books: Database, new_host: StartHost, fake_time: FakeTime
) -> None:
    fake_time.set("2026-10-25T00:29:56")
    host = new_host(
        schedule={"ticks": "daily 02:30", "raises": "every second"},
        settings=BERLIN,
        environ={**fake_time.environ, "TZ": "Europe/Berlin"},
    ).start()
    until(lambda: slots_of(books), host.log)
    fake_time.set("2026-10-25T01:29:56")
    later = "SELECT COUNT(*) FROM job_run WHERE job = 'raises' AND slot > ?"
    until(lambda: books.integer(later, (ms("2026-10-25T01:30:02"),)), host.log)
    assert host.stop() == 0
    assert slots_of(books) == [ms("2026-10-25T00:30:00")]


@on_sqlite
@pytest.mark.parametrize(
    ("policy", "runs"),
    [("none", [False] * 3), ("latest", [False, False, True]), ("all", [True] * 3)],
)
def test_nobody_was_there_for_three_slots(
    books: Database, new_host: StartHost, fake_time: FakeTime, policy: str, runs: list[bool]
) -> None:
    fake_time.set("2026-06-10T10:30:00")
    host = new_host(
        schedule={"ticks": f"every hour catch_up={policy} overlap=queue"},
        environ=fake_time.environ,
    ).start()
    until(lambda: books.integer("SELECT COUNT(*) FROM job_schedule WHERE job = 'ticks'"), host.log)
    assert host.stop() == 0
    fake_time.step(3 * HOUR // SECOND)
    host.start()
    wanted = [ms(f"2026-06-10T{hour}:00:00") for hour in (11, 12, 13)]
    ended = "SELECT COUNT(*) FROM job_run WHERE job = 'ticks' AND state IN ('done', 'missed')"
    until(lambda: books.integer(ended) == 3, host.log)
    assert host.stop() == 0
    rows = books.rows("SELECT slot, state FROM job_run WHERE job = 'ticks' ORDER BY slot")
    assert rows == [
        (slot, "done" if run else "missed") for slot, run in zip(wanted, runs, strict=True)
    ]
    assert slots_of(books) == [slot for slot, run in zip(wanted, runs, strict=True) if run]
