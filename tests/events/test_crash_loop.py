"""Deaths at the 1st, 2nd, 3rd... statement or request: nothing is lost, and nothing is done twice
that must not be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import DatabaseUnavailable
from engine.events import delivery
from engine.ledger.proof import prove
from tests.close.conftest import MakeCopies
from tests.close.copies import Copies, at
from tests.events import crashing
from tests.events.books import IVAN, NOW, ledger_with
from tests.events.crashing import (
    BONUS,
    KOMTET,
    OWN,
    SMS,
    SOCIAL,
    Victim,
    World,
    crash_rules,
    credit_all,
    deliver_once,
    deliver_to_rest,
    make_books,
)
from tests.faults.killing import Killed, Killing, Losing, quick
from tests.ledger.cutting import Mode

# The quick tests cut one step of so many; a lost connection takes longer than a death.
SAMPLE = {"sqlite": 3, "mariadb": 29}
LONGER = 2
BOTH_MODES = pytest.mark.parametrize("mode", ["before", "after"])
# By channel: what four payments and one change of plan bring.
EXPECTED = {SMS: 5, SOCIAL: 5, KOMTET: 4, "nas:m1": 5, "nas:m2": 5, OWN: 1, BONUS: 2}


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are there at once: a delivery need not wait for more."""
    monkeypatch.setattr(delivery, "_LOOK_SECONDS", 0.0)


@pytest.fixture(scope="session")
def event_books(tmp_path_factory: pytest.TempPathFactory) -> DatabaseConfig:
    """The books, made once."""
    return make_books(at(tmp_path_factory.mktemp("events") / "books.db"))


@pytest.fixture
def copies(engine_name: str, event_books: DatabaseConfig, make_copies: MakeCopies) -> Copies:
    """Copies of the books on the engine in turn."""
    return make_copies(engine_name, event_books)


