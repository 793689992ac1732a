"""`set`: a subscriber's settings changed in the console, as `billdeck subscriber set` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from tui.actions import ActionCall, ActionRecord, Parameter, Question

if TYPE_CHECKING:
    from engine.database import Database
    from engine.subscribers import Changed, Changes
    from engine.subscribers.store import Writer

_PATIENCE_SECONDS = 5.0

# Each option, the field of `Changes` that it fills, and what it is.
_SETTINGS = (
    ("name", "name", "the name of the person or company"),
    ("group", "group", "the group"),
    ("plan", "plan", "the plan, at once"),
    ("order-plan", "order_plan", "the plan from a later period on, or none"),
    ("addon", "addon", "the add-on plan, at once, or none"),
    ("order-addon", "order_addon", "the add-on plan from a later period on, drop or none"),
    ("from", "from_period", "the period that an order begins with"),
    ("services", "services", "all services, A;B"),
    ("add-service", "add_services", "services more, A;B"),
    ("remove-service", "remove_services", "services less, A;B"),
    ("discount", "discounts", "discounts, such as all:percent:10;rent:fixed:5"),
    ("remove-discount", "remove_discounts", "discounts less, such as all:percent"),
    ("state", "state", "the state"),
    ("credit-limit", "credit_limit", "how far the balance may fall below 0"),
    ("fee-day", "fee_day", "the day of the month for the fee, or none"),
    ("active-since", "active_since", "the day of the first use, or never"),
    ("alias-of", "alias_of", "the login of the main subscriber, or none"),
    ("external-uid", "external_uid", "the name in another system, or none"),
    ("phone", "phone", "the phone number"),
    ("email", "email", "the e-mail address"),
    ("contract-number", "contract_number", "the number of the contract"),
    ("contract-date", "contract_date", "the date of the contract, or none"),
    ("birth-date", "birth_date", "the day the person was born, or none"),
    ("address", "address", "the address"),
)
# On the command line these are given once for each; here all at once.
_MANY = {"add_services", "remove_services", "discounts", "remove_discounts"}
_STATES = ("active", "frozen", "blocked", "deleted")


def setting_actions() -> list[ActionRecord]:
    """The one record."""
    return [
        ActionRecord(
            "set",
            "Change settings",
            "changes a subscriber: " + ", ".join(option for option, _, _ in _SETTINGS),
            _run,
            (
                Parameter("login", "the login", required=True),
                *parameters(tuple(option for option, _, _ in _SETTINGS)),
            ),
            danger=1,
            role="operator",
            question=_ask,
            headless="subscriber set",
            on_row=True,
        )
    ]


def parameters(options: tuple[str, ...], required: bool = False) -> tuple[Parameter, ...]:
    """The settings of these names as parameters of an action."""
    titles = {option: title for option, _, title in _SETTINGS}
    return tuple(
        Parameter(
            option,
            titles[option],
            required=required,
            choices=_STATES if option == "state" else (),
        )
        for option in options
    )


def changes_of(call: ActionCall) -> Changes:
    """What the call asks for. Raises InputError when that is nothing."""
    from engine.subscribers import Changes

    given: dict[str, Any] = {}
    for option, field, _ in _SETTINGS:
        text = call.values.get(option)
        if text is not None:
            given[field] = tuple(filter(None, text.split(";"))) if field in _MANY else text
    if not given:
        example = "--state VALUE" if call.action.needs_rows else "--phone VALUE"
        raise InputError(f"{call.action.name}: nothing to change was given, such as {example}.")
    return Changes(**given)


def writer_of(call: ActionCall) -> Writer:
    """Who changes it, and when."""
    from engine.subscribers.store import Writer

    app = call.app
    return Writer.of(app.config, app.actor, app.clock.now_ms(), _PATIENCE_SECONDS)


def _ask(database: Database, call: ActionCall) -> Question:
    from engine.subscribers import preview

    login = call.values["login"]
    changed = preview(database, login, changes_of(call), writer_of(call))
    if not changed.after:
        raise InputError(f"{login} is so already: there is nothing to change.")
    return Question(f"Change {login}", tuple(_differences(changed)))


def _differences(changed: Changed) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), f"{_text(changed.before[name])} -> {_text(value)}")
        for name, value in changed.after.items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(value)
    return "none" if value in (None, "") else str(value)


def _run(call: ActionCall) -> None:
    app, login, changes = call.app, call.values["login"], changes_of(call)

    def work(database: Database) -> Changed:
        from engine.subscribers import change

        return change(database, login, changes, writer_of(call))

    def then(changed: Changed) -> None:
        done = "; ".join(f"{name}: {value}" for name, value in _differences(changed))
        app.tell(f"Changed {login}: {done}." if done else f"{login} is so already.")
        if app.console_screen is not None:
            app.console_screen.refresh_data()

    app.desk.change(work, then)
