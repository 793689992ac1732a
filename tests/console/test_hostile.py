"""The real program on a real terminal, on books whose every text is an attack: each screen and each
dialog is walked through by keys, and every byte that comes is looked at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.grid import Grid
from tests.console.hostile_books import CLOSED, PLAIN_LOGIN, TEXTS, build
from tests.console.terminal import Terminal
from tests.console.test_bytes import DOWN, ESCAPE, foreign

_SIZE = (160, 45)
_TAB, _ENTER, _PALETTE, _QUIT, _DELETE_ALL = "\t", "\r", "\x10", "\x11", "\x15"
_QUIET = 0.05
# What comes sooner behind an escape belongs to it.
_LONE_ESCAPE = 0.15


class Walk:
    """A console that is walked through; `grid` is its screen."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.grid = Grid(_SIZE)

    def press(self, *keys: str) -> None:
        """Types one after the other, each with its answer."""
        for key in keys:
            self._terminal.send(key)
            self._take(self._terminal.until_quiet(_LONE_ESCAPE if key == ESCAPE else _QUIET))

    def go(self, keys: str, wanted: str) -> None:
        """Types, and waits until this is to be read on the screen."""
        self.press(keys)
        self.wait(wanted)

    def wait(self, wanted: str) -> None:
        """Waits until this is to be read on the screen."""
        for _ in range(400):
            if wanted in "\n".join(self.grid.lines):
                return
            self._take(self._terminal.until_quiet(_QUIET))
        raise AssertionError(f"{wanted!r} never came:\n" + "\n".join(self.grid.lines))

    def _take(self, written: bytes) -> None:
        assert foreign(written) == []
        self.grid.feed(written)

    def line(self, mark: str) -> str:
        """The one line that begins with this."""
        found = [line for line in self.grid.lines if line.strip().startswith(mark)]
        assert len(found) == 1, found
        return found[0]


def _pasted(text: str) -> str:
    """As a terminal hands on what is pasted. It lets no sequence of its own through."""
    return f"\x1b[200~{text.replace(ESCAPE, '')}\x1b[201~"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "books.db"
    build(path)
    return path


@pytest.fixture
def walk(hostile: Path) -> Iterator[Walk]:
    environ = {
        "BILLDECK_DATABASE__PATH": str(hostile),
        "BILLDECK_ROLES__ADMIN": "*",
        "XDG_STATE_HOME": str(hostile.parent),
        "HOME": str(hostile.parent),
    }
    with Terminal([sys.executable, "-m", "cli.main"], _SIZE, environ) as terminal:
        made = Walk(terminal)
        made.wait("db ")
        yield made
        terminal.send(_QUIT)
        assert foreign(terminal.until(b"\x1b[?1049l")) == []
        assert terminal.exit_status() == 0


def test_overview_and_jobs(walk: Walk) -> None:
    walk.wait("0 closing [/b] tag")
    walk.press(*[DOWN] * len(TEXTS))
    walk.go("8", "Runs of jobs")
    walk.wait("[red]red")
    walk.press(*[DOWN] * len(TEXTS), "y", "Y")
    walk.go(_ENTER, "asked for")
    walk.wait("private")
    walk.press(*["k"] * len(TEXTS), "y", "Y")
    walk.go(_ENTER, "warning")
    walk.press(ESCAPE)
    for text in TEXTS:
        walk.press(f"/{_DELETE_ALL}{_pasted(text)}{_ENTER}")
    walk.go(":cancel 2\r", "in the name of")
    walk.press(ESCAPE, ESCAPE)
    walk.go(ESCAPE, "Runs of jobs")
    walk.press(_TAB, *[DOWN] * 3, "x", ESCAPE)


def test_subscribers_and_what_can_be_done_with_them(walk: Walk) -> None:
    walk.go("2", "tel00")
    for number in range(len(TEXTS)):
        assert f"tel{number:02}" in walk.line(f"h{number:02}")
    walk.press(*["l"] * 9, *[DOWN] * len(TEXTS), *["h"] * 9, "y", "Y", " ", "g")
    walk.go("o", "Columns: space")
    walk.go(ESCAPE, "tel00")
    walk.go("v", "Saved views")
    walk.go(ESCAPE, "tel00")
    walk.press("\x1c")
    walk.go("x", "What to do with")
    # The command line begins with the hostile login, and completes.
    walk.go(_ENTER, "h00closing [/b] tag")
    walk.press(" 5", _TAB, ESCAPE)
    for text in TEXTS:
        walk.press(f"/{_DELETE_ALL}{_pasted(text)}{_ENTER}")
        walk.press(f":{_pasted(f'charge {text}')}{_ENTER}")


