"""What all tests of the console share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def steady_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures of screens must not depend on how quick this machine is just now."""
    monkeypatch.setattr("tui.app.latency_words", lambda shown, measured: (1.0, "db <1 ms"))
