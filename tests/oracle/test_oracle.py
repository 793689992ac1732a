"""Three months closed by the commands of an operator, and each charge as the oracle has it."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.main import main
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.period import Period, parse_when
from tests.oracle.operator import DIRECTIONS, make_operator, write_bundle
from tests.oracle.second_opinion import Charge, charges

# 30 days, 31 days, and a change of the year.
PERIODS = (Period(2026, 11), Period(2026, 12), Period(2027, 1))
NOW = parse_when("2027-02-10T12:00:00", ZoneInfo("Europe/Moscow"))
SUBSCRIBERS = 400


@pytest.fixture
def settings(
    database_config: DatabaseConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leads the commands to the fresh database."""
    file = tmp_path / "config.ini"
    file.touch(mode=0o600)
    lines = ["[database]", f"engine = {database_config.engine}"]
    if database_config.engine == "sqlite":
        lines.append(f"path = {database_config.path}")
    else:
        assert database_config.password is not None
        lines += [
            f"socket = {database_config.socket}",
            f"name = {database_config.name}",
            f"user = {database_config.user}",
            f"password = {database_config.password.reveal()}",
        ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("BILLDECK_CONFIG", str(file))


def test_every_charge_is_as_the_oracle_has_it(settings: None, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # shown when the test fails
    operator = make_operator(seed, SUBSCRIBERS, PERIODS)
    write_bundle(operator, tmp_path / "bundle")
    _billdeck("init")
    _billdeck("import", str(tmp_path / "bundle"), "--first-period", str(PERIODS[0]))
    for period, expected in charges(operator).items():
        _billdeck("run", "month-close", "--period", str(period), "--late", "--accept-failures")
        out = tmp_path / f"{period}.csv"
        _billdeck("export", "charges", "--period", str(period), "--out", str(out))
        found = _read(out)
        assert found.keys() == expected.keys(), f"seed {seed}, {period}"
        wrong = {login: (found[login], charge) for login, charge in expected.items()
                 if found[login] != charge}  # fmt: skip
        assert not wrong, f"seed {seed}, {period}"
        statuses = {charge.status for charge in expected.values()}
        assert statuses == {"charged", "exempt", "not_started", "failed"}
    _billdeck("check", "ledger")


def _billdeck(*words: str) -> None:
    assert main(list(words), FixedClock(NOW)) == 0, words


def _read(file: Path) -> dict[str, Charge]:
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            row["login"]: Charge(
                row["status"],
                row["amount"],
                row["plan_after"],
                row["addon_after"],
                row["block"],
                tuple(row[f"dir{n}_carried_bytes"] for n in DIRECTIONS),
            )
            for row in csv.DictReader(lines)
        }
