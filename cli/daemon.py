"""`billdeck daemon`: runs the schedule until it is told to stop."""

from __future__ import annotations

import argparse
import os
from typing import Any

from cli.parser import add_command
from cli.session import Session


def register(subparsers: Any) -> None:
    add_command(
        subparsers,
        "daemon",
        run,
        role="admin",
        help="run the schedule until SIGTERM",
        more="It starts what is due and what was asked for, each run as a process of its own."
        " SIGTERM or Ctrl-C lets runs end at a safe point, a second one breaks them off; SIGHUP"
        " reads the configuration anew. Several daemons on several hosts share the work.",
    )


def run(args: argparse.Namespace, session: Session) -> int:
    """Runs the daemon."""
    from jobs.daemon import Daemon
    from jobs.journal import daemon_log
    from jobs.registry import read_config

    log = daemon_log(os.environ)
    config = session.config
    return Daemon(config, lambda: read_config(args.config), session.clock, log, os.environ).run()
