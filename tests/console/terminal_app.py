"""A program for tests: the console on a real terminal, with the screens of `places`.

Arguments: the database's file, what to show (`people`, `hostile`), and a file: when a
number stands in it, the row of that number has another name.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from tui.run import open_console, prepare_environment


def main() -> int:
    """The exit status is the console's."""
    prepare_environment(os.environ)
    from engine.clock import FixedClock
    from engine.config import load_config
    from engine.database import Row
    from tests.console import places
    from tests.console.people import People, hostile_people, person
    from tui.actions import ActionCall, ActionRecord
    from tui.app import Console

    def fault(call: ActionCall) -> None:
        personal = "Ivanov, +79161234567"
        raise ValueError(personal)

    def hang(call: ActionCall) -> None:
        call.app.tell("this hangs")
        call.app.loader.submit("nobody", "hang", lambda database: threading.Event().wait())

    file, what, control = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])

    class Changing(People):
        def row(self, number: int) -> Row:
            text = control.read_text() if control.exists() else ""
            row = person(number)
            return (*row[:2], "Changed", *row[3:]) if text == str(number) else row

    config = load_config(
        overrides={
            ("database", "path"): str(file),
            ("console", "refresh_seconds"): "1",
            ("console", "theme"): "dark",
        },
        environ={},
        system_file=Path("/nonexistent"),
    )
    places.use({"hostile": hostile_people, "people": Changing}[what]())
    console = Console(config, "olga", "admin", FixedClock(1_790_000_000_000))
    console.registry.add(ActionRecord("fault", "Fault", "a fault of ours", fault))
    console.registry.add(ActionRecord("hang", "Hang", "a question without an end", hang))
    return open_console(console, mouse=False)


if __name__ == "__main__":
    sys.exit(main())
