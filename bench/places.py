"""Databases for the benchmarks: where they are, how they are made anew, how to open them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.data import fill
from engine import schema
from engine.config import Config, DatabaseConfig, Secret, load_config
from engine.database import open_database
from engine.dialect import SQLITE
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer

Where = dict[str, str]
"""`engine` and `path`, or `engine`, `socket` and `name`: it can be handed to another process."""


@contextmanager
def places(engine: str, folder: Path, names: Sequence[str]) -> Iterator[list[Where]]:
    """Databases of these names to work in: files in `folder`, or on a private MariaDB server, which
    ends with it."""
    if engine == "sqlite":
        yield [{"engine": "sqlite", "path": str(folder / f"{name}.db")} for name in names]
        return
    with MariaDBServer() as server:
        for name in names:
            server.create_database(name)
        yield [{"engine": "mariadb", "socket": str(server.socket), "name": name} for name in names]


def config_of(where: Where) -> Config:
    """The built-in configuration with this database."""
    path = Path(where.get("path", os.devnull))
    socket = Path(where["socket"]) if "socket" in where else None
    database = DatabaseConfig(
        engine="mariadb" if socket else "sqlite",
        path=path,
        socket=socket,
        name=where.get("name", ""),
        user=USER,
        password=Secret(PASSWORD),
    )
    return dataclasses.replace(load_config(environ={}), database=database)


def write_config(where: Where, file: Path) -> None:
    """Writes the configuration file with which `billdeck` opens this database."""
    settings = dict(where)
    if where["engine"] == "mariadb":
        settings |= {"user": USER, "password": PASSWORD}
    lines = ["[database]", *(f"{key} = {value}" for key, value in settings.items())]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_anew(where: Where, size: int) -> None:
    """Makes a database anew, with `size` subscribers."""
    config = config_of(where).database
    if config.engine == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(f"{config.path}{suffix}").unlink(missing_ok=True)
    database = open_database(config, create=True)
    if database.dialect is not SQLITE:
        database.execute("SET foreign_key_checks = 0")
        for table in database.handle.get_tables():
            database.execute(f"DROP TABLE {table}")
        database.execute("SET foreign_key_checks = 1")
    schema.create(database)
    fill(database, size)
    if database.dialect is SQLITE:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def peak_memory_mb(process: int | str = "self") -> int:
    """Of this process alone: what getrusage tells begins with the parent's."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024
