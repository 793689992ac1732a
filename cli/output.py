"""What a command prints. All text that comes from data goes through `safe` on its way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from engine.errors import JobFailed
from engine.money import NO_BREAK_SPACE, format_amount_human
from engine.text import safe


class Output:
    """stdout for results, stderr for the rest. With `as_json` results are JSON, one object a line,
    in ASCII, so that nothing in the data can reach a terminal as a control character."""

    def __init__(
        self,
        as_json: bool = False,
        verbose: bool = False,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        self.verbose = verbose
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr

    def result(self, data: object, lines: Iterable[str]) -> None:
        """The result of a command: `data` as one JSON object, or `lines` for people."""
        if self.as_json:
            self._write(json.dumps(data) + "\n")
            return
        for line in lines:
            self.line(line)

    def line(self, text: str) -> None:
        """A line for people, made safe; long lines are kept whole."""
        self._write(safe(text, 100_000) + "\n")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
        """The lines of a table. A head that begins with `>` aligns its column right."""
        names = [head.removeprefix(">") for head in heads]
        cells = [names, *([safe(cell, 80) for cell in row] for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
        return [
            "  ".join(
                cell.rjust(width) if head.startswith(">") else cell.ljust(width)
                for head, cell, width in zip(heads, row, widths, strict=True)
            ).rstrip()
            for row in cells
        ]

    def note(self, text: str) -> None:
        """A remark on stderr, not part of the result."""
        self._remark(safe(text, 100_000))

    def detail(self, text: str) -> None:
        """A remark that only `--verbose` shows."""
        if self.verbose:
            self.note(text)

    def error(self, message: str, status: int) -> None:
        """An error on stderr, in the form of the output. Its line breaks are ours and stay."""
        text = "\n".join(safe(line, 4000) for line in message.split("\n"))
        as_json = self.as_json
        self._remark(
            json.dumps({"error": text, "exit": status}) if as_json else f"billdeck: {text}"
        )

    def usage(self, text: str) -> None:
        """How a command is written, on stderr, for people."""
        if not self.as_json:
            self._remark(text.rstrip())

    def _remark(self, text: str) -> None:
        """Writes to stderr. A remark that cannot be written never stops what is being done."""
        try:
            print(text, file=self.stderr, flush=True)
        except OSError:
            silence(self.stderr)

    def _write(self, text: str) -> None:
        """Writes to stdout. When its reader has gone (`| head`) the command still goes on to its
        own end and status: what it does matters more than who listens. JobFailed when what the
        reader asked for cannot be written, as on a full disk."""
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except BrokenPipeError:
            silence(self.stdout)
        except OSError as error:
            silence(self.stdout)
            raise JobFailed(
                f"cannot write the result: {safe(error.strerror)}. What the command has done stays"
                " done."
            ) from None


def silence(stream: TextIO) -> None:
    """Lets a stream whose reader has gone lead nowhere, also for what it still buffers."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def money(amount: int, currency: str) -> str:
    """Minor units for people, with the currency: `1 217.45 RUB`."""
    return f"{format_amount_human(amount)}{NO_BREAK_SPACE}{currency}"


def fields(pairs: Iterable[tuple[str, Any]]) -> list[str]:
    """Lines `name  value`, the values in one column; None and '' are left out."""
    shown = [(name, str(value)) for name, value in pairs if value is not None and value != ""]
    width = max((len(name) for name, _ in shown), default=0)
    return [f"{name.ljust(width)}  {value}" for name, value in shown]
