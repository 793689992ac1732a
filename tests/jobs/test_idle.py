"""A daemon with nothing to do leaves its database alone: counted by the server itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.database import Database
from tests.jobs.conftest import StartHost
from tests.jobs.test_notify import Manager

BEATS = 12
MOST_A_BEAT = 4


def sent(books: Database) -> int:
    """The statements that the server has been sent, with this one."""
    found = books.row("SHOW GLOBAL STATUS LIKE 'Questions'")
    assert found is not None
    return int(found[1])


@pytest.mark.mariadb
@pytest.mark.parametrize("engine_name", ["mariadb"])
@pytest.mark.heavy
def test_few_statements_a_beat(books: Database, new_host: StartHost, tmp_path: Path) -> None:
    """A beat is half a second; each of them is told to the watchdog. The daily and the monthly job
    have their schedules, and the daemon says every five seconds that it is there."""
    manager = Manager(str(tmp_path / "notify"))
    new_host(
        schedule={"month-close": "monthly 1 00:01", "housekeeping": "daily 04:20"},
        environ={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "60000000"},
    ).start()
    for _ in range(4):
        manager.until("WATCHDOG=1")
    before = sent(books)
    for _ in range(BEATS):
        manager.until("WATCHDOG=1")
    asked = sent(books) - before - 1
    assert BEATS <= asked <= BEATS * MOST_A_BEAT
    manager.close()
