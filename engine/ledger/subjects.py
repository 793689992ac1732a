"""Whom a command is about."""

from __future__ import annotations

from dataclasses import dataclass

from engine.database import Database
from engine.errors import InputError
from engine.ledger.inputs import storable
from engine.text import safe


@dataclass(frozen=True, slots=True)
class Subject:
    """The subscriber who pays: the main one, where the login given is an alias."""

    id: int
    login: str


def find_subject(database: Database, login: str) -> Subject:
    """The subscriber of a login, the main one for an alias. InputError for an unknown login."""
    row = None
    if storable(login):
        row = database.row(
            "SELECT COALESCE(m.id, s.id), COALESCE(m.login, s.login) FROM subscriber s"
            " LEFT JOIN subscriber m ON m.id = s.alias_of WHERE s.login = ?",
            (login,),
        )
    if row is None:
        raise InputError(f"there is no subscriber '{safe(login, 80)}'. Nothing was changed.")
    return Subject(int(row[0]), str(row[1]))
