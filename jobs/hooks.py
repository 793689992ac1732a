"""The hooks by which the engine's long works reach the run that does them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.hooks import WorkHooks

if TYPE_CHECKING:
    from jobs.context import RunContext
    from jobs.log import Level


def hooks_of(context: RunContext) -> WorkHooks:
    """How the engine reaches the run. The progress that the database keeps is that of the chunk
    before: it is written with the proof of the lease, in the chunk's own transaction."""
    reached = (0, 0)

    def prove() -> None:
        context.prove()
        context.progress(*reached)

    def progress(done: int, total: int) -> None:
        nonlocal reached
        reached = (done, total)
        context.step(done, total)

    return WorkHooks(
        unit=context.unit,
        prove=prove,
        check=context.check,
        progress=progress,
        log=lambda text, level: context.log(text, cast("Level", level)),
        stop=context.stop,
    )
