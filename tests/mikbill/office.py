"""A MikBill to test with: its tables in either layout, on the tests' MariaDB, and who pays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from engine.mikbill.settings import MikbillConfig
from tests.servers.mariadb import MariaDBServer

READER, WORD = "mikbill-reader", "only reads"
UID, OTHER = 17, 18
SINCE = date(2026, 6, 1)

_PERSON = (
    "uid BIGINT UNSIGNED NOT NULL PRIMARY KEY, user VARCHAR(64) NOT NULL,"
    " deposit DOUBLE(20,6) NOT NULL DEFAULT 0, credit DOUBLE(20,6) NOT NULL DEFAULT 0,"
    " gid SMALLINT UNSIGNED NOT NULL DEFAULT 1, blocked TINYINT NOT NULL DEFAULT 0,"
    " sms_tel VARCHAR(40), date_abonka SMALLINT UNSIGNED NOT NULL DEFAULT 0"
)
_TABLES = (
    "CREATE TABLE packets (gid SMALLINT UNSIGNED PRIMARY KEY, packet VARCHAR(64),"
    " fixed_cost DOUBLE(20,6), razresh_minus DOUBLE(20,6))",
    "CREATE TABLE bugh_plategi_stat (plategid BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
    " uid BIGINT UNSIGNED NOT NULL, `date` DATETIME NOT NULL, summa DOUBLE(20,6),"
    " bughtypeid INT UNSIGNED NOT NULL, who VARCHAR(64), KEY (uid))",
    "CREATE TABLE bugh_uslugi_stat (uid BIGINT UNSIGNED NOT NULL, date_start DATETIME NOT NULL,"
    " usluga INT UNSIGNED NOT NULL)",
    "CREATE TABLE users_custom_fields (uid BIGINT UNSIGNED NOT NULL, `key` VARCHAR(64) NOT NULL,"
    " value VARCHAR(255), PRIMARY KEY (uid, `key`))",
    "INSERT INTO packets VALUES (1, 'Дом 100', 500, 0), (2, 'Fast', 999.995, 100)",
)
STATES = {"active": 1, "frozen": 2, "blocked": 3, "deleted": 4}
OLD_TABLES = dict(zip(STATES, ("users", "usersfreeze", "usersblok", "usersdel"), strict=True))


class MikBill:
    """MikBill as its own staff sees it: `connection` may write."""

    def __init__(self, server: MariaDBServer, name: str, old: bool) -> None:
        self.connection = server.connect(name)
        self.connection.autocommit(True)
        self.old = old
        self.config = MikbillConfig(
            socket=server.socket, name=name, user=READER, password=_secret(), since=SINCE
        )
        for table in OLD_TABLES.values() if old else ["users"]:
            more = "" if old else ", state TINYINT NOT NULL DEFAULT 1"
            self.run(f"CREATE TABLE {table} ({_PERSON}{more})")
        for statement in _TABLES:
            self.run(statement)

    def run(self, statement: str, *values: object) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.lastrowid

    def add(self, uid: int, user: str, state: str = "active", **columns: object) -> None:
        """A subscriber; `columns` are MikBill's."""
        values = {"uid": uid, "user": user, "sms_tel": "79991234567", **columns}
        table = OLD_TABLES[state] if self.old else "users"
        if not self.old:
            values["state"] = STATES[state]
        marks = ", ".join(["%s"] * len(values))
        self.run(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", *values.values())

    def pay(self, uid: int, summa: str, when: str, type: int = 3, moves: bool = True) -> int:
        """A booking; a payment is added to the deposit, a refund taken. Returns its plategid."""
        if moves and type != 18:
            sign = "-ABS" if type == 7 else ""
            table = "users"
            self.run(
                f"UPDATE {table} SET deposit = deposit + {sign}(%s) WHERE uid = %s", summa, uid
            )
        place: int = self.run(
            "INSERT INTO bugh_plategi_stat (uid, `date`, summa, bughtypeid)"
            " VALUES (%s, %s, %s, %s)",
            uid, when, summa, type,
        )  # fmt: skip
        return place

    def set_field(self, uid: int, key: str, value: str) -> None:
        self.run("REPLACE INTO users_custom_fields VALUES (%s, %s, %s)", uid, key, value)


def _secret() -> Any:
    from engine.config import Secret

    return Secret(WORD)


@contextmanager
def open_office(server: MariaDBServer, name: str, old: bool = False) -> Iterator[MikBill]:
    """A MikBill of its own on the server, and the user that may only read it."""
    server.create_database(name)
    root = server.connect(root=True)
    try:
        with root.cursor() as cursor:
            cursor.execute(
                f"CREATE USER IF NOT EXISTS '{READER}'@'localhost' IDENTIFIED BY %s", (WORD,)
            )
            cursor.execute(f"GRANT SELECT ON `{name}`.* TO '{READER}'@'localhost'")
        mikbill = MikBill(server, name, old)
        yield mikbill
        mikbill.connection.close()
    finally:
        root.close()
        server.drop_database(name)
