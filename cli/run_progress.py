"""The progress of a run: a bar at a terminal, a few plain lines elsewhere, some more of them for a
program that reads."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cli.output import Output, silence

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


_STEPS, _STEPS_FOR_PROGRAMS = 4, 20


class RunProgress:
    """Use it as a context and call `step` after each piece of work. Before the first there is
    nothing to be seen: the run may be refused."""

    def __init__(self, out: Output, title: str) -> None:
        self._out = out
        self._title = title
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._begun = False
        self._steps = _STEPS_FOR_PROGRAMS if out.as_json else _STEPS
        self._next_step = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._draw(lambda bar, _: bar.stop())

    def step(self, done: int, total: int) -> None:
        """Shows how much of the work is done."""
        if not self._begun:
            self._begun = True
            self._begin()
        if self._bar:
            self._draw(lambda bar, task: bar.update(task, completed=done, total=total))
        elif done * self._steps >= total * self._next_step and (total or self._next_step == 1):
            # Of nothing it is told once.
            self._next_step = done * self._steps // total + 1 if total else 2
            self._out.note(f"  {done} of {total}")

    def _begin(self) -> None:
        if self._out.as_json or not self._out.stderr.isatty():
            self._out.note(self._title)
            return
        self._bar = _bar(self._out)
        self._task = self._bar.add_task(self._title, total=None)
        self._draw(lambda bar, _: bar.start())

    def _draw(self, what: Callable[[Progress, TaskID], None]) -> None:
        """A bar that cannot be drawn, as at a terminal that is gone, stops nothing and is the last
        that is tried."""
        if self._bar is None or self._task is None:
            return
        try:
            what(self._bar, self._task)
        except OSError:
            silence(self._out.stderr)
            self._bar = None


def _bar(out: Output) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Units of work a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(file=out.stderr),
    )
