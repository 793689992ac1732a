"""What needs attention has words and a view for each of its kinds."""

from __future__ import annotations

from typing import get_args

import pytest

from engine.queries.attention import Kind
from tui.attention import view_of
from tui.screens import SCREENS


@pytest.mark.parametrize("kind", get_args(Kind))
def test_enter_leads_somewhere(kind: str) -> None:
    assert view_of((f"{kind} subject", "", "", "")) in SCREENS
