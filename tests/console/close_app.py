"""A program for tests: the console on a real terminal, about to start the month close. The argument
is the database's file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui.run import open_console, prepare_environment


def main() -> int:
    """The exit status is the console's."""
    prepare_environment(os.environ)
    from tests.console.close_books import SHEET, config
    from tui.app import Console

    class Starting(Console):
        DEFAULT_MODE = "month_close"
        CSS_PATH = SHEET

        def on_ready(self) -> None:
            self.run_line("start-close")

    return open_console(Starting(config(Path(sys.argv[1])), "olga", "admin"), mouse=False)


if __name__ == "__main__":
    sys.exit(main())
