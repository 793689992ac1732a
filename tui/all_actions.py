"""All actions of the console, in the order in which they are listed."""

from __future__ import annotations

from tui.actions import Registry
from tui.balance_actions import balance_actions
from tui.close_actions import close_actions
from tui.event_actions import event_actions
from tui.exporting import export_actions
from tui.job_actions import job_actions
from tui.many_actions import many_actions
from tui.money_actions import money_actions
from tui.setting_actions import setting_actions
from tui.viewing import view_actions
from tui.views import base_actions


def all_actions() -> Registry:
    """A new registry of them."""
    return Registry(
        [
            *base_actions(),
            *view_actions(),
            *export_actions(),
            *money_actions(),
            *setting_actions(),
            *many_actions(),
            *close_actions(),
            *job_actions(),
            *balance_actions(),
            *event_actions(),
        ]
    )
