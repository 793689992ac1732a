"""A small billing server with closed months for the tests of the screens, hostile names among the
subscribers, and a console that shows its subscribers."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.clock import FixedClock
from engine.config import Config, Role, load_config
from engine.database import Database, open_database
from engine.demo.build import Wanted, build_demo, demo_clock, demo_config
from tests.console.driving import text, until
from tests.console.people import HOSTILE
from tui.app import Console
from tui.screens import SCREENS
from tui.widgets.paged_table import PagedTable

TODAY = date(2026, 11, 22)
SUBSCRIBERS = 20
# What no database takes.
_NAMES = [name for name in HOSTILE if "\0" not in name and "\ud800" not in name]

Steps = Callable[[Pilot[int]], Awaitable[None]]


def config(path: Path) -> Config:
    """The configuration of a console on the database at `path`."""
    built_in = load_config(
        overrides={("console", "refresh_seconds"): "3600", ("console", "theme"): "dark"},
        environ={},
        system_file=Path("/nonexistent"),
    )
    return demo_config(built_in, path)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books, made once."""
    path = tmp_path_factory.mktemp("console") / "books.db"
    build_demo(path, config(path), Wanted(SUBSCRIBERS, 1, TODAY), lambda step: None)
    database = open_database(config(path).database)
    with database.transaction():
        for number, name in enumerate(_NAMES, 1003):
            database.execute(
                "UPDATE subscriber SET name = ?, address = ? WHERE id = ?", (name, name, number)
            )
    database.close()
    return path


@pytest.fixture
def books(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the books, and the real screens in place."""
    monkeypatch.setitem(SCREENS, "overview", "tests.console.places:PlainScreen")
    monkeypatch.setitem(SCREENS, "subscribers", "tui.screens.subscribers:SubscribersScreen")
    return Path(shutil.copy(original, tmp_path / "books.db"))


def console_of(books: Path, role: Role = "operator") -> Console:
    """A console on the books."""
    settings = config(books)
    clock = demo_clock(settings, TODAY)
    assert isinstance(clock, FixedClock)
    return Console(settings, "olga", role, clock, {"TERM": "xterm-256color"})


def drive(console: Console, steps: Steps, size: tuple[int, int] = (80, 24)) -> None:
    """Runs the console, and `steps` once the subscribers are there."""

    async def run() -> None:
        async with console.run_test(size=size, notifications=True) as pilot:
            console.show_mode("subscribers")
            await until(pilot, lambda: bool(list(console.screen.query(PagedTable))))
            await until(pilot, lambda: console.screen.query_one(PagedTable).total_is_exact)
            await until(pilot, lambda: "row 1 of" in text(console) and "daemon" in text(console))
            await steps(pilot)

    asyncio.run(run())


def shows(pilot: Pilot[int], *words: str) -> Callable[[], bool]:
    """Whether all these words are on the screen."""
    return lambda: all(word in text(pilot.app) for word in words)


def read(books: Path) -> Database:
    """The database, as another process sees it."""
    return open_database(config(books).database)
