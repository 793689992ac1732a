"""Where MikBill has the money nobody is reminded by billdeck's own balances: they are all 0."""

from __future__ import annotations

import pytest

from engine.database import Database
from jobs.registry import read_config, schedules
from tests.cli.conftest import Shell

MIKBILL = "[mikbill]\nsocket = /run/mysqld/none.sock\nsince = 2026-01-01\n"


@pytest.mark.parametrize(("more", "kind"), [("", "daily"), (MIKBILL, "off")])
def test_who_is_reminded(ivan: Shell, books: Database, more: str, kind: str) -> None:
    with books.transaction():
        books.execute("UPDATE plan SET monthly_fee = 500000000")
    ivan.configure(f"[events]\nmode = on\n[notices]\nsms = smspilot\nreminder_days = 27\n{more}")
    known = ("--phone", "8 999 123-45-67", "--active-since", "2026-10-01")
    assert ivan("subscriber", "set", "ivan", *known).status == 0
    answer = ivan("run", "payment-reminders", "--yes")
    assert answer.status == 0
    assert ("MikBill" in answer.out) == bool(more)
    reminded = books.integer("SELECT COUNT(*) FROM event WHERE kind = 'reminder'")
    assert (reminded > 0) != bool(more)
    assert schedules(read_config(ivan.config_file))["payment-reminders"].kind == kind
