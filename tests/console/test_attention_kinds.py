"""What needs attention has words and a view for each of its kinds."""

from __future__ import annotations

from datetime import UTC
from typing import get_args

import pytest

from engine.queries.attention import Kind
from engine.queries.event_list import ActionList
from engine.queries.event_trouble import TroubleKind
from tui.attention import filter_of, view_of
from tui.screens import SCREENS


@pytest.mark.parametrize("kind", get_args(Kind))
def test_enter_leads_somewhere(kind: str) -> None:
    assert view_of((f"{kind} subject", "", "", "")) in SCREENS


@pytest.mark.parametrize("kind", get_args(TroubleKind))
def test_the_filter_is_one_that_the_view_of_events_understands(kind: str) -> None:
    text = filter_of((f"{kind} nas:gw 1", "", "", ""))
    assert text
    assert ActionList(UTC).query(text).conditions
