"""What the jobs about balance mails share: words about what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.balances.importer import ImportTally


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
