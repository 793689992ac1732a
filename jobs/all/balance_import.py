"""balance-import: balance mails of the operators, from the mailbox into the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.job import Job, Outcome, Parameter

if TYPE_CHECKING:
    from jobs.context import RunContext

JOB = Job(
    name="balance-import",
    title="Balance import",
    help="takes the operators' balance mails from the mailbox, each once",
    parameters=(
        Parameter(
            "retry-skipped",
            "take the skipped mails again, after an operator's profile was mended",
            flag=True,
        ),
    ),
    role="operator",
    resumable=True,
    schedule="every minute",
    silence_seconds=300,
    is_set_up=lambda config: config.balance_import.host is not None,
)


def run(context: RunContext) -> Outcome:
    """One run over the mailbox; see `engine.balances.mailbox`."""
    settings = context.config.balance_import
    if settings.host is None:
        return Outcome("there is no mailbox: section [balance-import] has no host")
    from engine.balances.mailbox import MailboxImport
    from engine.balances.setup import balance_importer
    from jobs.hooks import hooks_of
    from jobs.importing import words

    importer, reader = balance_importer(
        context.database, context.config, context.clock, hooks_of(context)
    )
    work = MailboxImport(context.database, settings, importer, reader, context.clock)
    result = work.run(retry_skipped=bool(context.parameters.get("retry-skipped")))
    note = words(result.tally)
    if result.removed:
        note += f", {result.removed} old ones removed"
    if result.waiting:
        note += f"; {result.waiting} are waiting for the next run"
    data = {**vars(result.tally), "waiting": result.waiting, "removed": result.removed}
    return Outcome(note, data=data)
