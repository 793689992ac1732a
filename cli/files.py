"""Where a large result goes: stdout, or a new file that appears only when it is whole."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from cli.output import Output, silence
from engine.errors import InputError, JobFailed
from engine.text import safe

# No line of a result is this long: nothing is ever cut.
_WHOLE = 10_000_000


class SafeLines:
    """Passes on what is written, each write one line, through `safe`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> int:
        end = "\n" if line.endswith("\n") else ""
        return self._stream.write(safe(line.removesuffix("\n"), _WHOLE) + end)


@contextmanager
def open_result(path: Path | None, out: Output) -> Iterator[TextIO]:
    """A stream to write lines to, in UTF-8; what could harm a terminal is escaped on its way. A
    file must be new; on an error nothing is left of it. InputError when it exists or cannot be
    made."""
    if path is None:
        if isinstance(out.stdout, io.TextIOWrapper):
            # A program reads this: it gets the same bytes whatever the locale.
            out.stdout.reconfigure(encoding="utf-8", errors="strict")
        try:
            yield cast("TextIO", SafeLines(out.stdout))
            out.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            silence(out.stdout)
            raise JobFailed(f"cannot write the result: {safe(error.strerror)}") from None
        return
    if os.path.lexists(path):
        raise InputError(f"{safe(path)} exists: nothing is overwritten. Give a new name.")
    partial = _partial(path)
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            yield cast("TextIO", SafeLines(stream))
        _appear(partial, path)
    except OSError as error:
        raise JobFailed(
            f"cannot write {safe(path)}: {safe(error.strerror)}. Nothing is left of it."
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def _appear(partial: Path, path: Path) -> None:
    """Gives the file its name, unless somebody else took it meanwhile."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        raise InputError(f"{safe(path)} exists by now: nothing was overwritten.") from None
    except OSError:  # a file system without links
        partial.replace(path)


def read_lines(name: str, stdin: TextIO | None) -> list[str]:
    """The lines of a UTF-8 file, `-` being stdin, without empty ones. Raises InputError."""
    try:
        if name == "-":
            if isinstance(stdin, io.TextIOWrapper):
                stdin.reconfigure(encoding="utf-8-sig", errors="strict")
            text = stdin.read() if stdin else ""
        else:
            text = Path(name).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read {safe(name)}: {why}. Nothing was done.") from None
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return [line for line in lines if line]


def _partial(path: Path) -> Path:
    try:
        number, name = tempfile.mkstemp(prefix=".billdeck-", suffix=".part", dir=path.parent)
    except OSError as error:
        raise InputError(
            f"cannot write into the folder {safe(path.parent)}: {error.strerror}"
        ) from None
    os.close(number)
    return Path(name)
