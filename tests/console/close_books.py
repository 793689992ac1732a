"""A small billing server with a month to close, long past, so that any clock may close it; and a
console that begins with the month close and tells each message that comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from textual.pilot import Pilot

from engine.clock import Clock
from engine.config import Config, load_config
from engine.database import Database, open_database
from engine.demo.build import Wanted, build_demo, demo_config
from tests.console.driving import text
from tui import app, messages
from tui.app import Console

TODAY = date(2024, 11, 2)
# 2024-11-02 12:04 in Moscow.
NOW = 1_730_538_240_000
# Textual looks beside the module of the class that it runs.
SHEET = str(Path(app.__file__).with_name("app.tcss"))
_SECONDS = 30.0


def config(path: Path) -> Config:
    """The configuration of a console on the books at `path`."""
    found = load_config(
        overrides={("console", "theme"): "dark", ("console", "refresh_seconds"): "1"},
        environ={},
        system_file=Path("/nonexistent"),
    )
    return demo_config(found, path)


def build(path: Path) -> None:
    """Books with two closed months and 2024-10 to close."""
    build_demo(path, config(path), Wanted(40, 1, TODAY), lambda step: None)


def read(path: Path) -> Database:
    """The books, as another process sees them."""
    return open_database(config(path).database)


class CloseConsole(Console):
    """Begins with the month close; `heard` is set by whatever comes in from outside."""

    DEFAULT_MODE = "month_close"
    CSS_PATH = SHEET

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        super().__init__(config(path), "olga", "admin", clock, {"TERM": "xterm-256color"})
        self.heard = asyncio.Event()
        self.ends: list[messages.ProcessEnded] = []

    # Textual calls these before those of the class above.
    def on_loaded(self, message: messages.Loaded) -> None:
        self.heard.set()

    def on_load_failed(self, message: messages.LoadFailed) -> None:
        self.heard.set()

    def on_link_changed(self, message: messages.LinkChanged) -> None:
        self.heard.set()

    def on_process_ended(self, message: messages.ProcessEnded) -> None:
        self.ends.append(message)
        self.heard.set()


Steps = Callable[[CloseConsole, Pilot[int]], Awaitable[None]]


def drive(
    path: Path, steps: Steps, size: tuple[int, int] = (80, 24), clock: Clock | None = None
) -> None:
    """Runs `steps` once the periods are there."""

    async def run() -> None:
        console = CloseConsole(path, clock)
        async with console.run_test(size=size, notifications=True) as pilot:
            await shown(console, pilot, "2024-10", "rows", "daemon")
            await steps(console, pilot)

    asyncio.run(run())


async def shown(console: CloseConsole, pilot: Pilot[int], *words: str) -> None:
    """Waits until all these words are on the screen."""
    await until(console, pilot, lambda: all(word in text(console) for word in words))


async def until(console: CloseConsole, pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Waits, message by message from outside, until the condition holds."""
    try:
        async with asyncio.timeout(_SECONDS):
            await pilot.pause()
            while not condition():
                await console.heard.wait()
                console.heard.clear()
                await pilot.pause()
    except TimeoutError:
        raise AssertionError(f"it never came to be; the screen is\n{text(console)}") from None
