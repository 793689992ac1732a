"""`billdeck init`, `migrate`, `schema`, `check`, `backup`."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.backup import back_up
from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.errors import InputError
from engine.schema import create, schema_text
from tests.cli.conftest import Shell
from tests.servers.mariadb import MariaDBServer


def part(shell: Shell, name: str) -> list[str]:
    """What `check` finds wrong with one part."""
    answer = shell("--json", "check", name)
    (found,) = answer.json["checks"]
    assert answer.status == (1 if found["problems"] else 0)
    assert answer.json["ok"] is found["ok"] is not bool(found["problems"])
    problems: list[str] = found["problems"]
    return problems


def test_init_then_all_is_well(empty: Shell, database_config: DatabaseConfig) -> None:
    answer = empty("init")
    assert (answer.status, answer.err) == (0, "")
    assert "Created the schema" in answer.out
    checked = empty("check")
    assert checked.status == 0
    assert [line for line in checked.out.splitlines() if not line.startswith(" ")] == [
        "config: ok",
        "database: ok",
        "ledger: ok",
        "balances: ok",
        "nas: ok",
    ]
    again = empty("init")
    assert again.status == 2
    assert "not empty" in again.err
    if database_config.engine == "sqlite":
        assert stat.S_IMODE(database_config.path.stat().st_mode) == 0o600


def test_init_makes_the_folder_private(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = DatabaseConfig(engine="sqlite", path=tmp_path / "deep" / "billing.db")
    assert Shell(config_file(config), capsys)("init").status == 0
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def test_init_where_nobody_may_write(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    config = DatabaseConfig(engine="sqlite", path=tmp_path / "file" / "billing.db")
    answer = Shell(config_file(config), capsys)("init")
    assert answer.status == 2
    assert "cannot make the database file" in answer.err


def test_migrate_has_nothing_to_do(shell: Shell, empty: Shell) -> None:
    answer = shell("migrate")
    assert (answer.status, answer.out) == (0, "The schema is up to date.\n")
    assert shell("migrate", "--json").json == {"applied": []}


@pytest.mark.parametrize("engine", ["sqlite", "mariadb"])
def test_schema(shell: Shell, engine: str) -> None:
    assert shell("schema", "--engine", engine).out == schema_text(engine)
    assert shell("schema", "--engine", engine, "--json").json["schema"] == schema_text(engine)


def test_check_without_tables(empty: Shell, database_config: DatabaseConfig) -> None:
    if database_config.engine == "sqlite":
        assert "no database" in part(empty, "database")[0]
        database_config.path.touch()
    assert "no billdeck tables" in part(empty, "database")[0]
    assert "no billdeck tables" in part(empty, "ledger")[0]


def test_check_names_a_bad_configuration(shell: Shell) -> None:
    shell.configure("[billing]\ntimezone = Mars/Base")
    assert "timezone" in part(shell, "config")[0]
    answer = shell("check")
    assert answer.status == 1
    assert "WRONG:" in answer.out


def test_check_shows_no_password(shell: Shell, tmp_path: Path) -> None:
    answer = shell("check", "config", "--verbose")
    assert "[billing] currency = RUB (default)" in answer.out
    assert "a test's own" not in answer.out


def test_check_misses_a_trigger_and_an_index(shell: Shell, books: Database) -> None:
    books.execute("DROP TRIGGER posting_no_delete")
    on_table = " ON audit" if books.dialect.name == "mariadb" else ""
    books.execute(f"DROP INDEX audit_object{on_table}")
    found = part(shell, "database")
    assert any("trigger posting_no_delete is missing" in problem for problem in found)
    assert any("index audit_object is missing" in problem for problem in found)
    assert len(found) == 2


def test_check_misses_a_table(shell: Shell, books: Database) -> None:
    books.execute("DROP TABLE late_usage")
    assert any("table late_usage is missing" in problem for problem in part(shell, "database"))


def test_check_proves_the_ledger(ivan: Shell, books: Database) -> None:
    ivan("payment", "ivan", "5")
    assert part(ivan, "ledger") == []
    books.execute("UPDATE account SET balance = 501 WHERE id = 1000")
    (problem,) = part(ivan, "ledger")
    assert "5.01" in problem
    answer = ivan("check", "ledger")
    assert answer.status == 1
    assert "ledger: 1 problem\n" in answer.out


def test_a_damaged_file_is_named(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "billing.db"
    path.write_bytes(b"this is no database" * 100)
    shell = Shell(config_file(DatabaseConfig(engine="sqlite", path=path)), capsys)
    assert "cannot open the database" in part(shell, "database")[0]
    assert shell("jobs").status == 1


def test_backup(
    ivan: Shell,
    books: Database,
    tmp_path: Path,
    database_config: DatabaseConfig,
    new_database: Callable[[str], DatabaseConfig],
) -> None:
    """What was copied is a whole database with everything in it."""
    ivan("payment", "ivan", "5", "--comment", "Ёлка")
    target = tmp_path / "copy"
    answer = ivan("backup", str(target), "--json")
    assert (answer.status, answer.err) == (0, "")
    assert answer.json == {"file": str(target), "bytes": target.stat().st_size}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".billdeck-*"))
    restored = new_database(database_config.engine)
    if database_config.engine == "sqlite":
        target.rename(restored.path)
    else:
        load(restored, target)
    copy = open_database(restored)
    try:
        assert copy.value("SELECT balance FROM account WHERE id = 1000") == 500
        assert copy.value("SELECT comment FROM journal_entry") == "Ёлка"
        with pytest.raises(Exception, match="never changed"):
            copy.execute("UPDATE posting SET amount = 0")
    finally:
        copy.close()


def load(config: DatabaseConfig, dump: Path) -> None:
    """Reads a dump with MariaDB's own client."""
    assert config.password is not None
    with dump.open("rb") as stream:
        subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={config.socket}", f"--user={config.user}",
             f"--password={config.password.reveal()}", config.name],
            stdin=stream,
            check=True,
        )  # fmt: skip


