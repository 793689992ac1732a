"""Ways for an HTTP server to go wrong, and a lot that decides when it does."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

Way = Literal[
    "status",  # the status alone, with Retry-After if there is one
    "html",  # 200 with a page
    "empty",  # 200 with nothing
    "garbage",  # what is not HTTP
    "cut",  # half of the true answer, then the end
    "silence",  # never a word
    "slow",  # headers, then a byte now and then
    "endless",  # a body without end
    "slow_head",  # a header, a byte now and then
    "endless_head",  # a header without end
    "reset",  # the connection is reset
    "close",  # the true answer, and then the connection is closed without a warning
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong. `taken`: the request is carried out before it does."""

    way: Way
    taken: bool = False
    status: int = 500
    retry_after: str = ""


TOO_MANY = Fault("status", status=429, retry_after="1")
UNAVAILABLE = Fault("status", status=503, retry_after="1")
FAILS = Fault("status", status=500)
FAILS_AFTER = Fault("status", taken=True, status=502)
RESETS = Fault("reset")
RESETS_AFTER = Fault("reset", taken=True)
SILENT = Fault("silence")
SILENT_AFTER = Fault("silence", taken=True)
CLOSES = Fault("close", taken=True)

ROUGH: Mapping[Fault, float] = {
    TOO_MANY: 0.04,
    UNAVAILABLE: 0.02,
    FAILS: 0.03,
    FAILS_AFTER: 0.03,
    Fault("html"): 0.02,
    Fault("html", taken=True): 0.02,
    Fault("empty"): 0.02,
    Fault("empty", taken=True): 0.02,
    Fault("cut", taken=True): 0.02,
    RESETS: 0.03,
    RESETS_AFTER: 0.03,
    CLOSES: 0.02,
    SILENT: 0.002,
    SILENT_AFTER: 0.002,
    Fault("slow", taken=True): 0.002,
    Fault("slow_head", taken=True): 0.002,
    Fault("endless", taken=True): 0.002,
    Fault("endless_head", taken=True): 0.002,
}
"""All that a provider may do on a bad day: about 3 requests of 10 go wrong."""


class Chaos:
    """Decides by lot which requests go wrong, the same for the same `seed` whatever order they
    come in: the lot is drawn from the request's content and how often it has come. `rates` are
    shares of 1. After `most` faults a request is served."""

    def __init__(self, seed: int, rates: Mapping[Fault, float] = ROUGH, most: int = 6) -> None:
        if sum(rates.values()) > 1:
            raise ValueError("the rates are more than 1 together")
        self.seed = seed
        self._rates = tuple(rates.items())
        self._most = most
        self._lock = threading.Lock()
        self._came: Counter[bytes] = Counter()
        self._failed: Counter[bytes] = Counter()
        self.drawn: Counter[Fault] = Counter()

    def draw(self, content: bytes) -> Fault | None:
        """The fault for a request, None to serve it."""
        key = blake2b(content, digest_size=16).digest()
        with self._lock:
            self._came[key] += 1
            fault = None
            if self._failed[key] < self._most:
                fault = self._lot(f"{self.seed} {key.hex()} {self._came[key]}")
            if fault is not None:
                self._failed[key] += 1
                self.drawn[fault] += 1
        return fault

    def _lot(self, name: str) -> Fault | None:
        left = random.Random(name).random()
        for fault, rate in self._rates:
            left -= rate
            if left < 0:
                return fault
        return None
