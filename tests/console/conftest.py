"""What all tests of the console share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui.app import Console


@pytest.fixture(autouse=True)
def steady_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures of screens must not depend on how quick this machine is just now."""
    monkeypatch.setattr("tui.app.latency_words", lambda shown, measured: (1.0, "db <1 ms"))


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exports, views and reports of faults go where nobody else's are."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder / "billdeck"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the console tells the person in this test, however it is wrapped on the screen."""
    found: list[str] = []
    tell = Console.tell

    def remember(self: Console, text: str, *more: Any, **named: Any) -> None:
        found.append(text)
        tell(self, text, *more, **named)

    monkeypatch.setattr(Console, "tell", remember)
    return found
