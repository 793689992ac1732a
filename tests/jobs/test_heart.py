"""The daemon's beats go on, whatever one of them raises and whatever the clock shows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from jobs.heart import Heart
from tests.jobs.hosts import until


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Sets the time zone of this process, for the test alone."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def set_zone(zone: pytest.MonkeyPatch, name: str) -> None:
    zone.setenv("TZ", name)
    time.tzset()


def beats(heart: Heart, seen: list[str], name: str) -> None:
    """Lets it beat until it comes to that once more."""
    wanted = seen.count(name) + 1

    def beat() -> bool:
        heart.beat()
        return seen.count(name) >= wanted

    until(beat)


def test_a_beat_that_fails_stops_no_other() -> None:
    seen: list[str] = []
    heart = Heart(lambda name, error: seen.append(f"{name} failed: {error}"))

    def fail() -> None:
        raise ValueError("so it is")

    heart.every(1, "bad", fail)
    heart.every(1, "good", lambda: seen.append("good"))
    beats(heart, seen, "good")
    beats(heart, seen, "good")
    assert seen.count("bad failed: so it is") >= 2


def test_it_goes_on_when_the_face_of_the_clock_is_set_back(zone: pytest.MonkeyPatch) -> None:
    """As at the end of summer time: the library reckons with what the face shows."""
    set_zone(zone, "Etc/GMT-2")
    seen: list[str] = []
    heart = Heart(lambda name, error: seen.append(str(error)))
    heart.every(1, "good", lambda: seen.append("good"))
    beats(heart, seen, "good")
    set_zone(zone, "Etc/GMT-1")
    beats(heart, seen, "good")
    set_zone(zone, "Etc/GMT-2")
    beats(heart, seen, "good")
    assert set(seen) == {"good"}
