"""From the configuration to the rules of events."""

from __future__ import annotations

from engine.config import Config
from engine.config.events import written
from engine.events.kinds import EVENT_KINDS, EventKind
from engine.events.settings import Rules


def rules_of(config: Config) -> Rules:
    """All that decides which actions follow an event."""
    return Rules(
        events=config.events,
        notices=config.notices,
        receipts=config.receipts,
        bonuses=config.bonuses,
        texts=config.texts,
        nas=tuple(nas.name for nas in config.nas),
    )


def providers_of(config: Config) -> dict[str, bool]:
    """Which providers of messages and receipts have all that they need."""
    return {
        "smspilot": config.smspilot.is_set_up,
        "smsc": config.smsc.is_set_up,
        "komtet": config.komtet.is_set_up,
    }


def given_events(config: Config) -> list[EventKind]:
    """The events whose actions the configuration states, be it as they are by default."""
    stated = {
        row.key for row in config.settings if row.section == "events" and row.origin != "default"
    }
    return [event for event in EVENT_KINDS if written(event) in stated]
