"""The connection to MikBill's database: it reads, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from engine.errors import DatabaseUnavailable
from engine.mikbill.settings import MikbillConfig
from engine.text import safe

_SYNTAX = 1064


class MikbillUnavailable(DatabaseUnavailable):
    """MikBill's database cannot be read (exit status 1). What was not taken from it stays there."""


class MikbillReader:
    """Reads MikBill's tables, all statements since `look_anew` as of one moment. Errors of the
    driver are MikbillUnavailable."""

    def __init__(self, config: MikbillConfig, connection: Any) -> None:
        self._config = config
        self._connection = connection

    def look_anew(self) -> None:
        """From now on the tables are seen as they are at this moment."""
        self.rows("ROLLBACK")
        self.rows("START TRANSACTION WITH CONSISTENT SNAPSHOT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement with `?` for parameters."""
        import pymysql

        try:
            with self._connection.cursor() as cursor:
                text = sql.replace("%", "%%").replace("?", "%s")
                cursor.execute(text, tuple(parameters))
                return list(cursor.fetchall())
        except (pymysql.Error, OSError) as error:
            raise _unavailable(self._config, error) from None

    @cached_property
    def has_states(self) -> bool:
        """Whether all subscribers stand in one table with their state; in older versions of MikBill
        each state has a table of its own."""
        return bool(
            self.rows(
                "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE()"
                " AND table_name = 'users' AND column_name = 'state'"
            )
        )


@contextmanager
def open_mikbill(config: MikbillConfig) -> Iterator[MikbillReader]:
    """Connects for reading. Raises MikbillUnavailable."""
    import pymysql

    options: dict[str, Any] = {"unix_socket": str(config.socket)}
    if config.host is not None:
        options = {"host": config.host, "port": config.port}
    if config.tls_ca:
        options.update(ssl_ca=str(config.tls_ca), ssl_verify_cert=True, ssl_verify_identity=True)
    try:
        connection = pymysql.connect(
            user=config.user,
            password=config.password.reveal() if config.password else "",
            database=config.name,
            charset="utf8mb4",
            connect_timeout=config.timeout,
            read_timeout=config.timeout,
            write_timeout=config.timeout,
            local_infile=False,
            **options,
        )
    except (pymysql.Error, OSError) as error:
        raise _unavailable(config, error) from None
    try:
        reader = MikbillReader(config, connection)
        _let_it_only_read(reader, connection)
        reader.look_anew()
        yield reader
    finally:
        with suppress(pymysql.Error, OSError):
            connection.close()


def _let_it_only_read(reader: MikbillReader, connection: Any) -> None:
    import pymysql

    try:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
    except pymysql.ProgrammingError as error:
        # A server from before 2013 knows no such transaction; there the user's rights must do.
        if error.args[0] != _SYNTAX:
            raise _unavailable(reader._config, error) from None
    except (pymysql.Error, OSError) as error:
        raise _unavailable(reader._config, error) from None


def _unavailable(config: MikbillConfig, error: Exception) -> MikbillUnavailable:
    place = config.socket or f"{config.host}:{config.port}"
    return MikbillUnavailable(
        f"cannot read MikBill's database {safe(f'{config.name} on {place}')}: {safe(error)}."
        " Nothing is lost: what was not taken from it is taken by the next event of the subscriber"
        " or by the job mikbill-import. Check section [mikbill] of the configuration."
    )
