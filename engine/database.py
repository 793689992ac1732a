"""The connection to the database: opening it, transactions, statements.

Statements are written once, with `?` for parameters. A `Database` has one connection and belongs to
one thread. Errors of the driver come as `peewee.PeeweeException`; see `engine.dialect` for what
they mean and `engine.retry` for what to do about them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

import peewee

from engine.config import DatabaseConfig
from engine.dialect import BROKEN_OFF, MARIADB, SQLITE, Dialect
from engine.errors import BilldeckError, DatabaseUnavailable
from engine.file_rights import why_not_writable
from engine.text import safe

Row = tuple[Any, ...]
M = TypeVar("M", bound=peewee.Model)

# Seconds that a statement may be silent: a proof over a large ledger takes minutes, not hours.
READ_TIMEOUT = 900
_SQLITE_BUSY_MS = 15_000
_SQLITE_CACHE_KIB = 32 * 1024

# `idle_write_transaction_timeout`: a host that sleeps, or is gone without a word, in the middle of
# a transaction must not keep its rows locked for longer than its lease lasts (jobs/lease.py).
_MARIADB_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,"
    "NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT', time_zone = '+00:00',"
    " innodb_lock_wait_timeout = 30, tx_isolation = 'REPEATABLE-READ', group_concat_max_len ="
    " 1048576, idle_write_transaction_timeout = 20"
)


@lru_cache(maxsize=512)
def _for_mariadb(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


class Database:
    """One connection. `dialect` tells the engine apart where a statement must."""

    def __init__(self, handle: peewee.Database, dialect: Dialect) -> None:
        self.handle: Any = handle  # peewee's own types are incomplete
        self.dialect = dialect
        self._mariadb = dialect is MARIADB
        self._connection: Any = None  # the driver's, for `cancel` in another thread
        self._is_broken_off = False

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Runs one statement and returns the driver's cursor (`rowcount`: rows matched)."""
        if self._is_broken_off:
            raise peewee.OperationalError(*BROKEN_OFF)
        text = _for_mariadb(sql) if self._mariadb else sql
        return self.handle.execute_sql(text, tuple(parameters))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return list(self.execute(sql, parameters).fetchall())

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, None without one."""
        found: Row | None = self.execute(sql, parameters).fetchone()
        return found

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, None without a row."""
        found = self.row(sql, parameters)
        return found[0] if found else None

    def integer(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """A count or sum as an int (MariaDB gives sums as Decimal); 0 for NULL or no row."""
        return int(self.value(sql, parameters) or 0)

    def objects(self, query: peewee.ModelSelect[M]) -> list[M]:
        """All that a query of models (`engine.models`) finds. An object fetches nothing later: what
        it refers to must be joined and selected with it."""
        # A query keeps what it once found; a copy of it asks anew.
        return list(query.clone().execute(self.handle))

    def write(self, query: peewee.ModelInsert | peewee.ModelUpdate | peewee.ModelDelete) -> int:
        """Carries out an INSERT, UPDATE or DELETE of models. Returns the number that the database
        gave the new row, or how many rows matched."""
        answer: int = query.execute(self.handle)
        return answer

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of a query one by one, without holding them all. No other statement may run
        on this connection until the last row was taken."""
        if not self._mariadb:
            # Not the cursor itself: left early, it would be closed, which fails once the connection
            # is closed.
            yield from chain(self.execute(sql, parameters))
            return
        import pymysql.cursors

        with _driver_errors():
            cursor = self.handle.connection().cursor(pymysql.cursors.SSCursor)
            try:
                cursor.execute(_for_mariadb(sql), tuple(parameters))
                yield from chain(cursor)
            finally:
                if not cursor.connection.open:
                    # The driver would read the rest first, from a connection that is gone.
                    cursor._result.unbuffered_active = False
                cursor.close()

    def insert(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Runs an INSERT of one row and returns the number that the database gave it."""
        return int(self.execute(sql, parameters).lastrowid)

    def write_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Runs one statement for many rows. On MariaDB an `INSERT ... VALUES (?, ...)` becomes
        statements of many rows; other statements go one by one there and are slow."""
        text = _for_mariadb(sql) if self._mariadb else sql
        with _driver_errors():
            self.handle.cursor().executemany(text, rows if self._mariadb else iter(rows))

    def fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Inserts many rows; `columns` are names with SQL types, in the order of the values (whole
        numbers, texts, None). On MariaDB the rows travel as one JSON text, in a third of the time
        of a long list of values."""
        names = ", ".join(columns)
        if not self._mariadb:
            marks = ", ".join("?" for _ in columns)
            self.write_many(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            return
        paths = ", ".join(
            f"{name} {kind} PATH '$[{place}]'" for place, (name, kind) in enumerate(columns.items())
        )
        self.execute(
            f"INSERT INTO {table} ({names}) SELECT {names}"
            f" FROM JSON_TABLE(?, '$[*]' COLUMNS ({paths})) AS given",
            (json.dumps(rows, ensure_ascii=False, separators=(",", ":")),),
        )

    def amend(
        self,
        table: str,
        keys: Mapping[str, str],
        columns: Mapping[str, str],
        rows: Sequence[Row],
    ) -> None:
        """Updates many rows, found by their `keys`; a row of `rows` has the values of the keys and
        then the new ones of `columns`, both names with SQL types. One statement on MariaDB."""
        if not self._mariadb:
            assigned = ", ".join(f"{name} = ?" for name in columns)
            found = " AND ".join(f"{name} = ?" for name in keys)
            width = len(keys)
            self.write_many(
                f"UPDATE {table} SET {assigned} WHERE {found}",
                [(*row[width:], *row[:width]) for row in rows],
            )
            return
        given = ", ".join(
            f"{name} {kind} PATH '$[{place}]'"
            for place, (name, kind) in enumerate([*keys.items(), *columns.items()])
        )
        link = " AND ".join(f"{table}.{name} = given.{name}" for name in keys)
        assigned = ", ".join(f"{table}.{name} = given.{name}" for name in columns)
        self.execute(
            f"UPDATE JSON_TABLE(?, '$[*]' COLUMNS ({given})) AS given"
            f" STRAIGHT_JOIN {table} ON {link} SET {assigned}",
            (json.dumps(rows, ensure_ascii=False, separators=(",", ":")),),
        )

    @contextmanager
    def transaction(self, keep: bool = True) -> Iterator[None]:
        """A write transaction: committed at the end, rolled back on an error, or always rolled
        back when `keep` is False (a dry run). Not nested."""
        if self.handle.in_transaction():
            raise RuntimeError("transactions are not nested")
        self.handle.begin()
        self.handle.push_transaction(_Transaction)
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        else:
            if keep:
                self._commit()
            else:
                self._roll_back()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that an error of ours undoes without the rest."""
        self.execute("SAVEPOINT part")
        try:
            yield
        except BilldeckError:
            self.execute("ROLLBACK TO SAVEPOINT part")
            raise
        self.execute("RELEASE SAVEPOINT part")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All statements within see one moment; other than a write transaction it locks nobody
        out. An error closes the connection."""
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.close()
            raise
        self.execute("ROLLBACK")

    def _commit(self) -> None:
        try:
            self.handle.commit()
        except BaseException:
            self._roll_back()
            raise
        self.handle.pop_transaction()

    def _roll_back(self) -> None:
        """Undoes the transaction; a connection that cannot even do that is closed."""
        self.handle.pop_transaction()
        try:
            self.handle.rollback()
        except peewee.PeeweeException:
            self.close()

    def connect(self) -> None:
        """Opens the connection again after `close`. Raises peewee.PeeweeException."""
        self.handle.connect(reuse_if_open=True)
        self._connection = self.handle.connection()

    def break_off(self) -> None:
        """Cancels the statement under way, and lets those that would follow raise the same error,
        until `go_on`; a question of many statements may be between two of them. For another
        thread, as `cancel` is."""
        self._is_broken_off = True
        self.cancel()

    def go_on(self) -> None:
        """Statements are run again."""
        self._is_broken_off = False

    def cancel(self) -> None:
        """Breaks off the statement under way; like `break_off` for a thread other than the one that
        opened the connection. That statement, or one begun at this very moment, raises an error of
        which `engine.dialect.is_cancelled` is true; without one nothing happens. On MariaDB it
        connects anew for this, which may last as long as the configuration allows; a server that
        cannot be reached has nothing to break off."""
        connection = self._connection
        if connection is None:
            return
        with suppress(peewee.PeeweeException, OSError, sqlite3.ProgrammingError):
            if not self._mariadb:
                connection.interrupt()
                return
            with self.handle.connection_context():  # a connection of this thread's own
                self.handle.execute_sql("KILL QUERY %s", (connection.thread_id(),))

    def close(self) -> None:
        """Closes the connection, whatever state it is in."""
        with suppress(peewee.PeeweeException, OSError):
            self.handle.close()


_peewee_errors: Any = vars(peewee)["__exception_wrapper__"]


class _Transaction:
    """Marks for peewee that a transaction of ours is open."""


@contextmanager
def _driver_errors() -> Iterator[None]:
    """Turns the driver's errors into peewee's, as peewee does for its own statements."""
    with _peewee_errors:
        yield


def open_database(
    config: DatabaseConfig, create: bool = False, silence: int = READ_TIMEOUT
) -> Database:
    """Connects as the configuration says.

    `create` allows a new SQLite file; `silence` is how many seconds a MariaDB server may take over
    a statement. Raises DatabaseUnavailable, saying what to do.
    """
    try:
        return connected(config, create, silence)
    except (peewee.PeeweeException, OSError) as error:
        raise cannot_open(config, error) from None


def connected(
    config: DatabaseConfig, create: bool = False, silence: int = READ_TIMEOUT
) -> Database:
    """What `open_database` opens. Raises the driver's peewee.PeeweeException, OSError, and
    DatabaseUnavailable where there is no SQLite file."""
    database = _sqlite(config, create) if config.engine == "sqlite" else _mariadb(config, silence)
    try:
        database.connect()
        database.value("SELECT 1")
    except (peewee.PeeweeException, OSError):
        database.close()
        raise
    return database


def cannot_open(config: DatabaseConfig, error: Exception) -> DatabaseUnavailable:
    """The error for a database that could not be opened, for whatever reason."""
    return DatabaseUnavailable(
        f"cannot open the database {where(config)}: {_cause(config, error)}."
        " Nothing was changed. Check section [database] of the configuration."
    )


def _cause(config: DatabaseConfig, error: Exception) -> str:
    if config.engine == "sqlite" and (found := why_not_writable(config.path)):
        return f"{safe(error)}; {found}"
    return safe(error)


def where(config: DatabaseConfig) -> str:
    """The database in words, without a secret."""
    if config.engine == "sqlite":
        return safe(config.path)
    place = config.socket or f"{config.host}:{config.port}"
    return safe(f"{config.name} on {place}")


def _sqlite(config: DatabaseConfig, create: bool) -> Database:
    if not create and not config.path.exists():
        raise DatabaseUnavailable(
            f"there is no database at {safe(config.path)}. Make one with `billdeck init`,"
            " or look at one with `billdeck demo`."
        )
    if sqlite3.sqlite_version_info < (3, 35):
        raise DatabaseUnavailable(
            f"SQLite 3.35 or newer is needed; this Python has {sqlite3.sqlite_version}."
        )
    pragmas = {
        "journal_mode": "wal",
        "synchronous": "full",
        "foreign_keys": 1,
        "busy_timeout": _SQLITE_BUSY_MS,
        "cache_size": -_SQLITE_CACHE_KIB,
        "temp_store": "memory",
    }
    handle = peewee.SqliteDatabase(
        str(config.path), pragmas=pragmas, lock_type="IMMEDIATE", autoconnect=False
    )
    return Database(handle, SQLITE)


def _mariadb(config: DatabaseConfig, silence: int) -> Database:
    from pymysql.constants import CLIENT

    options: dict[str, Any] = {
        "user": config.user,
        "password": config.password.reveal() if config.password else "",
        "connect_timeout": config.connect_timeout,
        "read_timeout": silence,
        "write_timeout": silence,
        "init_command": _MARIADB_SESSION,
        "client_flag": CLIENT.FOUND_ROWS,
        "local_infile": False,
    }
    if config.socket:
        options["unix_socket"] = str(config.socket)
    else:
        options.update(host=config.host, port=config.port)
    if config.tls_ca:
        options.update(ssl_ca=str(config.tls_ca), ssl_verify_cert=True, ssl_verify_identity=True)
    handle = peewee.MySQLDatabase(config.name, mariadb=True, autoconnect=False, **options)
    return Database(handle, MARIADB)
