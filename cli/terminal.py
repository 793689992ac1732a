"""The way from the command line into the console."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cli.session import Session

if TYPE_CHECKING:
    from engine.config import Config


def has_terminal(session: Session) -> bool:
    """Whether the console can be opened: somebody sits there, looks at what is printed, and asked
    for no JSON."""
    if session.out.as_json or os.environ.get("TERM") == "dumb":
        return False
    # Textual draws on stderr, so that is to be the terminal too.
    streams = (sys.stdin, session.out.stdout, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def open_console(session: Session, config: Config) -> int:
    """Opens the console on the database of `config` and returns its exit status when the person
    leaves. Raises DatabaseUnavailable or InputError when there are no tables to look at."""
    from cli.roles import groups_of

    # Only here, for Textual takes longer to load than most commands to run.
    from tui.run import run

    return run(config, session.actor, groups_of(session.actor))
