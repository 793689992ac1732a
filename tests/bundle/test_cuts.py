"""An import cut at every statement: all of it or nothing, and once."""

from __future__ import annotations

from pathlib import Path

import peewee
import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.ledger.proof import prove
from tests.bundle.folders import (
    SUBSCRIBERS_HEADER,
    USAGE_HEADER,
    load,
    make_folder,
    rows_in_all,
)
from tests.ledger.cutting import Mode, cutting


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(
    mode: Mode, database: Database, database_config: DatabaseConfig, tmp_path: Path
) -> None:
    load(database, make_folder(tmp_path / "first"))
    connection = cutting(database_config)
    gone_on = 0
    for k in range(1, 100):
        people = f"{SUBSCRIBERS_HEADER}\na{k},,1,1,1,,,1,0,5,7\nb{k},,1,1,,,,,0,0,-2\n"
        folder = make_folder(
            tmp_path / f"cut{k}",
            plans=None, addons=None, services=None,
            groups=f"group,name,charge\ng{k},,yes\n",
            subscribers=people,
            usage=f"{USAGE_HEADER}\na{k},2026-10,1,{k},1\n",
        )  # fmt: skip
        before = rows_in_all(database)
        connection.arm(k, mode)
        try:
            load(connection, folder)
        except peewee.OperationalError:
            # Cut while it was still reading: nothing was written.
            assert rows_in_all(database) == before
            connection.close()
            connection = cutting(database_config)
            load(connection, folder)
        else:
            gone_on += connection.statements >= k
        # group, 2 subscribers, service, discount, usage, 2 entries, 4 postings, audit
        assert rows_in_all(database) == before + 13
        assert prove(database) == []
        if 0 < connection.statements < k:
            break
    else:
        pytest.fail("the cuts never ended")
    assert gone_on >= 15
    connection.close()
