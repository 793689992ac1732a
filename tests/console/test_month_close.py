"""The month close in the console: what it shows, the preview, and a close that outlives it."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import stat
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.clock import FixedClock
from engine.period import Period
from engine.queries.close import left_to_close, sum_of
from jobs.detached import ask
from jobs.lease import Lease
from tests.console import close_books
from tests.console.close_books import NOW, CloseConsole, drive, read, shown, until
from tests.console.driving import check_snapshot, text
from tests.console.terminal import Terminal
from tui.closing import JOB, MOST_BYTES, progress_in, read_preview
from tui.messages import ProcessEnded
from tui.screens import SCREENS

OCTOBER = Period(2024, 10)


def told(console: CloseConsole, words: str) -> list[str]:
    """What the console has told the person with these words in it."""
    return [one.message for one in console._notifications if words in one.message]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("close") / "books.db"
    close_books.build(path)
    return path


@pytest.fixture
def books(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the books; logs go to the test's folder."""
    monkeypatch.setitem(SCREENS, "month_close", "tui.screens.month_close:MonthCloseScreen")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in [name for name in os.environ if name.startswith("BILLDECK_")]:
        if "__" in name or name == "BILLDECK_CONFIG":
            monkeypatch.delenv(name)
    return Path(shutil.copy(original, tmp_path / "books.db"))


def note_run(books: Path) -> None:
    """A close that somebody else runs, half a minute old and a quarter done."""
    database = read(books)
    with database.transaction():
        database.execute(
            "INSERT INTO job_run (job, subject, state, holder, actor, asked_at, started_at,"
            " heartbeat_at, done, total, note) VALUES ('month-close', '2024-10', 'running',"
            " 'elsewhere 7 7 x', 'anna', ?, ?, ?, 250000, 1000000, 'charged 249000, failed 3')",
            (NOW - 30_000, NOW - 30_000, NOW - 1_000),
        )
    database.close()