def test_the_card_and_its_dialogs(walk: Walk) -> None:
    walk.go("2", "tel00")
    walk.go(_ENTER, "Ledger")
    walk.wait("payment")
    walk.press(*[DOWN] * len(TEXTS), _TAB, *[DOWN] * 3, _TAB, *[DOWN] * 9, _TAB)
    walk.go("x", "What to do with")
    walk.press(ESCAPE, ESCAPE)
    walk.go(f":charge {PLAIN_LOGIN}\r", f"{PLAIN_LOGIN} in {CLOSED}")
    walk.press(ESCAPE)
    walk.go(f":payment {PLAIN_LOGIN} 5 --comment [/b]x\r", "in the name of")
    walk.press(ESCAPE)
    walk.go(f":set {PLAIN_LOGIN} --name [@click=app.quit]x\r", "in the name of")
    walk.press(ESCAPE)


def test_the_balances(walk: Walk) -> None:
    walk.go("3", "n00closing")
    for number in range(len(TEXTS)):
        assert "Since" not in walk.line(f"n{number:02}")
    walk.press(*["l"] * 8, *[DOWN] * len(TEXTS), *["h"] * 8, "y", "Y", " ", "\x1c", "g")
    walk.go(_ENTER, "History")
    walk.wait("was closing [/b] tag")
    walk.press(_TAB, _TAB, _ENTER, "t", "t", "t")
    walk.go("i", "last mail")
    walk.press("G", "g", "j", ESCAPE)
    walk.go("u", "Ledger")
    walk.press(ESCAPE, ESCAPE)
    walk.go("t", "trend")
    walk.press("t", ESCAPE)
    walk.go("i", "skipped mails")
    walk.wait("w00 closing [/b] tag")
    walk.press(*[DOWN] * len(TEXTS), "y", "Y", "e")
    walk.go(_ENTER, "a skipped mail")
    walk.press("G", "g", ESCAPE, ESCAPE)
    for text in TEXTS:
        walk.press(f"/{_DELETE_ALL}{_pasted(text)}{_ENTER}")
        walk.press(f":{_pasted(f'number {text}')}{_ENTER}", ESCAPE)


def test_the_events(walk: Walk) -> None:
    walk.go("6", "paused until lifted")
    walk.wait("a00 closing [/b] tag")
    walk.press(*["l"] * 10, *[DOWN] * (2 * len(TEXTS)), *["h"] * 10, "y", "Y", " ", "\x1c")
    walk.go("i", "channels")
    walk.wait("00closing [/b] tag")
    walk.press(*[DOWN] * len(TEXTS), "y", "Y")
    walk.go("x", "Pause a channel")
    walk.press(ESCAPE, ESCAPE)
    walk.go("g", "a00 closing [/b] tag")
    for number in range(len(TEXTS)):
        walk.go(f":action {2 * (number + 1)}\r", f"r{number:02} ")
        walk.press(_TAB, "G", "g", _TAB, DOWN, _TAB, "G", "g", ESCAPE)
    walk.press("g", DOWN)
    walk.go(":action retry\r", "in the name of")
    walk.press(ESCAPE)
    walk.go(":action resend\r", "in the name of")
    walk.press(ESCAPE)
    for text in TEXTS:
        walk.press(f"/{_DELETE_ALL}{_pasted(text)}{_ENTER}")
        walk.press(f":{_pasted(f'channel lift {text}')}{_ENTER}", ESCAPE)


def test_the_month_close(walk: Walk) -> None:
    walk.go("4", CLOSED)
    walk.press(DOWN)
    walk.go(_ENTER, f"Failures of {CLOSED}")
    walk.wait("h00closing [/b] tag")
    walk.press(*[DOWN] * len(TEXTS))
    walk.go(_ENTER, f"in {CLOSED}: failed")
    walk.press(ESCAPE, ESCAPE)
    walk.go(":preview\r", "Largest charges")
    walk.press("G", "g", "j", "k")
    walk.press(ESCAPE)
    walk.go(":start-close\r", "in the name of")
    walk.press(ESCAPE)


def test_help_palette_and_command_line(walk: Walk) -> None:
    walk.go("?", "Everywhere")
    walk.press(ESCAPE)
    walk.go(_PALETTE, "Overview")
    walk.press("[/b]x", ESCAPE)
    for text in TEXTS:
        walk.press(f":{_pasted(text)}{_TAB}{_ENTER}")
    walk.press(":th", _TAB, _TAB, ESCAPE)


def test_the_look_at_the_screen_can_fail() -> None:
    grid = Grid((4, 2))
    grid.feed("\x1b[1;1Hab\r\n漢".encode())
    assert grid.lines == ["ab", "漢"]
    for text in ("\x1b[1;4H漢", "\x1b[2;1Hx\n"):
        with pytest.raises(AssertionError):
            grid.feed(text.encode())
