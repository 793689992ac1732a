"""A program for tests: the console on a view of a database at a time that stands still, read again
each second. Arguments: the database's file, the view (balances)."""

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
    from tests.console.driving import NOW
    from tui.app import Console

    class Opened(Console):
        DEFAULT_MODE = sys.argv[2] if len(sys.argv) > 2 else "balances"
        CSS_PATH = SHEET

    config = load_config(
        overrides={
            ("database", "path"): str(Path(sys.argv[1])),
            ("console", "refresh_seconds"): "1",
            ("console", "theme"): "dark",
        },
        environ={},
        system_file=Path("/nonexistent"),
    )
    return open_console(Opened(config, "olga", "viewer", FixedClock(NOW)), mouse=False)


if __name__ == "__main__":
    sys.exit(main())
