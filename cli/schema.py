"""`billdeck init`, `migrate`, `schema`: the tables of the database."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from cli.parser import add_command
from cli.session import Session
from engine.errors import InputError
from engine.text import safe


def register(subparsers: Any) -> None:
    add_command(
        subparsers,
        "init",
        run_init,
        role="admin",
        help="create the schema in an empty database",
        more="First it checks all that could stop it half-way (rights, strict mode, triggers).",
    )
    add_command(
        subparsers, "migrate", run_migrate, role="admin", help="upgrade the schema of a database"
    )
    parser = add_command(
        subparsers, "schema", run_schema, role=None, help="print the schema for an engine"
    )
    parser.add_argument("--engine", choices=("sqlite", "mariadb"), required=True)


def run_init(args: argparse.Namespace, session: Session) -> int:
    """Creates the tables; a new SQLite file belongs to its user alone."""
    from engine.database import where
    from engine.schema import create

    config = session.config.database
    if config.engine == "sqlite" and not config.path.exists():
        _make_private_file(config.path)
    create(session.bare_database(create=True))
    place = where(config)
    session.out.result(
        {"created": place, "engine": config.engine},
        [f"Created the schema in {place}. Next: `billdeck import DIR`."],
    )
    return 0


def _make_private_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise InputError(
            f"cannot make the database file {safe(path)}: {error.strerror}. Nothing was changed."
            " Check [database] path of the configuration and the folder's owner."
        ) from None


def run_migrate(args: argparse.Namespace, session: Session) -> int:
    """Applies the migrations that are missing."""
    from engine.schema import migrate

    applied = migrate(session.database)
    lines = [f"Applied {name}." for name in applied] or ["The schema is up to date."]
    session.out.result({"applied": applied}, lines)
    return 0


def run_schema(args: argparse.Namespace, session: Session) -> int:
    """Prints the schema; no database and no configuration is needed."""
    from engine.schema import schema_text

    text = schema_text(args.engine)
    session.out.result({"engine": args.engine, "schema": text}, text.splitlines())
    return 0
