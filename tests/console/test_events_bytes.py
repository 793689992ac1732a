"""What the events cost on the line: a step, a page, and nothing at all while nothing changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.driving import config
from tests.console.office import open_books
from tests.console.terminal import Terminal
from tests.queries import action_books

DOWN, PAGE_DOWN, TAB = "\x1b[B", "\x1b[6~", "\t"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The view on some hundred actions, painted."""
    settings = config(tmp_path)
    database = open_books(settings)
    action_books.fill(database, 1)
    database.close()
    command = [sys.executable, "-m", "tests.console.balances_app", str(settings.database.path)]
    environ = {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    with Terminal([*command, "events"], (160, 45), environ) as opened:
        opened.until(b"row 1 of")
        opened.until_quiet(0.3)
        yield opened


def test_a_step_and_a_page_cost_little(terminal: Terminal) -> None:
    terminal.send(DOWN)
    terminal.until_quiet(0.3)
    for key, most in ((DOWN, 1_500), (PAGE_DOWN, 16_384)):
        costs = []
        for _ in range(5):
            terminal.send(key)
            costs.append(len(terminal.until_quiet(0.1)))
        assert all(0 < cost <= most for cost in costs), costs


def test_idle_costs_nothing_though_it_is_read_again_each_second(terminal: Terminal) -> None:
    assert terminal.written_within(2.3) == b""
    terminal.send("\r")
    terminal.until(b"our name")
    terminal.until_quiet(0.5)
    assert terminal.written_within(2.3) == b""


def test_going_through_the_counts_costs_their_lines_only(terminal: Terminal) -> None:
    terminal.send(TAB)
    terminal.until_quiet(0.2)
    terminal.send("h")
    assert 0 < len(terminal.until_quiet(0.2)) <= 1_500
