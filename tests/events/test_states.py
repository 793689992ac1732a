"""Notices of what makes a subscriber inactive: of a freeze, a block, a deletion, where wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.events.kinds import EventKind
from engine.events.settings import EventsConfig
from engine.subscribers import store
from engine.subscribers.changes import Changes
from tests.events.books import BILLING, NOW, actions, open_event_books, rules


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("state", "event"), [("frozen", "freeze"), ("blocked", "block"), ("deleted", "delete")]
)
def test_who_is_made_inactive_is_told_of_it(
    database: Database, state: str, event: EventKind
) -> None:
    wanted = rules(events=EventsConfig(mode="on", follows={event: ("notice",)}))
    writer = store.Writer("anna", NOW, BILLING.timezone, 5, wanted)
    store.change(database, "ivan", Changes(state=state), writer)
    assert actions(database) == [("notice", "sms", "waiting")]
