"""The options for a subscriber's settings, which `add`, `set` and `set-many` share."""

from __future__ import annotations

import argparse

# Option, what it takes, what it does; the attribute of `Changes` is the option's own name.
SETTINGS = (
    ("--name", "TEXT", "name of the person or company"),
    ("--group", "CODE", "group"),
    ("--plan", "CODE", "plan, at once; --order-plan is the usual way"),
    ("--order-plan", "CODE", "plan from a later period on, or none for no order"),
    ("--addon", "CODE", "add-on plan, at once, or none"),
    (
        "--order-addon",
        "CODE",
        "add-on plan from a later period on; drop to have none, none for no order",
    ),
    ("--services", "A;B", "all services, in place of those there are"),
    ("--state", "STATE", "active, frozen, blocked or deleted"),
    ("--credit-limit", "AMOUNT", "how far the balance may fall below 0"),
    ("--fee-day", "DAY", "day of the month for the fee, or none"),
    ("--active-since", "DATE", "day of the first use, or never"),
    ("--alias-of", "LOGIN", "main subscriber that this login is an alias of, or none"),
    ("--external-uid", "UID", "name of the subscriber in another system, or none"),
    ("--phone", "TEXT", "phone number"),
    ("--email", "TEXT", "e-mail address"),
    ("--contract-number", "TEXT", "number of the contract"),
    ("--contract-date", "DATE", "date of the contract, or none"),
    ("--birth-date", "DATE", "day the person was born, or none"),
    ("--address", "TEXT", "address"),
)


def add_from(parser: argparse.ArgumentParser) -> None:
    """`--from`, which goes with both orders."""
    parser.add_argument(
        "--from",
        dest="from_period",
        metavar="PERIOD",
        help="period that an ordered plan begins with (the one after the oldest open one)",
    )
