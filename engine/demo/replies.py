"""What the providers of the demonstration answered: each fate of an action with its attempts. Pure.

Most is carried out at the first attempt; the rest is what really happens to it, in the words and
shapes of the real ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from engine.events.kinds import ActionKind, State

_HTML = (
    "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
)
_BUSY = '{"error":"too many requests","error_code":9}'
_WRONG_NUMBER = '{"error":"invalid number","error_code":7}'
_BAD_ITEM = '{"title":"Bad Request","description":"positions.0.name: too long","code":"VLD12"}'


@dataclass(frozen=True, slots=True)
class Try:
    """An attempt: what came of it, the status of HTTP, a word on it, the answer; it took `ms`."""

    verdict: str
    status: int | None
    detail: str
    excerpt: str
    ms: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an action: its state, why, its attempts, and the other side's name for it."""

    state: State
    reason: str
    tries: tuple[Try, ...] = ()
    remote_id: str = ""


def taken(rng: Random, kind: ActionKind, before: tuple[Try, ...] = ()) -> Fate:
    """It was carried out, perhaps after some failures."""
    number = str(rng.randint(10_000_000, 99_999_999))
    if kind == "notice":
        answer = json.dumps({"id": int(number), "cnt": 1})
        last = Try("done", 200, "taken by SMSC", answer, rng.randint(90, 900))
    elif kind == "receipt":
        answer = json.dumps({"id": int(number), "external_id": "", "state": "new"})
        last = Try("done", 200, "taken by Komtet", answer, rng.randint(120, 1_500))
    else:
        sessions = rng.choice((0, 1, 1, 1, 2))
        words = f"{sessions} session{'' if sessions == 1 else 's'} ended"
        return Fate("done", words, (*before, Try("done", None, words, "", rng.randint(200, 2_000))))
    return Fate("done", last.detail, (*before, last), number)


def failures(rng: Random, kind: ActionKind, count: int) -> tuple[Try, ...]:
    """Attempts that failed and may be made again."""
    known = {
        "notice": (
            Try("retry", 200, "SMSC error 9: too many requests", _BUSY, 140),
            Try("retry", 502, "the server has a fault (HTTP 502)", _HTML, 60_000),
        ),
        "receipt": (
            Try("retry", 502, "the server has a fault (HTTP 502)", _HTML, 3_100),
            Try("retry", None, "no connection: it was not sent", "", 10_000),
        ),
    }.get(kind, (Try("retry", None, "no connection within 10 s", "", 10_000),))
    return tuple(rng.choice(known) for _ in range(count))


def of_state(rng: Random, kind: ActionKind, state: State, denial: str) -> Fate:
    """What leads to this state; with a `denial` we are not let in."""
    if denial and state in ("retrying", "expired"):
        return Fate(state, denial, (Try("denied", None, denial, "", 350),))
    if state == "done":
        return taken(rng, kind)
    if state == "retrying":
        tries = failures(rng, kind, rng.randint(1, 3))
        return Fate(state, tries[-1].detail, tries)
    if state == "unknown":
        return unknown()
    if state == "dead":
        return dead(kind)
    if state == "expired":
        tries = failures(rng, kind, rng.randint(3, 5))
        return Fate(state, tries[-1].detail, tries)
    if state == "sending":
        return Fate(state, "", (Try("retry", None, "no connection: it was not sent", "", 10_000),))
    if state == "cancelled":
        return Fate(state, "called off by anna: the subscriber has called us")
    return Fate(state, "")


def troubled(rng: Random, kind: ActionKind) -> Fate:
    """It did not go as it should, for good or for now."""
    if kind == "session_drop":
        return of_state(rng, kind, "expired", "")
    what = rng.choice(("dead", "late", "late", "unknown" if kind == "notice" else "dead"))
    if what == "late":
        return taken(rng, kind, failures(rng, kind, rng.randint(1, 4)))
    if what == "unknown":
        return unknown()
    return dead(kind)


def dead(kind: ActionKind) -> Fate:
    """It was refused."""
    if kind == "notice":
        words = "SMSC error 7: invalid number"
        return Fate("dead", words, (Try("refused", 200, words, _WRONG_NUMBER, 130),))
    words = "Komtet: positions.0.name: too long"
    return Fate("dead", words, (Try("refused", 422, words, _BAD_ITEM, 210),))


def unknown() -> Fate:
    """The answer never came."""
    words = "no answer within 20 s: it may have been sent"
    return Fate("unknown", words, (Try("ambiguous", None, words, "", 20_000),))
