"""What the jobs about balance mails share: hooks for the engine, and words about what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.balances.hooks import ImportHooks

if TYPE_CHECKING:
    from engine.balances.importer import ImportTally
    from jobs.context import RunContext
    from jobs.log import Level


def hooks_of(context: RunContext) -> ImportHooks:
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

    return ImportHooks(
        unit=context.unit,
        prove=prove,
        check=context.check,
        progress=progress,
        log=lambda text, level: context.log(text, cast("Level", level)),
        stop=context.stop,
    )


def words(tally: ImportTally) -> str:
    """What an import did, in words."""
    pieces = [f"{tally.processed} processed", f"{tally.skipped} skipped"]
    if tally.known:
        pieces.append(f"{tally.known} known already")
    if tally.unknown_numbers:
        pieces.append(f"{tally.unknown_numbers} of unknown numbers")
    if tally.unknown_tariffs:
        pieces.append(f"{tally.unknown_tariffs} with unknown tariffs")
    return "mails: " + ", ".join(pieces)
