"""A model of a RouterOS console, as far as sessions are dropped and anything could be smuggled in.

Strings as MikroTik's manual has them: in quotes a backslash begins one of ESCAPES or two upper-case
hexadecimal digits, and `$name`, `$(...)` and `$[...]` are evaluated. Outside of quotes `;` and a
line break end a command, and `[...]` is one within another. An error ends the run.

As a program it is what a test's sshd runs for each command: routeros_console.py FOLDER. Standard
library only; the Python that runs it is not ours.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ESCAPES = {
    '"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "$": "$", "?": "?", "_": " ",
    "a": "\a", "b": "\b", "f": "\f", "v": "\v",
}  # fmt: skip
_HEX = "0123456789ABCDEF"
_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*.@"
_ENDS = ";\n\r"


class ConsoleError(Exception):
    """What the console prints in red."""


class Console:
    """Sessions by id, each with its name. Text is one character a byte (latin-1); `executed` are
    the commands that were carried out, innermost first."""

    def __init__(self, sessions: dict[str, str]) -> None:
        self.sessions = sessions
        self.executed: list[str] = []
        self._printed: list[str] = []
        self._variables: dict[str, Any] = {}
        self._source = ""
        self._at = 0

    def run(self, command: bytes) -> bytes:
        """What a command prints."""
        self._source, self._at = command.decode("latin-1"), 0
        try:
            while self._more():
                self._command()
        except ConsoleError as error:
            self._printed.append(str(error))
        lines, self._printed = self._printed, []
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    def _more(self) -> bool:
        while self._here() and self._here() in " \t" + _ENDS:
            self._at += 1
        return bool(self._here())

    def _here(self) -> str:
        return self._source[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._here()
        self._at += 1
        return char

    def _skip(self) -> None:
        while self._here() and self._here() in " \t":
            self._at += 1

    def _fail(self, what: str = "syntax error") -> ConsoleError:
        return ConsoleError(f"{what} (line 1 column {self._at + 1})")

    def _word(self) -> str:
        start = self._at
        while self._here() and self._here() in _WORD:
            self._at += 1
        if start == self._at:
            raise self._fail()
        return self._source[start : self._at]

    def _command(self) -> Any:
        """Carries out one command and returns its value."""
        self._skip()
        if self._here() == ":":
            self._at += 1
            return self._scripting(self._word())
        path = []
        while self._here() == "/" or (self._here() and self._here() in _WORD):
            if self._here() == "/":
                self._at += 1
            path.append(self._word())
            self._skip()
            known = _COMMANDS.get(" ".join(path))
            if known is not None:
                return known(self)
        raise self._fail("bad command name" if path else "syntax error")

    def _scripting(self, word: str) -> Any:
        self._skip()
        if word in ("local", "global", "set"):
            name = self._word()
            self._variables[name] = self._value()
            return ""
        if word == "put":
            self._printed.append(_text(self._value()))
            return ""
        if word == "len":
            return len(self._value())
        raise self._fail("bad command name")

    def _value(self) -> Any:
        self._skip()
        if self._here() == '"':
            return self._string()
        if self._here() == "[":
            return self._inner()
        if self._here() == "$":
            self._at += 1
            return self._variables.get(self._word(), "")
        return self._word()

    def _inner(self) -> Any:
        """`[command]`."""
        self._at += 1
        value = self._command()
        self._skip()
        if self._take() != "]":
            raise self._fail("expected closing bracket")
        return value

    def _string(self) -> str:
        self._at += 1
        found: list[str] = []
        while True:
            char = self._take()
            if char == "":
                raise self._fail("expected closing quote")
            if char == '"':
                return "".join(found)
            if char == "\\":
                char = self._escape()
            elif char == "$":
                char = self._evaluated()
            found.append(char)

    def _escape(self) -> str:
        char = self._take()
        # A simple escape is one small letter or sign, a byte two digits: \\b is not \\BF.
        if char in ESCAPES:
            return ESCAPES[char]
        digits = char + self._take()
        if len(digits) != 2 or any(digit not in _HEX for digit in digits):
            raise self._fail("invalid escape sequence")
        return chr(int(digits, 16))

    def _evaluated(self) -> str:
        if self._here() == "[":
            return _text(self._inner())
        if self._here() == "(":
            raise self._fail("an expression in a string")
        return _text(self._variables.get(self._word(), ""))

    def _find(self) -> list[str]:
        self.executed.append("find")
        wanted = []
        self._skip()
        while self._here() and self._here() not in "]" + _ENDS:
            word = self._word()
            self._skip()
            if word == "where":
                continue
            if self._take() != "=" or word != "name":
                raise self._fail()
            wanted.append(_text(self._value()).encode("latin-1"))
            self._skip()
        return [
            number
            for number, name in self.sessions.items()
            if all(name.encode("utf-8", "surrogateescape") == one for one in wanted)
        ]

    def _remove(self) -> str:
        numbers = self._value()
        for number in numbers if isinstance(numbers, list) else [numbers]:
            if number not in self.sessions:
                raise ConsoleError("no such item")
            self.executed.append(f"remove {number}")
            del self.sessions[number]
        return ""

    def _reboot(self) -> str:
        self.executed.append("reboot")
        return ""


_COMMANDS: dict[str, Callable[[Console], Any]] = {
    "ppp active find": Console._find,
    "ppp active remove": Console._remove,
    "system reboot": Console._reboot,
}


def _text(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else str(value)


def _answer(folder: Path, command: bytes) -> bytes:
    """Carries the command out on the sessions of the address that was called."""
    server = os.environ.get("SSH_CONNECTION", "- - 127.0.0.1 -").split()[2]
    with (folder / f"{server}.json").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        state = json.load(file)
        console = Console(state["sessions"])
        printed = console.run(command)
        state["commands"] += 1
        state["executed"] += console.executed
        file.seek(0)
        file.truncate()
        json.dump(state, file)
    return printed


def _misbehave(mood: str, printed: bytes) -> None:
    """The ways to answer that no console should have."""
    out = sys.stdout.buffer
    if mood == "hang":
        # Until the client goes; nothing ever comes.
        sys.stdin.buffer.read()
    if mood == "text":
        out.write(b"\x1b[31mfailure: not allowed (9)\x1b[0m\r\n" + printed)
    if mood == "nothing":
        return
    if mood == "garbage":
        out.write(os.urandom(2_000))
    while mood == "endless":
        out.write(b"1\r\n" * 1_000)
    if mood == "slow":
        for byte in b"1" * 600:
            out.write(bytes([byte]))
            out.flush()
            time.sleep(0.05)
    if mood == "cut":
        # Half an answer, and then the server's process of this connection dies.
        out.write(printed.rstrip())
        out.flush()
        os.kill(os.getppid(), signal.SIGKILL)


def main() -> None:
    """Answers the command that the client sent."""
    folder = Path(sys.argv[1])
    command = os.environb.get(b"SSH_ORIGINAL_COMMAND", b"")
    mood = (folder / "mood").read_text()
    printed = _answer(folder, command)
    if mood:
        _misbehave(mood, printed)
    else:
        sys.stdout.buffer.write(printed)


if __name__ == "__main__":
    main()