class TestDelivery:
    def test_undisturbed(self, copies: Copies) -> None:
        where, world = copies.fresh(), World()
        deliver_to_rest(where, world, FixedClock(NOW))
        assert wrong(where, world) == []
        # Nobody answered whether olga's first messages were taken; the others are known.
        assert unknown(where) == 2

    @BOTH_MODES
    @pytest.mark.parametrize("victim", [Killing, Losing])
    def test_cut_at_some_steps(self, copies: Copies, victim: Victim, mode: Mode) -> None:
        step = SAMPLE[copies.engine] * (LONGER if victim is Losing else 1)
        assert damages(copies.fresh, victim, mode, step) == []

    @pytest.mark.heavy
    @BOTH_MODES
    @pytest.mark.parametrize("victim", [Killing, Losing])
    def test_cut_at_every_step(self, copies: Copies, victim: Victim, mode: Mode) -> None:
        assert damages(copies.fresh, victim, mode, 1) == []

    @BOTH_MODES
    def test_one_death_after_the_other(self, copies: Copies, mode: Mode) -> None:
        """On the same books each delivery comes a step further than the one before."""
        where, world, clock = copies.fresh(), World(), FixedClock(NOW)
        deaths = 0
        for k in count(1):
            if not dies(where, world, clock, Killing, mode, k):
                break
            deaths += 1
            clock.advance(crashing.HOUR_MS)
        assert deaths > 20
        deliver_to_rest(where, world, clock)
        assert wrong(where, world) == []

    @pytest.mark.parametrize("engine_name", ["sqlite"])
    def test_the_harness_finds_what_is_sent_twice(
        self, copies: Copies, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A channel that promises more than it keeps."""
        monkeypatch.setitem(crashing.PROMISES, SMS, "idempotent")
        found = damages(copies.fresh, Killing, "after", SAMPLE[copies.engine])
        assert any("was taken 2 times" in text for _, what in found for text in what)


def dies(
    where: DatabaseConfig, world: World, clock: FixedClock, victim: Victim, mode: Mode, k: int
) -> bool:
    """Runs a delivery that is cut at its k-th step; whether it has so many."""
    database = victim(where)
    database.arm(k, mode)
    try:
        deliver_once(database, world, clock)
    except Killed:
        return True
    finally:
        database.close()
    return isinstance(database, Losing) and database.statements >= k


def damages(
    fresh: Callable[[], DatabaseConfig], victim: Victim, mode: Mode, step: int
) -> list[tuple[int, list[str]]]:
    """At which cuts something came out wrong: each on books of its own, followed by others that
    nobody disturbs."""
    found = []
    for k in count(1, step):
        where, world, clock = fresh(), World(), FixedClock(NOW)
        if not dies(where, world, clock, victim, mode, k):
            assert k > 50
            break
        clock.advance(crashing.HOUR_MS)
        deliver_to_rest(where, world, clock)
        what = wrong(where, world)
        # A process takes along what it had in its hands, which is not more than a channel takes.
        if victim is Losing and unknown(where) != 2:
            what.append("a lost connection made a message unknown")
        if unknown(where) > 2 + crashing.Provider.parallel:
            what.append(f"{unknown(where)} messages are unknown")
        if what:
            found.append((k, what))
    return found


def unknown(where: DatabaseConfig) -> int:
    """How many actions wait for a person to find out what became of them."""
    database = quick(where)
    number = database.integer("SELECT COUNT(*) FROM action WHERE state = 'unknown'")
    database.close()
    return number


def wrong(where: DatabaseConfig, world: World) -> list[str]:
    """What is not as it must be when there is nothing more to do."""
    database = quick(where)
    found = []
    counts = "SELECT channel, COUNT(*) FROM action GROUP BY channel"
    if dict(database.rows(counts)) != EXPECTED:
        found.append("actions are lost")
    rows = database.rows(
        "SELECT id, channel, action_key, state, attempts FROM action WHERE channel <> 'bonus'"
    )
    for number, channel, key, state, attempts in rows:
        name = f"action {number} on {channel}, {state}"
        found += _wrong_outside(name, channel, state, world.taken[channel, key])
        if len(world.contents[channel, key]) > 1:
            found.append(f"{name}: sent with different contents")
        found += _wrong_attempts(database, name, number, state, attempts)
    found += _wrong_own(database)
    database.close()
    return found


def _wrong_outside(name: str, channel: str, state: str, taken: int) -> list[str]:
    if state != "done" and not (state == "unknown" and channel == SMS):
        return [f"{name}: it is not done"]
    if taken > 1 and channel in (SMS, SOCIAL):
        return [f"{name}: was taken {taken} times"]
    if not taken and state == "done" and channel != OWN:
        return [f"{name}: was never taken"]
    return []


def _wrong_attempts(
    database: Database, name: str, number: int, state: str, attempts: int
) -> list[str]:
    rows = database.rows(
        "SELECT number, what, verdict FROM attempt WHERE action_id = ? ORDER BY number", (number,)
    )
    sent = sum(what == "send" for _, what, _ in rows)
    if [row[0] for row in rows] != list(range(1, len(rows) + 1)) or sent != attempts:
        return [f"{name}: {attempts} attempts, kept are {rows}"]
    if (rows[-1][2] == "done") != (state == "done"):
        return [f"{name}: its last attempt was {rows[-1][2]}"]
    return []


def _wrong_own(database: Database) -> list[str]:
    found = []
    receipts = "SELECT COUNT(*) FROM receipt r JOIN action a ON a.id = r.action_id"
    if database.integer(f"{receipts} WHERE r.task = '77'") != EXPECTED[KOMTET]:
        found.append("not every receipt's state will be asked for")
    if database.integer("SELECT COUNT(*) FROM discount"):
        found.append("a discount is left")
    lines = "SELECT COUNT(*) FROM audit WHERE action = 'discount removed'"
    if database.integer(lines) != 2:
        found.append("a removed discount without its line in the audit, or with two")
    return found


@BOTH_MODES
def test_bonuses_are_credited_once(copies: Copies, mode: Mode) -> None:
    where = copies.fresh()
    database = quick(where)
    credit_all(database)
    expected = money(database)
    database.close()
    for k in count(1):
        where = copies.fresh()
        dying = Killing(where)
        dying.arm(k, mode)
        try:
            credit_all(dying)
        except Killed:
            pass
        else:
            assert k > 15
            break
        finally:
            dying.close()
        database = quick(where)
        assert prove(database) == [], k
        credit_all(database)
        assert money(database) == expected, k
        assert prove(database) == [], k
        database.close()


def money(database: Database) -> list[object]:
    """Balances, entries and bonuses."""
    return [
        database.rows("SELECT id, balance FROM account ORDER BY id"),
        database.rows("SELECT kind, entry_key FROM journal_entry WHERE kind = 'bonus' ORDER BY id"),
        database.rows("SELECT id, state, attempts FROM action WHERE channel = 'bonus' ORDER BY id"),
    ]


@BOTH_MODES
@pytest.mark.parametrize("victim", [Killing, Losing])
def test_a_payment_and_its_event_are_both_there_or_neither(
    copies: Copies, victim: Victim, mode: Mode
) -> None:
    where = copies.fresh()
    database = quick(where)
    cuts = 0
    for k in count(1):
        cut = victim(where)
        cut.arm(k, mode)
        key = f"p{k}"
        try:
            ledger_with(cut, crash_rules()).payment("ivan", 700_00, key=key)
        except (Killed, DatabaseUnavailable):
            pass
        finally:
            cut.close()
        if cut.statements < k:
            break
        cuts += 1
        assert followed(database, key) in ((0, 0, 0), (1, 1, 5)), k
        ledger_with(database, crash_rules()).payment("ivan", 700_00, key=key)
        assert followed(database, key) == (1, 1, 5), k
    assert cuts > 10
    assert prove(database) == []
    balance = database.integer("SELECT balance FROM account WHERE id = ?", (IVAN,))
    assert balance == 500_00 + 2_200_00 + (cuts + 1) * 700_00
    database.close()


def followed(database: Database, key: str) -> tuple[int, int, int]:
    """How many entries, events and actions a payment of this key has."""
    entries = database.rows("SELECT id FROM journal_entry WHERE entry_key = ?", (key,))
    numbers = [number for (number,) in entries]
    if not numbers:
        return 0, database.integer("SELECT COUNT(*) FROM event WHERE entry_id IS NULL") - 1, 0
    events = database.rows("SELECT id FROM event WHERE entry_id = ?", (numbers[0],))
    if not events:
        return len(numbers), 0, 0
    actions = database.integer("SELECT COUNT(*) FROM action WHERE event_id = ?", events[0])
    return len(numbers), len(events), actions
