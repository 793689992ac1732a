"""Exports asked for in the console: counted, asked, made by the command line in another process."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.console.books import books, console_of, drive, original, read, shows
from tests.console.driving import check_snapshot, text, until
from tests.console.test_many import has, table_of, type_line
from tui.app import Console
from tui.screens import SCREENS
from tui.screens.choice import Choice
from tui.screens.confirm import Confirm
from tui.widgets.paged_table import PagedTable

__all__ = ["books", "original"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def audited(books: Path) -> list[tuple[str, object]]:
    database = read(books)
    rows = database.rows("SELECT object, state_after FROM audit WHERE action = 'export'")
    database.close()
    return [(name, json.loads(state)) for name, state in rows]


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_what_the_filter_finds_is_counted_asked_and_written(
    books: Path, told: list[str], own_state_folder: Path, size: tuple[int, int]
) -> None:
    database = read(books)
    database.execute("UPDATE subscriber SET name = '=1+1' WHERE id = 1000")
    database.close()
    shown: list[str] = []

    async def steps(pilot: Pilot[int]) -> None:
        await type_line(pilot, "subs balance>=600")
        await until(pilot, shows(pilot, "Subscribers › balance>=600"))
        await pilot.press("l", "l", "l", "s")
        await until(pilot, shows(pilot, "Balance↑"))
        await until(pilot, lambda: table_of(pilot).current_row is not None)
        found = table_of(pilot).total
        await pilot.press("e")
        await until(pilot, shows(pilot, f"Export {found} rows of Subscribers?", "balance>=600"))
        check_snapshot(pilot.app, f"export-{size[0]}x{size[1]}")
        await pilot.press("enter")
        await until(pilot, has(told, f"Exported {found} rows to {own_state_folder}"))
        feed = table_of(pilot)._feed.pages
        shown.extend(str(row[1]) for row in map(feed.row, range(found)) if row)

    drive(console_of(books), steps, size)
    (file,) = own_state_folder.iterdir()
    assert file.name.startswith("subscribers-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [row["login"] for row in rows_of(file)] == shown
    state = {"rows": len(shown), "filter": "balance>=600.00", "sort": ["balance"]}
    assert audited(books) == [("export:subscribers", state)]


def test_marked_rows_are_taken_instead_and_the_file_may_be_chosen(
    books: Path, told: list[str], tmp_path: Path
) -> None:
    """The filter hides one of them; a text that looks like a formula is none any more."""
    file = tmp_path / "my file.csv"
    database = read(books)
    database.execute("UPDATE subscriber SET name = '=1+1' WHERE id = 1000")
    database.close()

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("space", "space")
        await type_line(pilot, "subs id>1000")
        await until(pilot, lambda: table_of(pilot).total == 19)
        await type_line(pilot, f"export --format csv --out '{file}'")
        await until(pilot, shows(pilot, "Export the 2 rows marked?", "into"))
        await pilot.press("n")
        assert not file.exists()
        await type_line(pilot, f"export --format csv --out '{file}'")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, has(told, f"Exported 2 rows to {file}"))
        await type_line(pilot, f"export --out '{file}'")
        await until(pilot, has(told, "exists: nothing is overwritten"))

    drive(console_of(books), steps)
    first, _ = rows_of(file)
    assert first["name"] == "'=1+1"
    assert audited(books) == [("export:subscribers", {"rows": 2, "chosen": "by name"})]


def test_runs_periods_and_failures_are_exported_as_well(
    books: Path, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCREENS, "jobs", "tui.screens.jobs:JobsScreen")
    monkeypatch.setitem(SCREENS, "month_close", "tui.screens.month_close:MonthCloseScreen")
    database = read(books)
    for job in ("month-close", "balance-import"):
        database.execute(
            "INSERT INTO job_run (job, subject, state, holder, actor, asked_at, started_at,"
            " heartbeat_at, finished_at, done, total, note)"
            " VALUES (?, '', 'done', '', 'anna', 0, 0, 0, 1, 1, 1, '')",
            (job,),
        )
    database.execute(
        "UPDATE close_record SET status = 'failed', reason = 'no_plan' WHERE subscriber_id = 1001"
    )
    period = database.value("SELECT MAX(period) FROM billing_period WHERE state <> 'open'")
    database.close()

    async def steps(pilot: Pilot[int]) -> None:
        async def export(name: str) -> Path:
            file = tmp_path / name
            await type_line(pilot, f"export --format json --out {file}")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            await pilot.press("y")
            await until(pilot, has(told, f"rows to {file}"))
            return file

        def lines(file: Path) -> list[dict[str, str]]:
            return [json.loads(line) for line in file.read_text().splitlines()]

        await type_line(pilot, "jobs job:month-close")
        await until(pilot, shows(pilot, "row 1 of 1", "month-close"))
        assert [row["job"] for row in lines(await export("runs"))] == ["month-close"]
        await type_line(pilot, "close")
        await until(pilot, shows(pilot, period))
        assert [row["period"] for row in lines(await export("periods"))][1] == period
        await pilot.press("j", "enter")
        await until(pilot, shows(pilot, f"Failures of {period}", "has no plan"))
        failed = pilot.app.screen.query_one(PagedTable)
        await pilot.press("space")
        assert list(failed.marks) == [1001]
        (failure,) = lines(await export("failures"))
        assert failure["login"] == failed.marks[1001]

    drive(console_of(books), steps)


def test_what_is_no_list_says_so(books: Path, told: list[str]) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("enter")
        await until(pilot, shows(pilot, "Ledger"))
        await until(pilot, lambda: isinstance(pilot.app.focused, PagedTable))
        await pilot.press("e")
        await until(pilot, has(told, "no list that can be exported"))
        await type_line(pilot, "export")
        await until(pilot, has(told, "there is no list here"))

    drive(console_of(books), steps)


def test_one_at_a_time_and_a_refusal_is_told(books: Path, told: list[str], tmp_path: Path) -> None:
    """The folder is not there: the command refuses, and nothing is left."""
    file = tmp_path / "none" / "out.csv"

    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        await type_line(pilot, f"export --format csv --out {file}")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, has(told, "Exporting 20 rows"))
        assert app.exporting.progress is not None
        assert "export subscribers" in text(app)
        await pilot.press("e")
        await until(pilot, has(told, "one at a time"))
        assert not isinstance(app.screen, Choice)
        await until(pilot, has(told, "Nothing was exported: cannot write into the folder"))
        assert app.exporting.progress is None

    drive(console_of(books), steps)
    assert audited(books) == []
