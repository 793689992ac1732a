"""`billdeck init` where the server lets only administrators make triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config import DatabaseConfig, Secret
from tests.cli.conftest import Shell
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer, why_missing

pytestmark = pytest.mark.mariadb


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDBServer]:
    """A server with a binary log."""
    reason = why_missing()
    if reason is not None:
        pytest.skip(f"MariaDB: {reason}")
    with MariaDBServer(log_bin=True) as server:
        server.create_database("books")
        yield server


def test_init_says_what_to_set_and_then_works(
    server: MariaDBServer,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    where = DatabaseConfig(
        engine="mariadb",
        path=tmp_path,
        socket=server.socket,
        name="books",
        user=USER,
        password=Secret(PASSWORD),
    )
    shell = Shell(config_file(where), capsys)
    refused = shell("init")
    assert refused.status == 2
    assert "SET GLOBAL log_bin_trust_function_creators = 1" in refused.err
    assert "Nothing was changed" in refused.err
    root = server.connect(root=True)
    with root.cursor() as cursor:
        cursor.execute("SET GLOBAL log_bin_trust_function_creators = 1")
    root.close()
    assert shell("init").status == 0
