"""The ledger against a model in plain Python, with commands that are cut and repeated.

A client pays, refunds, corrects, gives up debts and reverses. Any command may lose its connection
before or after any of its statements. The client then repeats it with the same key or lets it be;
either way it must have happened wholly or not at all, and once. After each step the ledger is
proved and all balances are compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import BilldeckError, DatabaseUnavailable, InputError, NeedsConfirmation
from engine.ledger.answers import Recorded
from engine.ledger.balances import balance_of, own_balances
from engine.ledger.journal import find_entry
from engine.ledger.operations import Ledger
from engine.ledger.proof import prove
from tests.ledger.books import BILLING, add_subscriber, charge, ledger_of
from tests.ledger.books import open_books as new_books
from tests.ledger.cutting import CuttingDatabase, Mode, cutting

_numbers = itertools.count(2000)
_keys = itertools.count(1)


@dataclass(frozen=True)
class Cut:
    """Where the connection breaks; `patient`: the command itself waits and goes on."""

    at: int
    mode: Mode
    patient: bool


@dataclass
class Done:
    """A command that happened: what it did to whom, and how to say it again."""

    key: str
    entry: int
    login: str
    kind: str
    gained: int
    again: Callable[[Ledger, str], Recorded]
    reversed: bool = False


amounts = st.one_of(st.integers(1, 30), st.integers(1, 10**7))
cuts = st.none() | st.builds(
    Cut, st.integers(1, 16), st.sampled_from(["before", "after"]), st.booleans()
)
vats = st.sampled_from([None, "standard", 0, 1000, 2000])


class LedgerMachine(RuleBasedStateMachine):
    """`whole` sees the truth; `connection` is the one that gets cut."""

    whole: Database
    connection: CuttingDatabase

    def __init__(self) -> None:
        super().__init__()
        self.ids = {f"u{number}": number for number in itertools.islice(_numbers, 2)}
        with self.whole.transaction():
            for login, number in self.ids.items():
                add_subscriber(self.whole, number, login)
        self.balances = dict.fromkeys(self.ids, 0)
        self.own = own_balances(self.whole)
        self.done: list[Done] = []
        self.charges: dict[tuple[int, str], int] = {}

    def teardown(self) -> None:
        self.connection.arm(0, "before")

    def login(self, first: bool) -> str:
        return list(self.ids)[0 if first else 1]

    @rule(first=st.booleans(), amount=amounts, vat=vats, cut=cuts, repeat=st.booleans())
    def pay(
        self, first: bool, amount: int, vat: str | int | None, cut: Cut | None, repeat: bool
    ) -> None:
        login = self.login(first)
        rate = BILLING.vat_rates[-1][1] if vat == "standard" else vat or 0
        exact = Decimal(amount) * int(rate) / (10_000 + int(rate))
        tax = int(exact.quantize(Decimal(1), ROUND_HALF_UP))

        def command(ledger: Ledger, key: str) -> Recorded:
            return ledger.payment(login, amount, vat, comment="c", key=key)  # type: ignore[arg-type]

        moved = {"cash": -amount, "vat": tax}
        self.run_once(command, "payment", login, amount - tax, moved, cut, repeat)

    @rule(
        first=st.booleans(),
        kind=st.sampled_from(["refund", "writeoff", "correct"]),
        amount=amounts,
        sure=st.booleans(),
        cut=cuts,
        repeat=st.booleans(),
    )
    def other(
        self, first: bool, kind: str, amount: int, sure: bool, cut: Cut | None, repeat: bool
    ) -> None:
        login = self.login(first)
        gained = amount if kind == "writeoff" or (kind == "correct" and sure) else -amount
        after = self.balances[login] + gained
        refused = not sure and (
            (kind == "refund" and after < 0) or (kind == "writeoff" and after > 0)
        )

        def command(ledger: Ledger, key: str) -> Recorded:
            if kind == "correct":
                return ledger.correct(login, gained, key=key)
            return getattr(ledger, kind)(login, amount, key=key, confirmed=sure)  # type: ignore[no-any-return]

        account = {"refund": "cash", "writeoff": "writeoff", "correct": "correction"}[kind]
        error = NeedsConfirmation if refused else None
        self.run_once(command, kind, login, gained, {account: -gained}, cut, repeat, error)

    @precondition(lambda self: self.done)
    @rule(which=st.integers(0), cut=cuts, repeat=st.booleans())
    def reverse(self, which: int, cut: Cut | None, repeat: bool) -> None:
        target = self.done[which % len(self.done)]
        error = InputError if target.reversed or target.kind == "reversal" else None
        before = own_of_entry(self.whole, target.entry)

        def command(ledger: Ledger, key: str) -> Recorded:
            return ledger.reverse(target.entry, key=key)

        moved = {code: -amount for code, amount in before.items()}
        happened = self.run_once(
            command, "reversal", target.login, -target.gained, moved, cut, repeat, error
        )
        target.reversed = target.reversed or happened

    @rule(one=st.integers(0, 500), other=st.integers(0, 500))
    def close(self, one: int, other: int) -> None:
        """A close of some later period charges both, in one entry."""
        period = f"{2100 + len(self.charges)}-01"
        parts = dict(zip(self.ids, (one, other), strict=True))
        with self.whole.transaction():
            entry = charge(self.whole, period, {self.ids[login]: parts[login] for login in parts})
        for login, amount in parts.items():
            self.balances[login] -= amount
            self.charges[entry, login] = amount
        self.own["revenue_plans"] += one + other

    @precondition(lambda self: self.charges)
    @rule(which=st.integers(0), cut=cuts, repeat=st.booleans())
    def reverse_charge(self, which: int, cut: Cut | None, repeat: bool) -> None:
        (entry, login), amount = list(self.charges.items())[which % len(self.charges)]

        def command(ledger: Ledger, key: str) -> Recorded:
            return ledger.reverse(entry, login, key=key)

        error = None if amount else InputError
        moved = {"correction": -amount}
        if self.run_once(command, "reversal", login, amount, moved, cut, repeat, error):
            self.charges[entry, login] = 0  # what was taken back is refused like a charge of zero

    @precondition(lambda self: self.done)
    @rule(which=st.integers(0))
    def say_again(self, which: int) -> None:
        """The same key and content: the entry of the first time, and nothing new."""
        done = self.done[which % len(self.done)]
        answer = done.again(ledger_of(self.connection), done.key)
        assert (answer.entry_id, answer.repeated) == (done.entry, True)

    @precondition(lambda self: self.done)
    @rule(which=st.integers(0))
    def say_otherwise(self, which: int) -> None:
        """The same key with other content is refused."""
        done = self.done[which % len(self.done)]
        with pytest.raises(InputError, match=f"belongs to entry {done.entry}"):
            ledger_of(self.connection).correct(done.login, 77, comment="other", key=done.key)

    @invariant()
    def the_ledger_is_sound_and_as_the_model_says(self) -> None:
        assert prove(self.whole) == []
        found = {login: balance_of(self.whole, number) for login, number in self.ids.items()}
        assert found == self.balances
        assert own_balances(self.whole) == self.own

    def run_once(
        self,
        command: Callable[[Ledger, str], Recorded],
        kind: str,
        login: str,
        gained: int,
        moved: dict[str, int],
        cut: Cut | None,
        repeat: bool,
        error: type[BilldeckError] | None = None,
    ) -> bool:
        """Runs a command, cut or not; tells the model what must have happened by now."""
        key = f"key {next(_keys)}"
        self.connection.arm(cut.at if cut else 0, cut.mode if cut else "before")
        may_end_early = cut is not None and not cut.patient
        refused: BilldeckError | None = None
        try:
            command(ledger_of(self.connection, wait=5 if cut and cut.patient else 0), key)
        except (DatabaseUnavailable, InputError, NeedsConfirmation) as seen:
            refused = seen
        self.connection.arm(0, "before")
        if isinstance(refused, DatabaseUnavailable):
            assert may_end_early
            if repeat and error is None:
                command(ledger_of(self.connection), key)
        else:
            assert type(refused) is (error or type(None)), refused
        entry = find_entry(self.whole, key)
        if entry is None:
            assert error is not None or (may_end_early and not repeat)
            return False
        assert error is None
        self.balances[login] += gained
        for code, amount in moved.items():
            self.own[code] += amount
        self.done.append(Done(key, entry.id, login, kind, gained, command))
        return True


def own_of_entry(database: Database, entry: int) -> dict[str, int]:
    """What an entry moved on our own accounts, by code."""
    rows = database.rows(
        "SELECT a.code, SUM(p.amount) FROM posting p JOIN account a ON a.id = p.account_id"
        " WHERE p.entry_id = ? AND a.code IS NOT NULL GROUP BY a.code",
        (entry,),
    )
    return {str(code): int(amount) for code, amount in rows}


@pytest.fixture
def machine(database_config: DatabaseConfig) -> Iterator[type[LedgerMachine]]:
    """The machine on fresh books; each run of it adds subscribers of its own."""
    whole = new_books(database_config)
    connection = cutting(database_config)
    yield type("BoundMachine", (LedgerMachine,), {"whole": whole, "connection": connection})
    connection.close()
    whole.close()


def test_the_ledger_under_cuts_and_repeats(machine: type[LedgerMachine], engine_name: str) -> None:
    examples = 30 if engine_name == "sqlite" else 10
    run_machine(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
