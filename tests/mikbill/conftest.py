"""MikBill beside our own database, which is on each engine in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from tests.events.books import IVAN, OLGA, open_event_books
from tests.mikbill.office import OTHER, UID, MikBill, open_office
from tests.servers.mariadb import MariaDBServer

_numbers = itertools.count(1)


@pytest.fixture
def mikbill(mariadb_server: MariaDBServer) -> Iterator[MikBill]:
    with open_office(mariadb_server, f"mikbill_{next(_numbers)}") as office:
        office.add(UID, "ivan")
        office.add(OTHER, "olga")
        yield office


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    with opened.transaction():
        for number, uid in ((IVAN, UID), (OLGA, OTHER)):
            opened.execute(
                "UPDATE subscriber SET external_uid = ? WHERE id = ?", (str(uid), number)
            )
    yield opened
    opened.close()
