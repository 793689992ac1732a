"""What is wrong with files that a user gave us, gathered so that all is told at once."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import InputError
from engine.text import safe

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake at a place. `line` is the physical line (from 1) where the record begins, 0 for the
    file as a whole; `column` is the header's name, or empty."""

    file: str
    line: int
    column: str
    message: str

    def __str__(self) -> str:
        place = safe(self.file)
        if self.line:
            place += f", line {self.line}"
        if self.column:
            place += f", column {safe(self.column, 60)}"
        return f"{place}: {self.message}"


class WrongFiles(InputError):
    """Files with mistakes: `problems` holds the first of them, `total` counts them all."""

    def __init__(self, subject: str, problems: list[Problem], total: int) -> None:
        self.problems = problems
        self.total = total
        count = "1 mistake" if total == 1 else f"{total} mistakes"
        more = f"\n  ... and {total - len(problems)} more" if total > len(problems) else ""
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(
            f"{subject} has {count}. Nothing was imported: correct the files and import again."
            f"{listed}{more}"
        )


class Problems:
    """Gathers problems: all are counted, the first `SHOWN` are kept. `unread` has the names of
    files that could not be read, or not to their end: what others refer to may stand in them."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._kept: list[Problem] = []
        self.total = 0
        self.unread: set[str] = set()

    def add(self, file: str, line: int, column: str, message: str) -> None:
        """Adds a problem; `message` must already be fit for a terminal."""
        self.total += 1
        if len(self._kept) < SHOWN:
            self._kept.append(Problem(file, line, column, message))

    def raise_if_any(self) -> None:
        """Raises WrongFiles when there is a problem, in the order of files and lines."""
        if self.total:
            files = list(dict.fromkeys(problem.file for problem in self._kept))
            self._kept.sort(key=lambda problem: (files.index(problem.file), problem.line))
            raise WrongFiles(self._subject, self._kept, self.total)
