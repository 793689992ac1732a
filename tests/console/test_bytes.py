"""What reaches a real terminal: nothing of hostile data, and no more bytes than promised."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.driving import config
from tests.console.grid import OURS
from tests.console.people import HOSTILE
from tests.console.terminal import Terminal

DOWN, PAGE_DOWN, ESCAPE = "\x1b[B", "\x1b[6~", "\x1b"


def _open(folder: Path, what: str, size: tuple[int, int] = (160, 45)) -> Terminal:
    config(folder)
    program = str(Path(__file__).with_name("terminal_app.py"))
    return Terminal(
        [sys.executable, program, str(folder / "billing.db"), what, str(folder / "control")],
        size,
        {"XDG_STATE_HOME": str(folder / "state"), "HOME": str(folder)},
    )


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A console of a million people that has painted itself."""
    with _open(tmp_path, "people") as opened:
        opened.until(b"row 1 of")
        yield opened


def foreign(written: bytes) -> list[str]:
    """What may do something to a terminal and is not Textual's own: loose control characters, and
    the hostile ones of the names, also where they look like Textual's."""
    text = written.decode("utf-8")
    rest = OURS.sub("", text).replace("\n", "").replace("\r", "")
    loose = [char for char in rest if unicodedata.category(char)[0] == "C"]
    return loose + [part for part in _HOSTILE_PARTS if part in text]


# A hostile character with what stands around it.
_HOSTILE_PARTS = [
    line[place - 3 : place + 2]
    for line in HOSTILE
    for place, char in enumerate(line)
    if place >= 3 and unicodedata.category(char) in ("Cc", "Cf") and "\n" not in line
]


def test_nothing_of_a_hostile_name_reaches_the_terminal(tmp_path: Path) -> None:
    with _open(tmp_path, "hostile") as terminal:
        written = terminal.until(b"row 1 of")
        # Along all rows and columns, copied, marked, in the menu.
        for keys in ("l", "l", "l", "l", "l", "l", *[DOWN] * len(HOSTILE), "y", "Y", " ", PAGE_DOWN,
                     "x", "o", ESCAPE, "?", ESCAPE):  # fmt: skip
            terminal.send(keys)
            written += terminal.until_quiet(0.06)
    assert b"closing [/b] tag" in written
    assert b"[@click=app.bell]press[/]" in written
    assert rb"title \x1b]0;owned\x07 set" in written
    assert "漢字".encode() in written
    assert foreign(written) == []
    assert b"owned\x07" not in written
    assert b"\x1b]0" not in written


def test_the_check_of_hostile_bytes_can_fail() -> None:
    assert foreign("\x1b[1;1H\x1b[0m Иван".encode()) == []
    for text in HOSTILE[3:8]:
        assert foreign(text.encode("utf-8")) != []


def test_only_what_changed_of_a_line_is_sent(terminal: Terminal) -> None:
    """The first line ends with what comes and goes; the views before it stay."""
    terminal.send("p")
    written = terminal.until(b"paused")
    assert b"Overview" not in written
    assert len(written) <= 384


def test_a_step_costs_little(terminal: Terminal) -> None:
    costs = []
    for _ in range(8):
        terminal.send(DOWN)
        costs.append(len(terminal.until_quiet(0.1)))
    # Two rows and the position.
    assert all(0 < cost <= 700 for cost in costs)


def test_a_page_costs_no_more_than_itself(terminal: Terminal) -> None:
    costs = []
    for _ in range(5):
        terminal.send(PAGE_DOWN)
        costs.append(len(terminal.until_quiet(0.2)))
    assert all(0 < cost <= 16_384 for cost in costs)


def test_idle_costs_nothing_though_it_is_read_again_each_second(terminal: Terminal) -> None:
    assert terminal.written_within(2.3) == b""


def test_one_changed_row_costs_one_row(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "control").write_text("5")
    assert len(terminal.until(b"Changed")) <= 1_024


def test_a_command_costs_its_line_only(terminal: Terminal) -> None:
    terminal.send(":")
    assert len(terminal.until_quiet()) <= 1_024
    terminal.send("s")
    assert len(terminal.until_quiet()) <= 1_024
    terminal.send(ESCAPE)
    assert len(terminal.until_quiet()) <= 1_024


def test_a_long_copy_goes_to_a_file_and_a_short_one_to_the_terminal(terminal: Terminal) -> None:
    terminal.send("y")
    assert b"\x1b]52;c;dTAwMDAwMDE=\x07" in terminal.until(b"Copied")
