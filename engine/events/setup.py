"""From the configuration to the rules of events."""

from __future__ import annotations

from engine.config import Config
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
