"""What is done with numbers after `:`: one of them, and the mails that could not be read."""

from __future__ import annotations

from tui.actions import ActionCall, ActionRecord, Parameter


def balance_actions() -> list[ActionRecord]:
    """Both only show something."""
    return [
        ActionRecord(
            "number",
            "A number",
            "its balance status, a chart of its balances, reports, changes, the last mail",
            _number,
            (Parameter("number", "a number as its operator writes it", required=True),),
            headless="balances NUMBER",
        ),
        ActionRecord(
            "skipped",
            "Skipped mails",
            "the balance mails that could not be read, and why",
            _skipped,
            headless="export skipped-mails",
        ),
    ]


def _number(call: ActionCall) -> None:
    from tui.screens.number_card import NumberCardScreen

    call.app.push_screen(NumberCardScreen(call.values["number"]))


def _skipped(call: ActionCall) -> None:
    from tui.screens.skipped_mails import SkippedMailsScreen

    call.app.push_screen(SkippedMailsScreen())
