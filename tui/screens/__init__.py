"""The screens, each in a module of its own that is imported when it is first shown."""

from __future__ import annotations

SCREENS: dict[str, str] = {
    "overview": "tui.screens.overview:OverviewScreen",
    "subscribers": "tui.screens.subscribers:SubscribersScreen",
    "balances": "tui.screens.balances:BalancesScreen",
    "month_close": "tui.screens.month_close:MonthCloseScreen",
    "events": "tui.screens.events:EventsScreen",
    "jobs": "tui.screens.jobs:JobsScreen",
}
"""The first screen of each mode, as `module:class`; the class is made without arguments."""

TITLES: dict[str, tuple[str, str]] = {
    "overview": ("1", "Overview"),
    "subscribers": ("2", "Subscribers"),
    "balances": ("3", "Balances"),
    "month_close": ("4", "Month close"),
    "events": ("6", "Events"),
    "jobs": ("8", "Jobs"),
}
"""The key and the title of each mode, as the first line shows them."""
