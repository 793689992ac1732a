"""Settings changed for all marked subscribers, as `billdeck subscriber set-many` does it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.money import format_amount_human
from tui.actions import ActionCall, ActionRecord, Parameter, Question
from tui.bulk import Done, Work
from tui.hidden import hidden_words
from tui.setting_actions import changes_of, parameters, writer_of
from tui.widgets.cells import grouped

if TYPE_CHECKING:
    from engine.database import Database

ROW_KIND = "subscriber"
_MODES = frozenset({"subscribers", "month_close"})

_ALL = (
    "group", "plan", "order-plan", "addon", "order-addon", "from", "state", "credit-limit",
    "fee-day",
)  # fmt: skip
# What is changed most has a command of its own: name, title, its options but the first.
_OFTEN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("state", "State", ()),
    ("group", "Group", ()),
    ("order-plan", "Order a plan", ("from",)),
)


def many_actions() -> list[ActionRecord]:
    """One record for each of the settings that many have alike, and one for all of them."""
    often = [
        _record(
            name,
            title,
            f"changes it for the marked subscribers, else for the one under the cursor: {name}",
            (*parameters((name,), required=True), *parameters(more)),
            f"subscriber set-many FILE --{name} VALUE",
        )
        for name, title, more in _OFTEN
    ]
    whole = _record(
        "set-many",
        "Change settings of all marked",
        f"changes the marked subscribers alike: {', '.join(_ALL)}",
        parameters(_ALL),
        "subscriber set-many FILE",
    )
    return [*often, whole]


def _record(
    name: str, title: str, help: str, values: tuple[Parameter, ...], headless: str
) -> ActionRecord:
    return ActionRecord(
        name,
        title,
        help,
        _run,
        values,
        danger=3,
        role="operator",
        question=_ask,
        modes=_MODES,
        headless=headless,
        needs_rows=True,
        row_kind=ROW_KIND,
    )


def _ask(database: Database, call: ActionCall) -> Question:
    from engine.subscribers.many import logins_of, meant

    numbers = [int(one) for one in call.targets]
    about = meant(database, logins_of(database, numbers), changes_of(call), writer_of(call))
    currency = call.app.config.billing.currency
    facts = [
        *((name.replace("-", " "), value) for name, value in call.values.items()),
        ("subscribers", grouped(about.count)),
        ("of them hidden", hidden_words(database, call)),
        ("balances in all", f"{format_amount_human(about.balance)} {currency}"),
    ]
    return Question("Change all these subscribers", tuple(facts), str(about.count))


def _run(call: ActionCall) -> None:
    from engine.subscribers.many import UNIT

    call.app.bulk.start(call, Work(partial(_change, call), UNIT, "Login"))


def _change(call: ActionCall, database: Database, numbers: Sequence[int]) -> Done:
    from engine.subscribers.many import logins_of
    from engine.subscribers.store import Changed, change_some

    logins = logins_of(database, numbers)
    answers = change_some(database, logins, changes_of(call), writer_of(call))
    done = [one for one in answers if isinstance(one, Changed)]
    return Done(
        tuple(one.number for one in done),
        sum(not one.after for one in done),
        tuple((one.login, one.reason) for one in answers if not isinstance(one, Changed)),
    )
