"""What differs between SQLite and MariaDB: a few fragments of SQL and the codes of errors.

Together with `engine.database` and the marked sections of billing.db.sql this is the only place
that knows which engine it speaks to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# MariaDB: deadlock, lock wait timeout, changed since the snapshot; Galera reports a lost
# certification as a deadlock. 1467 is a deadlock over the lock by which a table counts its rows.
_CONFLICTS = {1213, 1205, 1020, 1467}
# MariaDB: no connection, gone away, lost during a query, shutdown, killed, node not primary.
_LOST = {2002, 2003, 2006, 2013, 2055, 1053, 1927, 1047, 1152, 1158, 1159, 1160, 1161, 1040}
# Galera: the node lost the others during a COMMIT. The same code also says that a limit on the size
# of a transaction was passed, which no waiting mends.
_LOST_AT_COMMIT = (1180, "Not connected to Primary Component")
# What a server says, or nobody, that one may wait for before there was any connection. The last two
# are of a node of a cluster that is not in step with the others.
_ABSENT = {2002, 2003, 2006, 2013, 1040, 1053, 1047, 1205}
_DUPLICATES = {1062}
# A CHECK of the table; too long, out of range, not of the character set, cut.
_REFUSED = {4025, 1406, 1264, 1366, 1265}
_CANCELLED = {1317}
BROKEN_OFF = (1317, "interrupted before it was sent")
"""The arguments of the error of a statement that was not even sent: `is_cancelled` is true."""


@dataclass(frozen=True)
class Dialect:
    """An engine's way to say things. All fields are constant fragments of SQL.

    `now_ms` is the database's own clock in epoch milliseconds; `lock_rows` ends a SELECT whose rows
    must not change until the transaction ends; `ordered_join` joins in the order written;
    `by_primary` follows a table that must be looked up by its primary key whatever the statistics
    say (after a restart they may say that it is empty); a temporary work table has keys of type
    `work_key` and `work_options` at its end; `tells_commits`: a connection can tell whether others
    have committed.
    """

    name: str
    now_ms: str
    lock_rows: str
    ordered_join: str
    by_primary: str
    work_key: str
    work_options: str
    tells_commits: bool

    def update_from(
        self, table: str, source: str, link: str, values: Sequence[str], where: str
    ) -> str:
        """An UPDATE of `table` by the rows of `source`, which should drive the join.

        `link` is the join condition; `values` are assignments `column = expression` whose columns
        belong to `table`. Parameters come in the order `source`, `link`, `where`.
        """
        if self.name == "sqlite":
            return f"UPDATE {table} SET {', '.join(values)} FROM {source} WHERE {link} AND {where}"
        assigned = ", ".join(f"{table}.{value}" for value in values)
        return f"UPDATE {source} STRAIGHT_JOIN {table} ON {link} SET {assigned} WHERE {where}"

    def add_up(self, table: str, key: Sequence[str], sums: Sequence[str]) -> str:
        """An INSERT of one row that adds its `sums` to the row with the same `key`, if any."""
        columns = [*key, *sums]
        insert = (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
        )
        if self.name == "sqlite":
            added = ", ".join(f"{column} = {column} + excluded.{column}" for column in sums)
            return f"{insert} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}"
        added = ", ".join(f"{column} = {column} + VALUES({column})" for column in sums)
        return f"{insert} ON DUPLICATE KEY UPDATE {added}"

    def by_index(self, name: str | None) -> str:
        """Follows a table in FROM whose rows are to be read by an index, in its order; without a
        name by the primary key."""
        if self.name == "sqlite":
            return f"INDEXED BY {name}" if name else "NOT INDEXED"
        return f"FORCE INDEX ({name or 'PRIMARY'})"

    def packed(self, columns: Sequence[str]) -> str:
        """An expression that joins columns into one text, '|' between, '' for NULL."""
        if self.name == "sqlite":
            return f"printf('{'|'.join(['%s'] * len(columns))}', {', '.join(columns)})"
        texts = ", ".join(f"COALESCE({column}, '')" for column in columns)
        return f"CONCAT_WS('|', {texts})"

    def numbers(self, columns: Sequence[str]) -> str:
        """The last columns of a SELECT, numbers that are all there or, of a row that was not found,
        all NULL: as they are, or as one text where the driver takes longer over each column than
        Python over splitting it. `numbers_of` reads them."""
        if self.name == "sqlite":
            return ", ".join(columns)
        return f"CONCAT_WS('|', {', '.join(columns)})"

    def numbers_of(self, cells: Sequence[Any]) -> Sequence[int] | None:
        """The numbers in what `numbers` selected, None when they were NULL."""
        if self.name == "sqlite":
            return None if cells[0] is None else cells
        return list(map(int, cells[0].split("|"))) if cells[0] else None


SQLITE = Dialect(
    name="sqlite",
    now_ms="CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
    lock_rows="",
    ordered_join="CROSS JOIN",
    by_primary="",
    work_key="INTEGER",
    work_options="",
    tells_commits=True,
)

MARIADB = Dialect(
    name="mariadb",
    now_ms="CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
    lock_rows="LOCK IN SHARE MODE",
    ordered_join="STRAIGHT_JOIN",
    by_primary="FORCE INDEX (PRIMARY)",
    work_key="BIGINT",
    work_options="ENGINE=MEMORY DEFAULT CHARSET=ascii",
    tells_commits=False,
)


def _code(error: BaseException) -> int:
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else -1


def is_conflict(error: BaseException) -> bool:
    """Whether the whole transaction may simply be tried again: somebody else was in the way."""
    text = str(error)
    return _code(error) in _CONFLICTS or "database is locked" in text or "table is locked" in text


def is_lost(error: BaseException) -> bool:
    """Whether the connection or the server is gone. What a COMMIT did then is unknown."""
    code, words = _LOST_AT_COMMIT
    return (
        _code(error) in _LOST
        or (_code(error) == code and words in str(error))
        or (type(error).__name__ == "InterfaceError" and _code(error) in (0, -1))
    )


def is_absent(error: BaseException) -> bool:
    """Whether the server to connect to is not there, or not ready: it may come. A refusal (the
    password, the certificate, the rights on the socket) does not pass by waiting."""
    import ssl

    cause = getattr(getattr(error, "orig", None), "original_exception", None)
    return _code(error) in _ABSENT and not isinstance(cause, ssl.SSLError | PermissionError)


def needs_super(error: BaseException) -> bool:
    """Whether MariaDB refuses a trigger because its maker is no administrator: it does so where it
    writes a binary log, and on the nodes of a cluster."""
    return _code(error) == 1419


def is_no_trigger(error: BaseException) -> bool:
    """Whether MariaDB says that there is no such trigger."""
    return _code(error) == 1360


def is_hidden_trigger(error: BaseException) -> bool:
    """Whether MariaDB says that a trigger may not be looked at by this user."""
    return _code(error) == 1227


def is_duplicate(error: BaseException) -> bool:
    """Whether a unique key refused the row."""
    return _code(error) in _DUPLICATES or "UNIQUE" in str(error)


def is_refused_value(error: BaseException) -> bool:
    """Whether the database has something against the values of a row: others may do better."""
    return type(error).__name__ in ("IntegrityError", "DataError") or _code(error) in _REFUSED


def is_cancelled(error: BaseException) -> bool:
    """Whether somebody broke off the statement; the connection is as good as before."""
    return _code(error) in _CANCELLED or str(error) == "interrupted"
