"""How long the database takes to answer: the least question that makes it read its data."""

from __future__ import annotations

from engine.database import Database


def ping(database: Database) -> None:
    """Returns when the database has answered. Raises peewee.PeeweeException when it does not."""
    database.value("SELECT MAX(id) FROM job_run")
