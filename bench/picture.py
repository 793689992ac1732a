"""The picture of the README: the console on the demonstration, drawn without a terminal.

    python -m bench.picture

The day, the seed and the clock are fixed, so that the file changes only when what is shown does.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from datetime import date
from pathlib import Path

from tui.run import prepare_environment

PICTURE = Path(__file__).parents[1] / "docs" / "console.svg"
_SIZE = (100, 30)
# The demonstration begins its day after midnight and has no payments then: this is the evening
# before.
_SUBSCRIBERS, _SEED, _TODAY = 5_000, 1, date(2026, 11, 23)
_EVENING_MS = 100 * 60_000
_TRIES = 500
# The template asks a server for its font. A picture asks nobody: it takes what is installed.
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_FONTS = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace"


def main() -> int:
    prepare_environment(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        drawn = asyncio.run(_draw(Path(folder) / "demo.db"))
    drawn = _FONT_FACE.sub("", drawn).replace("Fira Code, monospace", _FONTS)
    lines = [line.rstrip() for line in drawn.splitlines()]
    PICTURE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")
    return 0


async def _draw(path: Path) -> str:
    """The demonstration's overview, as SVG. AssertionError when it never is complete."""
    # Textual reads its variables when it is imported.
    from textual.message import Message

    from engine.clock import FixedClock
    from engine.close.hooks import Hooks
    from engine.config import load_config
    from engine.database import open_database
    from engine.demo.build import Wanted, build_demo, demo_clock, demo_config
    from jobs.close_here import CloseHere
    from jobs.month_close import CloseOptions
    from tui import app
    from tui.messages import LinkChanged

    class Still(app.Console):
        """Says the same latency each time."""

        CSS_PATH = str(Path(app.__file__).with_name("app.tcss"))

        def post_message(self, message: Message) -> bool:
            if isinstance(message, LinkChanged):
                message = LinkChanged(message.up, 0.0, message.text)
            return super().post_message(message)

    dark = {("console", "theme"): "dark"}
    built_in = load_config(overrides=dark, environ={}, system_file=Path(os.devnull) / "none")
    config = demo_config(built_in, path)
    build_demo(path, config, Wanted(_SUBSCRIBERS, _SEED, _TODAY), lambda step: None)
    evening = FixedClock(demo_clock(config, _TODAY).now_ms() - _EVENING_MS)
    database = open_database(config.database)
    try:
        CloseHere(database, config, evening, "olga", Hooks()).run(CloseOptions(late=True))
    finally:
        database.close()
    console = Still(config, "olga", "admin", evening, {"TERM": "xterm-256color"})
    async with console.run_test(size=_SIZE) as pilot:
        before = ""
        for _ in range(_TRIES):
            await pilot.pause(0.1)
            drawn = console.export_screenshot(title="billdeck")
            if drawn == before and "loading" not in drawn and "db" in drawn:
                return drawn
            before = drawn
    raise AssertionError("the console never was complete")


if __name__ == "__main__":
    sys.exit(main())
