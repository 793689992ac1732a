"""The cluster itself: its nodes hold the same, and outlive each other's death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.database import open_database
from engine.errors import DatabaseUnavailable
from engine.retry import open_patiently
from tests.cluster.places import Places
from tests.servers.test_mariadb_server import _lives, ends_soon

pytestmark = [pytest.mark.heavy, pytest.mark.mariadb]

INSERT = "INSERT INTO addon (code, name, monthly_fee) VALUES (?, ?, 0)"
CODES = "SELECT code FROM addon ORDER BY code"


def add(places: Places, node: int, code: str) -> None:
    database = open_database(places.configs[node])
    with database.transaction():
        database.execute(INSERT, (code, code))
    database.close()


def codes(places: Places, node: int) -> list[str]:
    database = open_database(places.configs[node])
    found = [code for (code,) in database.rows(CODES)]
    database.close()
    return found


def test_what_one_node_writes_all_have_at_once(places: Places) -> None:
    """With wsrep_sync_wait = 1 nobody reads less than what was told before, wherever."""
    for number in range(60):
        add(places, number % 3, f"tv{number:02}")
        for node in (0, 1, 2):
            assert len(codes(places, node)) == number + 1


def listening(pid: int) -> set[str]:
    """The addresses that a process listens on, as the kernel writes them: in hexadecimal."""
    sockets = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                found.add(words[1].partition(":")[0])
    return found


def test_they_listen_on_loopback_only(places: Places) -> None:
    for node in places.nodes:
        assert listening(int((node.folder / "pid").read_text())) == {"0100007F"}


def test_a_killed_node_is_left_and_comes_back(places: Places) -> None:
    first, second, third = places.nodes
    add(places, 0, "before")
    first.kill()
    for node in (second, third):
        node.wait_for(2)
    add(places, 1, "meanwhile")
    first.start()
    places.cluster.settle()
    assert codes(places, 0) == ["before", "meanwhile"]


def test_a_node_that_hangs_is_left_and_comes_back(places: Places) -> None:
    first, second, _ = places.nodes
    first.freeze()
    second.wait_for(2)
    add(places, 1, "meanwhile")
    first.thaw()
    places.cluster.settle()
    assert codes(places, 0) == ["meanwhile"]


def test_a_node_without_the_others_answers_nothing_and_is_waited_for(places: Places) -> None:
    first, *others = places.nodes
    add(places, 0, "before")
    for node in others:
        node.freeze()
    first.wait_for(0, primary=False)
    with pytest.raises(DatabaseUnavailable):
        codes(places, 0)
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        for node in others:
            node.thaw()

    database = open_patiently(places.configs[0], on_wait=note)
    assert notes
    assert database.rows(CODES) == [("before",)]
    database.close()
    places.cluster.settle()


def test_nothing_is_left_when_its_owner_is_killed(places: Places) -> None:
    script = (
        "import signal\n"
        "from tests.servers.galera import GaleraCluster\n"
        "cluster = GaleraCluster(2)\n"
        "cluster.start()\n"
        "for node in cluster.nodes:\n"
        "    print((node.folder / 'pid').read_text().strip(), node.folder, flush=True)\n"
        "signal.pause()\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert owner.stdout is not None
    nodes = [owner.stdout.readline().split() for _ in range(2)]
    assert all(_lives(int(pid)) for pid, _ in nodes)
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    for pid, folder in nodes:
        assert ends_soon(lambda pid=pid: not _lives(int(pid)))
        assert ends_soon(lambda folder=folder: not Path(folder).exists())
