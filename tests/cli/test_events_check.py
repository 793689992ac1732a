"""`billdeck check config` about events, which asks no provider and needs no database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import DatabaseConfig
from tests.cli.conftest import Shell


@pytest.fixture
def shell(
    tmp_path: Path,
    config_file: Callable[[DatabaseConfig], Path],
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """A shell without a database."""
    return Shell(config_file(DatabaseConfig("sqlite", tmp_path / "none.db")), capsys)


def test_check_config_names_what_is_wrong(shell: Shell) -> None:
    shell.configure("[events]\nmode = on\npayment = notice, session-drop\n")
    shell.configure("[notices]\nsms = smsc\n[texts ru]\npayment = {{ summa }}\n")
    answer = shell("check", "config")
    assert answer.status == 1
    assert "config: 3 problems" in answer.out
    assert "WRONG: [notices] sms = smsc, but smsc is not set up" in answer.out
    assert "WRONG: [events] payment drops sessions" in answer.out
    assert "WRONG: [texts ru] payment: the template names 'summa'" in answer.out
    assert "text refund: Со счета #ivan" in shell("check", "config", "--verbose").out


def test_the_other_parts_are_checked_all_the_same(shell: Shell) -> None:
    shell.configure("[texts ru]\npayment = {{ summa }}\n")
    parts = {one["part"] for one in shell("--json", "check").json["checks"]}
    assert parts == {"config", "database", "ledger", "balances", "nas"}
