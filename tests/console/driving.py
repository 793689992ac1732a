"""Driving the console without a terminal: a console on an empty database, keys, and its text."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from engine import schema
from engine.clock import Clock, FixedClock
from engine.config import Config, Role, load_config
from engine.database import open_database
from tests.console import places
from tests.console.people import People
from tui.app import Console
from tui.widgets.paged_table import PagedTable

# 2026-09-21 17:13 in Moscow.
NOW = 1_790_000_000_000
_SNAPSHOTS = Path(__file__).parent / "snapshots"
# A slow machine gets its time; a test that passes takes none of it.
_PATIENCE_SECONDS = 60.0

Steps = Callable[[Pilot[int]], Awaitable[None]]


def config(folder: Path, **console: str) -> Config:
    """The configuration of a console on an empty database in `folder`."""
    file = folder / "billing.db"
    overrides = {("console", key): value for key, value in console.items()}
    found = load_config(
        overrides={
            ("database", "path"): str(file),
            ("console", "refresh_seconds"): "3600",
            ("console", "theme"): "dark",
            **overrides,
        },
        environ={},
        system_file=Path("/nonexistent"),
    )
    if not file.exists():
        database = open_database(found.database, create=True)
        schema.create(database)
        database.close()
    return found


def new_console(
    folder: Path,
    people: People | None = None,
    role: Role = "admin",
    clock: Clock | None = None,
    **console: str,
) -> Console:
    """A console that shows `people`."""
    places.use(people or People())
    settings = config(folder, **console)
    return Console(settings, "olga", role, clock or FixedClock(NOW), {"TERM": "xterm-256color"})


def drive(console: Console, steps: Steps, size: tuple[int, int] = (80, 24)) -> None:
    """Runs the console, and `steps` once its table has its rows and their number."""

    async def run() -> None:
        async with console.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: table(pilot).current_row is not None)
            await until(pilot, lambda: table(pilot).total_is_exact)
            await until(pilot, lambda: "daemon" in text(console))
            await steps(pilot)

    asyncio.run(run())


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Lets the console work until the condition holds."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        if condition():
            await pilot.pause()
            return
        await pilot.pause()
    raise AssertionError(f"it never came to be; the screen is\n{text(pilot.app)}")


def table(pilot: Pilot[int]) -> PagedTable:
    """The table of the screen shown."""
    return pilot.app.screen_stack[0].query_one(PagedTable)


def text(app: object) -> str:
    """What the screen shows, as lines, each space a plain one. The one place that looks into
    Textual for it."""
    assert isinstance(app, Console)
    strips = app.screen._compositor.render_strips()
    lines = (strip.text.replace("\u00a0", " ").rstrip() for strip in strips)
    return "\n".join(lines)


def check_snapshot(app: object, name: str) -> None:
    """Compares the screen with `snapshots/NAME.txt`; with BILLDECK_SNAPSHOTS=write in the
    environment it becomes the snapshot."""
    file, now = _SNAPSHOTS / f"{name}.txt", text(app) + "\n"
    if os.environ.get("BILLDECK_SNAPSHOTS") == "write":
        file.write_text(now, encoding="utf-8")
    assert file.exists(), f"no snapshot {name}; BILLDECK_SNAPSHOTS=write makes it"
    assert now == file.read_text(encoding="utf-8")
