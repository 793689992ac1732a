"""The overview: what needs attention and where it leads, payments, subscribers, the running job."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from engine.database import Database
from engine.queries.overview import PaymentsOfDay
from tests.console import office
from tests.console.driving import check_snapshot, text, until
from tests.console.office import drive, real_screens, shows
from tui.app import Console
from tui.pace import Pace
from tui.payment_days import PaymentDays
from tui.screens.overview import OverviewScreen
from tui.widgets.bars import bar, columns
from tui.widgets.overview_panes import PaymentsPane

__all__ = ["real_screens"]


def busy(database: Database) -> None:
    """The last month waits, a run goes on, another failed; payments on most days."""
    office.period(database, "2026-08", "closing")
    office.subscribers(database, *["active"] * 14, "frozen", "blocked", "blocked", "deleted")
    for days_ago in range(31):
        for number in range(days_ago % 5):
            office.payment(database, days_ago, 10_000 * (days_ago + number))
    office.payment(database, 0, 34_550)
    office.payment(database, 0, 1_000_000)
    office.job_run(database, "failed", job="usage-import", subject="", note="a file is missing")
    office.job_run(database, "running")


def app(pilot: Pilot[int]) -> Console:
    assert isinstance(pilot.app, Console)
    return pilot.app


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_a_busy_day(tmp_path: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "10 345.50 RUB  in 2 payments", "23 Aug", "25 %", "all"))
        await until(pilot, shows(pilot, "row 1 of 3", "3 rows", "30 s left"))
        check_snapshot(pilot.app, f"overview-{size[0]}x{size[1]}")

    drive(tmp_path, busy, steps, size)


def test_ascii(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "23 Aug", "25 %", "all", "row 1 of 3", "30 s left"))
        assert not set("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░▲●✖") & set(text(pilot.app))
        assert "#" in text(pilot.app)

    drive(tmp_path, busy, steps, ascii="yes")


def test_an_empty_operator(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await until(
            pilot,
            shows(
                pilot,
                "no payment yet",
                "no payment in 30 days",
                "There is no open billing period",
                "No job has run yet",
            ),
        )

    drive(tmp_path, lambda database: None, steps)


def test_all_is_well(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "Nothing needs attention.", "0 rows"))
        await pilot.press("enter")
        assert app(pilot).current_mode == "overview"

    drive(tmp_path, lambda database: office.period(database, "2026-09"), steps)


def test_enter_leads_to_the_view(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        office.period(database, "2026-09")
        office.job_run(database, "failed")

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "run failed", "(enter: Jobs)"))
        await pilot.press("enter")
        await until(pilot, shows(pilot, "Runs of jobs", "row 1 of 1"))
        assert app(pilot).current_mode == "jobs"

    drive(tmp_path, fill, steps)


def test_what_the_schedule_left_leads_to_the_jobs(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        office.period(database, "2026-09")
        database.execute(
            "INSERT INTO daemon (holder, version, state, started_at, heartbeat_at)"
            " VALUES ('db1 812 7 x', '1', 'active', 0, 0)"
        )
        office.job_run(database, "missed", exit_reason="down", started_at=None)
        office.job_run(database, "queued", job="housekeeping", finished_at=None)

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "no daemon", "missed", "2 rows", "No job has run yet"))
        await pilot.press("down", "enter")
        await until(pilot, shows(pilot, "Runs of jobs", "row 1 of 1", "No daemon is running"))
        screen = app(pilot).console_screen
        assert screen is not None
        assert screen.filter_text == "job=month-close state=missed"

    drive(tmp_path, fill, steps)


def test_it_follows_what_happens(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "10 345.50 RUB  in 2 payments", "23 Aug"))
        screen = app(pilot).console_screen
        assert isinstance(screen, OverviewScreen)
        database = office.open_books(app(pilot).config)
        office.payment(database, 0, 100)
        office.payment(database, 3, 99_000_000)
        database.execute("UPDATE job_run SET done = 1500 WHERE state = 'running'")
        database.close()
        screen.action_refresh_now()
        await until(pilot, shows(pilot, "10 346.50 RUB  in 3 payments", "991 200", "75 %"))

    drive(tmp_path, busy, steps)


def test_what_is_the_same_is_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    draw = PaymentsPane.draw

    def counted(self: PaymentsPane, *arguments: object) -> object:
        drawn.append(arguments)
        return draw(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(PaymentsPane, "draw", counted)

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "10 345.50 RUB", "23 Aug", "25 %"))
        screen = app(pilot).console_screen
        assert screen is not None
        database = office.open_books(app(pilot).config)
        database.execute("UPDATE job_run SET done = 1500 WHERE state = 'running'")
        database.close()
        drawn.clear()
        screen.action_refresh_now()
        await until(pilot, shows(pilot, "75 %"))
        assert drawn == []

    drive(tmp_path, busy, steps)


def test_hostile_text_is_shown_harmless(tmp_path: Path) -> None:
    def fill(database: Database) -> None:
        office.period(database, "2026-09")
        office.job_run(
            database, "failed", note="[/b]\x1b]0;t\x07\u202e", actor="[red]", job="\x1b[2J"
        )

    async def steps(pilot: Pilot[int]) -> None:
        await until(pilot, shows(pilot, "last: failed", r"[red]  [/b]\x1b]0;t\x07\u202e"))
        assert not {"\x1b", "\x07", "\u202e"} & set(text(pilot.app))

    drive(tmp_path, fill, steps, size=(120, 24))


def test_there_is_nothing_to_filter(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        screen = app(pilot).console_screen
        assert screen is not None
        screen.filter_by("ivan", final=True)
        assert "the overview has nothing to filter" in office.told[0]
        assert screen.filter_text == ""

    drive(tmp_path, busy, steps)


values = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)


@given(values, st.integers(1, 12), st.booleans(), st.integers(1, 3))
def test_columns(amounts: list[int], height: int, plain: bool, width: int) -> None:
    lines = columns(amounts, height, plain, width)
    assert [len(line) for line in lines] == [len(amounts) * width] * height
    signs = " .#" if plain else " ▁▂▃▄▅▆▇█"
    heights = [
        sum(signs.index(line[place * width]) for line in lines) for place in range(len(amounts))
    ]
    for amount, level in zip(amounts, heights, strict=True):
        assert (level > 0) == (amount > 0)
        if amount == max(amounts) > 0:
            assert level == height * (len(signs) - 1)
    by_amount = [level for _, level in sorted(zip(amounts, heights, strict=True))]
    assert by_amount == sorted(by_amount)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 60), st.booleans())
def test_a_bar(part: int, whole: int, width: int, plain: bool) -> None:
    drawn = bar(part, whole, width, plain)
    assert len(drawn) == width
    assert bool(drawn.strip()) == (part > 0 and whole > 0)
    if part >= whole > 0:
        assert drawn == ("#" if plain else "█") * width


def test_the_costly_is_read_again_only_now_and_then() -> None:
    now = [100.0]
    pace = Pace(0.01, now=lambda: now[0])
    assert pace.is_due
    pace.begun()
    assert not pace.is_due
    pace.took(0.5)
    now[0] = 149.9
    assert not pace.is_due
    now[0] = 150.0
    assert pace.is_due
    pace.took(1000.0)
    pace.hurry()
    assert pace.is_due


def test_days_are_asked_for_once_and_again_after_a_failure() -> None:
    days = PaymentDays(4)
    today = PaymentsOfDay(date(2026, 3, 2), 1, 100)
    before = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert days.to_ask(today.day) == before
    assert days.to_ask(today.day) == []
    days.failed(before[1])
    assert days.to_ask(today.day) == [before[1]]
    assert days.chart(today) is None
    for day in before:
        days.store(PaymentsOfDay(day, 2, 5), 100.0)
    assert [one.day for one in days.chart(today) or ()] == [*before, today.day]
    tomorrow = PaymentsOfDay(today.day + timedelta(days=1), 0, 0)
    assert days.to_ask(tomorrow.day) == [today.day]
    assert days.chart(tomorrow) is None
    days.hurry()
    assert len(days.to_ask(today.day)) == 3
