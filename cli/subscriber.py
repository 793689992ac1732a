"""`billdeck subscriber add`, `set`, `show`: one subscriber at a time."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cli.parser import add_command, add_group
from cli.session import Session
from cli.subscriber_many import add_set_many
from cli.subscriber_settings import SETTINGS, add_from
from cli.subscriber_view import view_data, view_lines

if TYPE_CHECKING:
    from engine.subscribers import Changed

_REPEATED = (
    ("--add-service", "add_services", "CODE", "a service more; may be repeated"),
    ("--remove-service", "remove_services", "CODE", "a service less; may be repeated"),
    (
        "--discount",
        "discounts",
        "SCOPE:KIND:VALUE",
        "a discount, such as all:percent:10 or rent:fixed:50.00; 0 removes it; may be repeated",
    ),
    (
        "--remove-discount",
        "remove_discounts",
        "SCOPE:KIND",
        "a discount less, such as all:percent; may be repeated",
    ),
)


def register(subparsers: Any) -> None:
    group = add_group(subparsers, "subscriber", help="add, change or show a subscriber")
    for name, help in (("add", "add a subscriber"), ("set", "change a subscriber")):
        parser = add_command(
            group, name, run_write, role="operator", help=help, more="Every change is audited."
        )
        parser.add_argument("login", metavar="LOGIN")
        _add_settings(parser)
    add_set_many(group)
    show = add_command(
        group,
        "show",
        run_show,
        role="viewer",
        help="show a subscriber with balance, usage, charges and entries",
    )
    show.add_argument("login", metavar="LOGIN")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    for option, metavar, help in SETTINGS:
        parser.add_argument(option, metavar=metavar, help=help)
    add_from(parser)
    for option, name, metavar, help in _REPEATED:
        parser.add_argument(
            option, dest=name, metavar=metavar, action="append", default=[], help=help
        )


def run_write(args: argparse.Namespace, session: Session) -> int:
    """Adds or changes a subscriber and prints what is different now."""
    from dataclasses import fields

    from engine.subscribers import Changes, add, change
    from engine.subscribers.store import Writer

    given: dict[str, Any] = {}
    for field in fields(Changes):
        value = getattr(args, field.name)
        given[field.name] = tuple(value) if isinstance(value, list) else value
    changes = Changes(**given)
    writer = Writer.of(session.config, session.actor, session.clock.now_ms())
    write = add if args.subcommand == "add" else change
    changed = write(session.database, args.login, changes, writer)
    data = {
        "login": changed.login,
        "id": changed.number,
        "before": changed.before,
        "after": changed.after,
    }
    session.out.result(data, _changed_lines(args.subcommand, changed))
    return 0


def _changed_lines(subcommand: str, changed: Changed) -> list[str]:
    if subcommand == "add":
        return [f"Added subscriber {changed.login}, number {changed.number}."]
    if not changed.after:
        return [f"Subscriber {changed.login} is so already: nothing was changed."]
    lines = [f"Changed subscriber {changed.login}:"]
    for name, value in changed.after.items():
        was = _text(changed.before[name])
        lines.append(f"  {name.replace('_', ' ')}: {was} -> {_text(value)}")
    return lines


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(value)
    return "none" if value in (None, "") else str(value)


def run_show(args: argparse.Namespace, session: Session) -> int:
    """Prints all that is worth knowing about a subscriber."""
    from engine.subscribers import show

    view = show(session.database, args.login)
    billing = session.config.billing
    session.out.result(view_data(view, billing.timezone), view_lines(view, session))
    return 0
