"""Taking what MikBill has booked: each payment, refund and limit becomes an event once, by its
plategid, however late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo

from engine.database import Database
from engine.events.answers import Told, read_told
from engine.events.facts import Facts, Happened
from engine.events.kinds import EventKind
from engine.events.known import read_facts
from engine.events.plan import Moment
from engine.events.record import record
from engine.events.settings import Rules
from engine.hooks import WorkHooks
from engine.mikbill.payments import Booked, Bookings, balances_before
from engine.mikbill.reader import MikbillReader
from engine.mikbill.settings import MikbillConfig
from engine.mikbill.subscriber import Person, facts_with, read_persons
from engine.retry import again_if_taken

_PAGE = 1_000
_AT_ONCE = 200
_KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Taken:
    """A booking that is to become an event of our subscriber; `amount` None is told to nobody."""

    booked: Booked
    kind: EventKind
    subscriber: int
    person: Person | None
    before: int
    amount: int | None

    def happened(self, own: Facts, actor: str) -> Happened:
        facts = facts_with(own, self.person, self.before) if self.person else own
        return Happened(
            self.kind, self.subscriber, self.booked.key, self.booked.at, "mikbill", actor,
            self.amount, is_api=self.booked.is_api, facts=facts,
        )  # fmt: skip


@dataclass
class Tally:
    """What a job took: `taken` events, `late` ones among them, `strangers` bookings of uids that
    are none of ours."""

    taken: int = 0
    late: int = 0
    strangers: int = 0


class Taking:
    """Takes from MikBill into our database, in the name of `actor`; `hooks.unit` runs each
    transaction and `hooks.prove` is called in it."""

    def __init__(
        self,
        database: Database,
        reader: MikbillReader,
        config: MikbillConfig,
        rules: Rules,
        moment: Callable[[], Moment],
        actor: str,
        hooks: WorkHooks,
    ) -> None:
        self._database = database
        self._reader = reader
        self._config = config
        self._rules = rules
        self._moment = moment
        self._actor = actor
        self._hooks = hooks
        zone: tzinfo = config.timezone or moment().zone
        self._bookings = Bookings(reader, zone, config.bonus_types)
        self._since: date = config.since or moment().day

    def take(self, subscribers: Mapping[int, int]) -> list[Told]:
        """Takes all that was booked for these uids (each with our subscriber) and was not taken
        yet, the oldest first; `repeated` are those that somebody else took at the same moment."""
        bookings = self._bookings.of(list(subscribers), self._since)
        events = [one for those in bookings.values() for one in those if one.kind is not None]
        taken = self._known_keys([one.key for one in events])
        fresh = {one.uid for one in events if one.key not in taken}
        if not fresh:
            return []
        persons = read_persons(self._reader, sorted(fresh))
        queues: dict[int, list[_Taken]] = defaultdict(list)
        for uid in sorted(fresh):
            subscriber = subscribers[uid]
            queues[subscriber] += _to_take(bookings[uid], taken, subscriber, persons.get(uid))
        told: list[Told] = []
        # Of one subscriber one at a time: a bonus for the first payment counts for the second.
        while queues:
            heads = [queue.pop(0) for queue in queues.values()]
            queues = defaultdict(list, {who: queue for who, queue in queues.items() if queue})
            for start in range(0, len(heads), _AT_ONCE):
                told += self._record(heads[start : start + _AT_ONCE])
        return told

    def take_all(self) -> Tally:
        """Takes what was booked for all our subscribers in the days that are looked back, page by
        page; asks `hooks.check` before each."""
        tally = Tally()
        earliest = self._moment().day - timedelta(days=self._config.look_back_days)
        since = max(self._since, earliest)
        page, place = self._bookings.credits(since), 0
        while True:
            self._take_page(page, tally)
            self._hooks.check()
            self._reader.look_anew()
            page = self._bookings.page(place, since, _PAGE)
            if not page:
                return tally
            place = page[-1].place

    def _take_page(self, page: Sequence[Booked], tally: Tally) -> None:
        events = [one for one in page if one.kind is not None]
        taken = self._known_keys([one.key for one in events])
        fresh = [one for one in events if one.key not in taken]
        ours = self._subscribers(sorted({one.uid for one in fresh}))
        tally.strangers += sum(one.uid not in ours for one in fresh)
        told = [one for one in self.take(ours) if not one.repeated] if ours else []
        tally.taken += len(told)
        tally.late += sum(one.is_late for one in told)
        self._hooks.progress(tally.taken, tally.taken)

    def _record(self, heads: Sequence[_Taken]) -> list[Told]:
        """Records at most one event of each subscriber, in one transaction."""
        database = self._database

        def work() -> list[Told]:
            with database.transaction():
                self._hooks.prove()
                keys = [one.booked.key for one in heads]
                known = {told.key for told in read_told(database, keys)}
                fresh = [one for one in heads if one.booked.key not in known]
                own = read_facts(database, sorted({one.subscriber for one in fresh}))
                happened = [one.happened(own[one.subscriber], self._actor) for one in fresh]
                record(database, self._rules, self._moment(), happened)
                return [
                    replace(told, repeated=told.key in known) for told in read_told(database, keys)
                ]

        told: list[Told] = self._hooks.unit(lambda: again_if_taken(work, "events"))
        return told

    def _known_keys(self, keys: Sequence[str]) -> set[str]:
        def work() -> set[str]:
            known: set[str] = set()
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                part = keys[start : start + _KEYS_AT_ONCE]
                marks = ", ".join("?" * len(part))
                known |= {
                    str(key)
                    for (key,) in self._database.rows(
                        f"SELECT event_key FROM event WHERE event_key IN ({marks})", part
                    )
                }
            return known

        known: set[str] = self._hooks.unit(work)
        return known

    def _subscribers(self, uids: Sequence[int]) -> dict[int, int]:
        def work() -> dict[int, int]:
            found: dict[int, int] = {}
            for start in range(0, len(uids), _KEYS_AT_ONCE):
                part = [str(uid) for uid in uids[start : start + _KEYS_AT_ONCE]]
                marks = ", ".join("?" * len(part))
                for uid, subscriber in self._database.rows(
                    "SELECT external_uid, COALESCE(alias_of, id) FROM subscriber"
                    f" WHERE external_uid IN ({marks})",
                    part,
                ):
                    found[int(uid)] = int(subscriber)
            return found

        found: dict[int, int] = self._hooks.unit(work)
        return found


def _to_take(
    bookings: Sequence[Booked], taken: set[str], subscriber: int, person: Person | None
) -> list[_Taken]:
    """What of one uid's bookings is still to be taken, the oldest first. MikBill keeps only the
    present credit limit, so of the limits only the newest is told."""
    before = balances_before(person.deposit, bookings) if person else {}
    newest = {one.kind: one.key for one in bookings if one.kind in ("limit", "credit")}
    found = []
    for one in bookings:
        if one.kind is None or one.key in taken:
            continue
        amount: int | None = one.amount
        if one.kind in newest:
            amount = person.credit if person and newest[one.kind] == one.key else None
        found.append(
            _Taken(one, one.kind, subscriber, person, before.get(one.key, 0), amount or None)
        )
    return found