def test_a_backup_overwrites_nothing(shell: Shell, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.write_text("precious", encoding="utf-8")
    answer = shell("backup", str(target))
    assert answer.status == 2
    assert "exists" in answer.err
    assert target.read_text(encoding="utf-8") == "precious"
    target.unlink()
    target.symlink_to(tmp_path / "elsewhere")
    assert shell("backup", str(target)).status == 2
    assert shell("backup", str(tmp_path / "no" / "folder")).status == 2


def test_a_backup_where_nobody_may_look(
    shell: Shell,
    books: Database,
    tmp_path: Path,
    database_config: DatabaseConfig,
    as_nobody: Callable[[], AbstractContextManager[None]],
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    refusal = r"cannot write into the folder.*Permission denied"
    with as_nobody(), pytest.raises(InputError, match=refusal):
        back_up(books, database_config, folder / "copy")
    folder.chmod(0o700)
    assert list(folder.iterdir()) == []


def test_a_backup_with_a_name_that_cannot_be(shell: Shell, tmp_path: Path) -> None:
    for target in (tmp_path / ("x" * 300), tmp_path / ("x" * 300) / "copy"):
        answer = shell("backup", str(target))
        assert (answer.status, answer.out) == (2, "")
        assert "File name too long" in answer.err
    assert not list(tmp_path.glob(".billdeck-*"))


def test_a_backup_while_another_writes(shell: Shell, books: Database, tmp_path: Path) -> None:
    """A transaction that is open is not in the copy, and does not stop it."""
    with books.transaction():
        books.execute("UPDATE plan SET name = 'half done'")
        assert shell("backup", str(tmp_path / "copy")).status == 0
    if books.dialect.name == "sqlite":
        copy = sqlite3.connect(tmp_path / "copy")
        assert copy.execute("SELECT COUNT(*) FROM plan WHERE name = 'half done'").fetchone() == (0,)
        copy.close()
    else:
        assert b"half done" not in (tmp_path / "copy").read_bytes()


@pytest.mark.mariadb
def test_without_the_dump_program(
    shell: Shell, database_config: DatabaseConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = shell("backup", str(tmp_path / "copy"))
    if database_config.engine == "sqlite":
        assert answer.status == 0
    else:
        assert answer.status == 2
        assert "mariadb-client" in answer.err
        assert not (tmp_path / "copy").exists()


def test_check_of_a_database_without_our_tables(
    empty: Shell, database_config: DatabaseConfig
) -> None:
    database = open_database(database_config, create=True)
    database.execute("CREATE TABLE another_program (id BIGINT PRIMARY KEY)")
    database.close()
    answer = empty("--json", "check", "all")
    assert answer.status == 1
    checks = {one["part"]: one["problems"] for one in answer.json["checks"]}
    assert checks.pop("config") == checks.pop("nas") == []
    assert list(checks) == ["database", "ledger", "balances"]
    assert all("billdeck init" in problems[0] for problems in checks.values())


@pytest.mark.mariadb
def test_init_by_a_user_who_may_not_drop_can_be_tried_again(
    new_database: Callable[[str], DatabaseConfig], mariadb_server: MariaDBServer
) -> None:
    config = new_database("mariadb")
    administrator = mariadb_server.connect(root=True)
    with administrator.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER maker@localhost IDENTIFIED BY 'his'")
        cursor.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, INDEX, REFERENCES"
            f" ON {config.name}.* TO maker@localhost"
        )
        database = open_database(replace(config, user="maker", password=Secret("his")))
        with pytest.raises(InputError, match=r"\(DROP\).*but for the empty table"):
            create(database)
        cursor.execute(f"GRANT ALL ON {config.name}.* TO maker@localhost")
        database.close()
        database.connect()
        create(database)
        assert not [name for name in database.handle.get_tables() if "probe" in name]
        database.close()
        cursor.execute("DROP USER maker@localhost")
    administrator.close()


@pytest.mark.mariadb
def test_init_that_was_cut_off_is_begun_anew(
    new_database: Callable[[str], DatabaseConfig],
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = new_database("mariadb")
    shell = Shell(config_file(config), capsys)
    for last in (1, 3, 30):
        database = open_database(config)
        with monkeypatch.context() as patch:
            patch.setattr(database, "execute", _cut_off_after(last, database.execute))
            with pytest.raises(KeyboardInterrupt):
                create(database)
        database.close()
        assert "run it again" in shell("jobs").err
        assert "run it again" in part(shell, "database")[0]
    assert shell("init").status == 0
    assert part(shell, "database") == []


def _cut_off_after(tables: int, execute: Callable[..., Any]) -> Callable[..., Any]:
    """`execute` until this many tables and other things were made."""
    left = [tables]

    def cut(sql: str, parameters: Sequence[Any] = ()) -> Any:
        left[0] -= sql.startswith("CREATE") and "probe" not in sql
        if left[0] < 0:
            raise KeyboardInterrupt
        return execute(sql, parameters)

    return cut