def test_a_dry_run_says_how_far_it_is(books: Path) -> None:
    """It has come to its end, and its answer has not been read yet."""
    asked = ask(["--json", "run", JOB, "--dry-run"], close_books.config(books))
    asked.process.wait()
    assert progress_in(asked.said()) == "100%"
    assert asked.read(MOST_BYTES)[0] == 0
    assert progress_in("Dry run\n  250 of 1000\n  300 of 1000\n") == "30%"
    assert progress_in("Dry run\n") == ""


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_views(books: Path, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    note_run(books)

    async def steps(console: CloseConsole, pilot: Pilot[int]) -> None:
        await shown(console, pilot, "250 000 of 1 000 000", "charged 249000")
        check_snapshot(console, f"close-{name}")
        console.run_line("preview")
        await shown(console, pilot, "2024-10 preview", "plan", "sum")
        await until(console, pilot, lambda: console.closing.preview.before is not None)  # type: ignore[union-attr]
        check_snapshot(console, f"close-preview-{name}")
        console.run_line("start-close")
        await shown(console, pilot, "To go on type this number")
        check_snapshot(console, f"close-question-{name}")

    drive(books, steps, size, FixedClock(NOW))


def test_the_preview_is_what_the_close_does(books: Path) -> None:
    """From the preview to the end of the close, on the screen; then every kopeck in the books."""

    async def steps(console: CloseConsole, pilot: Pilot[int]) -> None:
        console.run_line("preview")
        await until(console, pilot, lambda: console.closing.preview is not None)
        preview = console.closing.preview
        assert preview is not None
        console.run_line("start-close")
        await shown(console, pilot, "To go on type this number", "another outcome is refused")
        await pilot.press("1", "enter")
        assert console.starting.newest(JOB) is None
        await shown(console, pilot, "That is not it")
        await pilot.press("backspace", *f"{preview.amount // 100}.{preview.amount % 100:02}")
        await pilot.press("enter")
        await shown(console, pilot, "Last close 2024-10", "started here: run")
        asked = console.starting.newest(JOB)
        assert asked is not None
        assert asked.started is not None
        assert stat.S_IMODE(asked.started.log.stat().st_mode) == 0o600
        await until(
            console, pilot, lambda: bool(told(console, "could not be done: 2024-10 partial"))
        )
        database = read(books)
        assert sum_of(database, OCTOBER) == preview.amount > 0
        counted = database.integer(
            "SELECT COUNT(*) FROM close_record WHERE period = '2024-10' AND status = 'charged'"
        )
        assert counted == preview.count("charged") > 0
        database.close()

    drive(books, steps)


def test_failures_and_a_charge(books: Path) -> None:
    database = read(books)
    with database.transaction():
        database.execute("UPDATE subscriber SET plan_id = NULL WHERE id = 1001")
    login = database.value("SELECT login FROM subscriber WHERE id = 1001")
    database.close()

    async def steps(console: CloseConsole, pilot: Pilot[int]) -> None:
        console.closing.offer = {"period": "2024-10", "late": True}
        console.closing.start()
        await until(console, pilot, lambda: bool(told(console, "some could not be done: 2024-10")))
        await shown(console, pilot, "closing")
        await pilot.press("enter")
        await shown(console, pilot, "Failures of 2024-10", login, "has no plan")
        await pilot.press("enter")
        await shown(console, pilot, f"{login} in 2024-10: failed")

    drive(books, steps)


def test_a_second_close_is_refused_by_the_lease(books: Path) -> None:
    database = read(books)
    lease = Lease("month-close")
    lease.acquire(database)

    async def steps(console: CloseConsole, pilot: Pilot[int]) -> None:
        console.run_line("start-close")
        await shown(console, pilot, f"is being run by process {os.getpid()}")
        # The same from the process itself, where the question was answered a moment before.
        console.closing.offer = {"period": "2024-10", "late": True}
        console.closing.start()
        await until(console, pilot, lambda: bool(told(console, "did not go through: month-close")))
        asked = console.starting.newest(JOB)
        assert asked is not None
        assert asked.started is not None
        assert asked.started.process.poll() == 3

    drive(books, steps, (160, 45))
    assert left_to_close(database, OCTOBER) > 0
    # It does not wait for somebody who knows nothing of it.
    run = database.row("SELECT state, exit_reason FROM job_run WHERE job = 'month-close'")
    assert run == ("cancelled", "not_begun")
    lease.release(database)
    database.close()


def test_a_missed_close_is_run_by_hand_after_its_count_was_typed(books: Path) -> None:
    database = read(books)
    left = left_to_close(database, OCTOBER)
    database.execute(
        "INSERT INTO job_run (job, slot, parameters, state, exit_reason, actor, asked_at,"
        " finished_at) VALUES ('month-close', 5, ?, 'missed', 'down', 'schedule', 5, 5)",
        ('{"period": "2024-10", "late": true}',),
    )

    async def steps(console: CloseConsole, pilot: Pilot[int]) -> None:
        await shown(console, pilot, "Last close", "missed")
        console.run_line("again 1")
        await shown(console, pilot, "Once more: Close 2024-10", f"type this number: {left}")
        await pilot.press(*str(left), "enter")
        await until(console, pilot, lambda: bool(told(console, "Run 1 of month-close has ended")))
        assert left_to_close(database, OCTOBER) == 1
        assert database.row("SELECT slot, actor FROM job_run") == (5, "olga")

    drive(books, steps)
    database.close()


def test_it_goes_on_when_the_console_is_killed(books: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.console.close_app", str(books)]
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    database = read(books)
    database.execute("UPDATE subscriber SET plan_id = 1 WHERE plan_id IS NULL")
    left = left_to_close(database, OCTOBER)
    with Terminal(command, (160, 45), environ) as terminal:
        terminal.until(b"To go on type this number")
        terminal.send(f"{left}\r")
        while not database.value("SELECT 1 FROM job_run WHERE job = 'month-close'"):
            pass
        # While the books are locked the close cannot end before its console does.
        with database.transaction():
            seen = terminal.until(b"started here: run ")
            found = re.search(rb"started here: run \d+, process (\d+)", seen)
            assert found is not None
            close = os.pidfd_open(int(found[1]))
            terminal.signal(signal.SIGKILL)
            assert terminal.exit_status() == -signal.SIGKILL
            terminal.hang_up()
            assert not select.select([close], [], [], 0)[0], "the close ended with its console"
        assert select.select([close], [], [], 60)[0]
        os.close(close)
    assert left_to_close(database, OCTOBER) == 0
    assert database.value("SELECT state FROM billing_period WHERE period = '2024-10'") == "closed"
    assert database.value("SELECT state FROM job_run WHERE job = 'month-close'") == "done"
    database.close()


def test_an_answer_that_is_none(books: Path) -> None:
    assert read_preview(b'{"period": null}', NOW) is None

    async def steps(console: CloseConsole, pilot: Pilot[int]) -> None:
        for output in (b"", b"{}", b"[1]", b'{"period": "2024-10"}', b"\xff"):
            console.closing.ended(ProcessEnded("preview", 0, output, ""))
            assert console.closing.preview is None
            assert "cannot be read" in console.closing.problem
        console.closing.ended(ProcessEnded("preview", 1, b"", '{"error": "no \\u001b[2J"}\n'))
        await shown(console, pilot, r"no \x1b[2J")
        assert "\x1b" not in text(console)

    drive(books, steps)
