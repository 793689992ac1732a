"""A program for tests: the console on a real terminal, at the run of the number given with its log.
The arguments are the database's file and the number."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui.run import open_console, prepare_environment


def main() -> int:
    """The exit status is the console's."""
    prepare_environment(os.environ)
    from engine.clock import FixedClock
    from engine.config import load_config
    from tests.console.close_books import SHEET
    from tui.app import Console
    from tui.screens.run_details import RunScreen

    class Watching(Console):
        DEFAULT_MODE = "jobs"
        CSS_PATH = SHEET

        def on_ready(self) -> None:
            self.push_screen(RunScreen(int(sys.argv[2])))

    config = load_config(
        overrides={
            ("database", "path"): sys.argv[1],
            ("console", "refresh_seconds"): "1",
            ("console", "theme"): "dark",
        },
        environ={},
        system_file=Path("/nonexistent"),
    )
    console = Watching(config, "olga", "admin", FixedClock(1_790_000_000_000))
    return open_console(console, mouse=False)


if __name__ == "__main__":
    sys.exit(main())
