"""What the balances cost on the line: a step down, and nothing at all while nothing changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.driving import config
from tests.console.office import open_books
from tests.console.terminal import Terminal
from tests.queries import numbers

DOWN, ESCAPE = "\x1b[B", "\x1b"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The view on a few hundred numbers, painted."""
    settings = config(tmp_path)
    database = open_books(settings)
    numbers.fill(database, 1)
    database.close()
    command = [sys.executable, "-m", "tests.console.balances_app", str(settings.database.path)]
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    with Terminal(command, (160, 45), environ) as opened:
        opened.until(b"row 1 of")
        opened.until_quiet(0.3)
        yield opened


def test_a_step_costs_little(terminal: Terminal) -> None:
    costs = []
    for _ in range(8):
        terminal.send(DOWN)
        costs.append(len(terminal.until_quiet(0.1)))
    # Two rows and the position.
    assert all(0 < cost <= 1_500 for cost in costs)


def test_idle_costs_nothing_though_it_is_read_again_each_second(terminal: Terminal) -> None:
    assert terminal.written_within(2.3) == b""
    terminal.send("\r")
    terminal.until(b"14 days")
    terminal.until_quiet(0.5)
    assert terminal.written_within(2.3) == b""


def test_other_days_cost_the_chart_only(terminal: Terminal) -> None:
    terminal.send("\r")
    terminal.until(b"14 days")
    terminal.until_quiet(0.5)
    terminal.send("t")
    assert 0 < len(terminal.until_quiet(0.2)) <= 8_000
