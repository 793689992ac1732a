"""The delivery: hands due actions to the senders of their channels and keeps what comes of them.

All of the database belongs to one thread; senders work beside it and answer into a queue. So a
provider that is slow or dead holds up nobody but its own actions, and a hundred answers are kept by
one transaction.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from engine.clock import Clock
from engine.database import Database
from engine.errors import Interrupted
from engine.events import outbox, pauses, results
from engine.events.kinds import OWN
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.own import carry_out
from engine.events.pace import Pace
from engine.events.results import Result
from engine.events.sender import Sender, Tell
from engine.events.settings import EventsConfig
from engine.hooks import WorkHooks

# How often the outbox is looked at while answers are waited for, or more to do.
_LOOK_SECONDS = 0.2
_EXPIRE_SECONDS = 5.0
_LOST_AT_ONCE = 500
_KEEP_AT_ONCE = 500
_GATHER_SECONDS = 0.03
OWN_AT_ONCE = 50
"""So many of our own are carried out before the other channels have their turn."""
# A delivery ends now and then, so that the next one reads the configuration anew.
_LONGEST_SECONDS = 600.0


@dataclass
class Tally:
    """What a delivery did, by what came of it."""

    outcomes: Counter[str] = field(default_factory=Counter)
    own: int = 0
    expired: int = 0
    lost: int = 0

    @property
    def done(self) -> int:
        """Attempts that were made."""
        return sum(self.outcomes.values()) + self.own


class Delivery:
    """One delivery, for the holder of the lease; `senders` by the names of their channels."""

    def __init__(
        self,
        database: Database,
        rules: EventsConfig,
        senders: Mapping[str, Sender],
        clock: Clock,
        hooks: WorkHooks,
    ) -> None:
        self._database = database
        self._rules = rules
        self._senders = senders
        self._clock = clock
        self._hooks = hooks
        self._promises = {name: sender.promise for name, sender in senders.items()}
        self._paces = {name: Pace(sender.per_second) for name, sender in senders.items()}
        self._answers: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._in_flight: dict[str, set[int]] = defaultdict(set)
        self._has_more = False
        self.tally = Tally()

    def run(self) -> Tally:
        """Delivers until nothing has been due for `linger_seconds`. Raises Interrupted when it is
        asked to stop: what was under way has then been kept."""
        self._settle_lost()
        began = busy_at = time.monotonic()
        looked_for_expired = 0.0
        while not self._hooks.stop.is_set() and time.monotonic() - began < _LONGEST_SECONDS:
            now = time.monotonic()
            self._has_more = False
            if now - looked_for_expired >= _EXPIRE_SECONDS:
                self._expire()
                looked_for_expired = looked_for_expired if self._has_more else now
            started = self._start_due()
            kept = self._keep_answers(0.0 if self._has_more else _LOOK_SECONDS)
            self._hooks.progress(self.tally.done, self.tally.done + self._busy)
            if started or kept or self._busy or self._has_more:
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at >= self._rules.linger_seconds:
                break
        while self._busy:
            self._keep_answers(_LOOK_SECONDS)
        if self._hooks.stop.is_set():
            raise Interrupted("stopped at a safe point. What waits is delivered by the next run.")
        return self.tally

    @property
    def _busy(self) -> int:
        return sum(map(len, self._in_flight.values()))

    def _settle_lost(self) -> None:
        def some() -> int:
            with self._database.transaction():
                self._hooks.prove()
                return results.settle_lost(
                    self._database, self._promises, self._clock.now_ms(), _LOST_AT_ONCE
                )

        while number := self._hooks.unit(some):
            self.tally.lost += number
        if self.tally.lost:
            self._hooks.log(
                f"{self.tally.lost} actions were being sent when the delivery before ended",
                "warning",
            )

    def _expire(self) -> None:
        now = self._clock.now_ms()

        def work() -> int:
            if not outbox.has_expired(self._database, now):
                return 0
            with self._database.transaction():
                self._hooks.prove()
                return outbox.expire(self._database, now)

        number = self._hooks.unit(work)
        if number:
            self.tally.expired += number
            self._has_more |= number == outbox.EXPIRE_AT_ONCE
            self._hooks.log(f"{number} actions expired before they could be done", "warning")

    def _start_due(self) -> int:
        """Hands out what is due on each channel that has room; returns how many."""
        now = self._clock.now_ms()
        started = 0
        rooms = {}
        for name, failures in self._hooks.unit(
            lambda: outbox.due_channels(self._database, now)
        ):  # fmt: skip
            if name == OWN:
                started += self._carry_out_own()
            elif name in self._senders and (room := self._room_on(name, failures)) > 0:
                rooms[name] = room
        if not rooms:
            return started
        # What is asked about is in flight before anything is handed out: a person may let it be
        # sent again at that moment.
        asked = self._to_ask(rooms, now)
        self._take_off(asked)
        actions = self._hand_out(rooms, now)
        self._take_off(actions)
        if not self._may_call(actions):
            for one in asked:
                self._in_flight[one.channel].discard(one.id)
            return started + len(actions)
        for one in actions:
            self._senders[one.channel].send(one, self._tell(one, "send"))
        for one in asked:
            self._senders[one.channel].ask(one, self._tell(one, "ask"))
        return started + len(actions) + len(asked)

    def _take_off(self, actions: Sequence[Handed]) -> None:
        for one in actions:
            self._in_flight[one.channel].add(one.id)
            self._paces[one.channel].take()

    def _room_on(self, name: str, failures: int) -> int:
        sender = self._senders[name]
        # A channel that was in trouble is tried with one action first.
        parallel = 1 if failures >= self._rules.pause_after else sender.parallel
        return min(parallel - len(self._in_flight[name]), self._paces[name].room())

    def _to_ask(self, rooms: dict[str, int], now: int) -> list[Handed]:
        """What a reconcilable channel is to be asked about, for a part of its room: before what is
        new, for as long as there is always more to send nothing else would be asked."""
        found: list[Handed] = []
        for name, room in rooms.items():
            if self._promises[name] == "reconcilable":
                most, in_flight = max(1, room // 4), self._in_flight[name]
                ask = partial(outbox.to_ask, self._database, name, now, most + len(in_flight))
                some: list[Handed] = self._hooks.unit(ask)
                some = [one for one in some if one.id not in in_flight][:most]
                rooms[name] -= len(some)
                found += some
        return found

    def _hand_out(self, rooms: dict[str, int], now: int) -> list[Handed]:
        """In one transaction for all channels that have room: a commit takes longer than the
        rest."""

        def work() -> list[Handed]:
            with self._database.transaction():
                self._hooks.prove()
                return [
                    action
                    for name, room in rooms.items()
                    if room > 0
                    for action in outbox.hand_out(
                        self._database, name, now, room, self._in_flight[name]
                    )
                ]

        actions: list[Handed] = self._hooks.unit(work)
        return actions

    def _may_call(self, actions: list[Handed]) -> bool:
        """Looks at the lease right before something leaves us: whoever slept since the actions were
        handed out has lost it. After a stop it is known of them that they were not sent."""
        try:
            self._hooks.unit(self._hooks.check)
        except Interrupted:
            for action in actions:
                self._tell(action, "send")(Outcome("retry", "stopped before it was sent"))
            return False
        return True

    def _tell(self, action: Handed, what: results.What) -> Tell:
        started_at = self._clock.now_ms()

        def tell(outcome: Outcome) -> None:
            self._answers.put(Result(action, what, outcome, started_at, self._clock.now_ms()))

        return tell

    def _carry_out_own(self) -> int:
        """What is done in our own database, with the mark that it is done: some of it."""
        number = 0
        while (
            number < OWN_AT_ONCE
            and not self._hooks.stop.is_set()
            and self._hooks.unit(lambda: carry_out(self._database, self._clock, self._hooks.prove))
        ):
            number += 1
        self.tally.own += number
        self._has_more |= number == OWN_AT_ONCE
        return number

    def _keep_answers(self, seconds: float) -> int:
        """Waits up to `seconds` for an answer, and keeps all that are there; returns how many."""
        answers = self._gather(seconds)
        if not answers:
            return 0

        def work() -> None:
            with self._database.transaction():
                self._hooks.prove()
                results.keep(self._database, answers, self._promises)
                self._keep_channels(answers)

        self._hooks.unit(work)
        for one in answers:
            self._in_flight[one.action.channel].discard(one.action.id)
            self.tally.outcomes[one.outcome.verdict] += 1
        return len(answers)

    def _gather(self, seconds: float) -> list[Result]:
        """Answers, and those that follow the first within a moment: to keep ten together takes as
        long as to keep one, and so does handing out the next ten."""
        answers: list[Result] = []
        try:
            answers.append(self._answers.get(timeout=seconds))
            until = time.monotonic() + _GATHER_SECONDS
            while len(answers) < min(_KEEP_AT_ONCE, self._busy):
                left = max(0.0, until - time.monotonic())
                answers.append(self._answers.get(timeout=left))
        except queue.Empty:
            pass
        return answers

    def _keep_channels(self, answers: list[Result]) -> None:
        by_channel: dict[str, list[Outcome]] = defaultdict(list)
        for one in answers:
            by_channel[one.action.channel].append(one.outcome)
        now = self._clock.now_ms()
        for before in pauses.read_channels(self._database, sorted(by_channel)):
            channel = pauses.after(before, by_channel[before.name], self._rules, now)
            if channel != before:
                pauses.keep_channel(self._database, channel)
                if channel.paused_at is not None and before.paused_at is None:
                    self._hooks.log(_pause_words(channel, now), "warning")


def _pause_words(channel: pauses.Channel, now: int) -> str:
    how_long = "until a person lifts it"
    if channel.paused_until is not None:
        how_long = f"for {(channel.paused_until - now) // 1_000} s"
    return f"{channel.name} is paused {how_long}: {channel.reason}"
