"""The restore of docs/operate.md on a cluster: done on one node, it reaches the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backup import back_up
from engine.database import open_database
from tests.close.books import OCTOBER
from tests.close.looks import Look
from tests.cluster.places import Places
from tests.cluster.test_close import run
from tests.deploy.pages import Machine, blocks

pytestmark = [pytest.mark.heavy, pytest.mark.mariadb]


def test_a_restore_on_one_node_reaches_all(crowd: Places, crowd_look: Look, tmp_path: Path) -> None:
    run(crowd.configs[0])
    database = open_database(crowd.configs[1])
    back_up(database, crowd.configs[1], tmp_path / "backup.sql")
    database.close()
    root = ["--no-defaults", f"--socket={crowd.nodes[2].socket}", "--user=root"]
    machine = Machine(tmp_path, config_file(crowd, tmp_path), root)
    name = crowd.configs[0].name
    (restore,) = [block for block in blocks("operate.md", "Backup and restore") if "<" in block]
    restore = restore.replace("DATABASE billdeck", f"DATABASE {name}")
    restore = restore.replace("mariadb billdeck", f"mariadb {name}")
    restore = restore.replace("--triggers billdeck", f"--triggers {name}")
    said = machine.run(f"backup={tmp_path / 'backup.sql'}", restore)
    assert "ledger: ok" in said
    crowd.prove_close(OCTOBER, crowd_look)


def config_file(places: Places, folder: Path) -> Path:
    """The configuration of the host whose node is the first."""
    where = places.configs[0]
    assert where.password is not None
    lines = ["[database]", "engine = mariadb", f"socket = {where.socket}", f"name = {where.name}"]
    file = folder / "config.ini"
    file.touch(mode=0o600)
    file.write_text("\n".join([*lines, f"password = {where.password.reveal()}"]) + "\n")
    return file
