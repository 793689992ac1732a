"""What `billdeck check database` says of rights, and of a disk without room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.schema import create
from tests.cli.conftest import Shell
from tests.cli.test_upkeep import part
from tests.servers.mariadb import MariaDBServer

NOBODY = 65534


@pytest.mark.mariadb
def test_check_by_a_user_who_may_only_read(
    new_database: Callable[[str], DatabaseConfig],
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
    mariadb_server: MariaDBServer,
) -> None:
    """Such a user finds no trigger in information_schema, whether or not there is one."""
    config = new_database("mariadb")
    owner = open_database(config)
    create(owner)
    administrator = mariadb_server.connect(root=True)
    with administrator.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER reader@localhost IDENTIFIED BY 'hers'")
        cursor.execute(f"GRANT SELECT ON {config.name}.* TO reader@localhost")
        shell = Shell(config_file(replace(config, user="reader", password=Secret("hers"))), capsys)
        assert part(shell, "database") == []
        assert "lacks the right TRIGGER" in shell("check", "database").out
        owner.execute("DROP TRIGGER posting_no_delete")
        (problem,) = part(shell, "database")
        assert "trigger posting_no_delete is missing" in problem
        cursor.execute("DROP USER reader@localhost")
    administrator.close()
    owner.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users may enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="billdeck-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """For a while not root, who may write everywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def made_by_another_process(path: Path) -> None:
    """Makes the database. SQLite uses a file that its process has open already, whoever it is by
    then; so that must not be this one."""
    code = (
        "import sys; from pathlib import Path; from engine.config import DatabaseConfig;"
        "from engine.database import open_database; from engine.schema import create;"
        "create(open_database(DatabaseConfig(engine='sqlite', path=Path(sys.argv[1])), True))"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=True)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_check_names_what_cannot_be_written(
    place: Path,
    what: str,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = place / "billing.db"
    made_by_another_process(path)
    file = place / "config.ini"
    shutil.copy(config_file(DatabaseConfig(engine="sqlite", path=path)), file)
    file.chmod(0o644)
    path.chmod(0o666)
    shell = Shell(file, capsys)
    assert part(shell, "database") == []
    locked = place if what == "folder" else path
    locked.chmod(0o555 if what == "folder" else 0o444)
    with ordinary_user():
        (problem,) = part(shell, "database")
    locked.chmod(0o777)
    assert "attempt to write a readonly database" in problem
    assert f"the {what} {locked} is not writable for the user" in problem


def test_check_of_a_database_that_is_being_written(
    shell: Shell, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.database._SQLITE_BUSY_MS", 1)
    with books.transaction():
        books.execute("UPDATE account SET balance = balance")
        assert part(shell, "database") == []


def test_check_names_a_full_disk(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = DatabaseConfig(engine="sqlite", path=tmp_path / "billing.db")
    shell = Shell(config_file(config), capsys)
    assert shell("init").status == 0
    monkeypatch.setattr("engine.file_rights._LEAST_FREE_MB", 10**12)
    (problem,) = part(shell, "database")
    assert "MB left: make room" in problem
