"""`billdeck backup FILE`: a consistent copy while others work."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cli.parser import add_command
from cli.session import Session


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "backup",
        run,
        role="admin",
        help="copy the database into a new file while others work",
        more="An existing file is never overwritten. The copy belongs to its user alone.",
    )
    parser.add_argument("file", metavar="FILE", type=Path)


def run(args: argparse.Namespace, session: Session) -> int:
    """Writes the copy and prints its size."""
    from engine.backup import back_up

    size = back_up(session.database, session.config.database, args.file)
    session.out.result(
        {"file": str(args.file), "bytes": size}, [f"Wrote {args.file}, {size} bytes."]
    )
    return 0
