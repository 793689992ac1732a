"""receipt-status: asks what became of the receipts that the provider has accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from engine.config import Config
    from engine.database import Database
    from jobs.context import RunContext


def _is_wanted(database: Database, _config: Config, now_ms: int) -> bool:
    from engine.events.receipt_rows import is_any_due
    from engine.events.senders import KOMTET

    return is_any_due(database, KOMTET, now_ms)


JOB = Job(
    name="receipt-status",
    title="Receipt status",
    help="asks what became of receipts, keeps their links, and sends those if that is wanted",
    danger=1,
    role="operator",
    resumable=True,
    schedule="on demand",
    is_set_up=lambda config: config.komtet.is_set_up,
    is_wanted=_is_wanted,
)


def run(context: RunContext) -> Outcome:
    """Asks until nothing is due; see `engine.events.receipt_asking`."""
    from engine.errors import ConfigError
    from engine.events.receipt_asking import ReceiptAsking
    from engine.integrations.loop import PrivateLoop
    from jobs.hooks import hooks_of

    config = context.config
    if not config.komtet.is_set_up:
        raise ConfigError(
            "[komtet] is not set up: no receipt was asked for; set shop_id, queue and secret_file"
        )
    with PrivateLoop("receipts") as loop:
        asking = ReceiptAsking(context.database, config, loop, context.clock, hooks_of(context))
        tally = asking.run()
    words = ", ".join(f"{number} {name}" for name, number in sorted(tally.items()))
    return Outcome(words or "nothing was due", data=dict(tally))
