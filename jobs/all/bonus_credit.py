"""bonus-credit: credits the bonuses that events have brought, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome

if TYPE_CHECKING:
    from engine.config import Config
    from engine.database import Database
    from jobs.context import RunContext


def _is_wanted(database: Database, _config: Config, now_ms: int) -> bool:
    from engine.ledger.bonuses import any_due

    return any_due(database, now_ms)


JOB = Job(
    name="bonus-credit",
    title="Bonus credit",
    help="credits the bonuses that payments have brought, each once",
    danger=2,
    resumable=True,
    schedule="on demand",
    is_wanted=_is_wanted,
)


def run(context: RunContext) -> Outcome:
    """Credits what is due; see `engine.ledger.bonuses`."""
    from engine.ledger.bonuses import credit_some
    from engine.money import format_amount

    database, billing = context.database, context.config.billing
    number = total = 0
    while True:
        context.safe_point()
        some, amount = context.unit(
            lambda: credit_some(database, billing, context.clock, context.prove)
        )
        number, total = number + some, total + amount
        context.step(number, number)
        if not some:
            break
    data = {"bonuses": number, "amount": format_amount(total)}
    words = f"{number} bonus{'' if number == 1 else 'es'} credited, {format_amount(total)} in all"
    return Outcome(words, data=data)
