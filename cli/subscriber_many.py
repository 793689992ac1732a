"""`billdeck subscriber set-many`: the same change for many subscribers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cli.files import read_lines
from cli.parser import add_command
from cli.progress import Progress
from cli.session import Session
from cli.signals import stop_on_signals
from cli.subscriber_settings import SETTINGS, add_from
from engine.errors import NeedsConfirmation
from engine.text import safe

if TYPE_CHECKING:
    from engine.subscribers.many import Meant, Outcome

# What is nobody's own; engine.subscribers.many has the same, and is not imported for a help text.
_FOR_MANY = (
    "--group", "--plan", "--order-plan", "--addon", "--order-addon", "--state", "--credit-limit",
    "--fee-day",
)  # fmt: skip


def add_set_many(group: Any) -> None:
    """Declares the command."""
    parser = add_command(
        group,
        "set-many",
        run,
        role="operator",
        help="change many subscribers alike",
        more="Asks for the count. Each is changed wholly or refused, and audited; exit status 1"
        " when some were refused. Killed, it goes on when run again.",
    )
    parser.add_argument(
        "file", metavar="FILE", help="their logins, one a line, such as an export's (- is stdin)"
    )
    for option, metavar, help in SETTINGS:
        if option in _FOR_MANY:
            parser.add_argument(option, metavar=metavar, help=help)
    add_from(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace, session: Session) -> int:
    """Asks, changes them, and names who was refused."""
    from engine.subscribers import Changes, many
    from engine.subscribers.store import Writer

    changes = Changes(**{name: getattr(args, name) for name in many.SETTINGS})
    logins = list(dict.fromkeys(read_lines(args.file, session.stdin)))
    writer = Writer.of(session.config, session.actor, session.clock.now_ms())
    about = many.meant(session.database, logins, changes, writer)
    if not args.yes:
        _ask(args, session, about, len(logins))
    with stop_on_signals() as stop, Progress(session.out) as progress:
        outcome = many.change_many(
            session.database,
            logins,
            changes,
            writer,
            lambda so_far: progress.step("Changing subscribers", so_far.done, len(logins)),
            stop,
        )
    session.out.result(_data(outcome), _lines(outcome))
    return 1 if outcome.refused else 0


def _ask(args: argparse.Namespace, session: Session, about: Meant, named: int) -> None:
    from engine.subscribers.many import SETTINGS as OF_MANY

    given = [(name.replace("_", " "), getattr(args, name)) for name in OF_MANY]
    lines = [
        f"{about.count} subscribers, balances of {session.money(about.balance)} in all, get:",
        *(f"  {name}: {safe(value, 60)}" for name, value in given if value is not None),
    ]
    if named > about.count:
        lines.append(f"{named - about.count} more are named that there are not; they are refused.")
    if not session.at_terminal():
        raise NeedsConfirmation(f"{' '.join(lines)} Nothing was done. Use --yes to go on.")
    if not session.asked_for(str(about.count), lines):
        raise NeedsConfirmation("that was not the count. Nothing was changed.")


def _data(outcome: Outcome) -> dict[str, Any]:
    return {
        "changed": outcome.changed,
        "unchanged": outcome.same,
        "refused": [{"login": one.login, "reason": one.reason} for one in outcome.refused],
    }


def _lines(outcome: Outcome) -> list[str]:
    same = f" {outcome.same} were so already." if outcome.same else ""
    refused = f" {len(outcome.refused)} were refused:" if outcome.refused else ""
    return [
        f"Changed {outcome.changed} subscribers.{same}{refused}",
        *(f"  {one.login}: {one.reason}" for one in outcome.refused),
    ]
