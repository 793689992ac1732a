"""What MikBill knows of a subscriber, in both layouts of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events.facts import Facts
from engine.mikbill.amounts import day, kopecks
from engine.mikbill.payments import Booked, balances_before, booked
from engine.mikbill.reader import open_mikbill
from engine.mikbill.subscriber import Person, facts_with, has_discount, read_persons
from tests.mikbill.office import STATES, MikBill, open_office
from tests.servers.mariadb import MariaDBServer

ON = {"ext_discount_extended": "1"}


@pytest.fixture(params=[False, True], ids=["states", "tables"])
def either(request: pytest.FixtureRequest, mariadb_server: MariaDBServer) -> Iterator[MikBill]:
    with open_office(mariadb_server, "mikbill_either", old=request.param) as office:
        yield office


def persons(office: MikBill, *uids: int) -> dict[int, Person]:
    with open_mikbill(office.config) as reader:
        return read_persons(reader, uids)


@pytest.mark.mariadb
def test_a_person_of_each_state(either: MikBill) -> None:
    for uid, state in enumerate(STATES, start=1):
        either.add(uid, f"user{uid}", state)
    assert {uid: one.state for uid, one in persons(either, 1, 2, 3, 4, 5).items()} == {
        1: "active", 2: "frozen", 3: "blocked", 4: "deleted",
    }  # fmt: skip


@pytest.mark.mariadb
def test_all_that_is_known(either: MikBill) -> None:
    either.add(
        7, "x$'\"[]", deposit="-12.345678", credit="300", gid=2, blocked=1, sms_tel=None,
        date_abonka=31,
    )  # fmt: skip
    either.set_field(7, "ext_date_fiz_contract_conclusion", "31.05.2019")
    either.set_field(7, "ext_discount_global", "5")
    assert persons(either, 7)[7] == Person(
        "x$'\"[]", "active", True, Decimal("-12.345678"), 300_00, "", 31, "Fast", 1000_00, 100_00,
        date(2019, 5, 31), True,
    )  # fmt: skip
    either.add(8, "no plan", gid=77)
    assert persons(either, 8)[8] == Person(
        "no plan", "active", False, Decimal(0), 0, "79991234567", None, "", 0, 0
    )


def test_facts_are_mikbills_where_it_knows_better() -> None:
    own = Facts(5, "ivan", ("ivan", "ivan-tv"), name="Ivan", email="i@x", phone="1", last_top_up=9)
    person = Person("ivan-tv", "frozen", True, Decimal("10.005"), 3, "2", 7, "P", 8, 9)
    facts = facts_with(own, person, -4)
    assert (facts.login, facts.logins) == ("ivan-tv", ("ivan-tv", "ivan"))
    assert (facts.name, facts.email, facts.phone) == ("Ivan", "i@x", "2")
    assert (facts.balance, facts.balance_before, facts.allowed_minus) == (10_01, -4, 9)
    assert (facts.state, facts.is_blocked, facts.last_top_up) == ("frozen", True, 9)
    assert facts_with(own, person).balance_before == 10_01


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, False),
        ({"ext_discount_global": "0"}, False),
        ({"ext_discount_global": ""}, False),
        ({"ext_discount_global": "10"}, True),
        ({"ext_discount_global": "0.50", "ext_discount_global_fixed": "1"}, True),
        ({"ext_discount_global": "0", "ext_discount_global_fixed": "1"}, False),
        ({"ext_discount_packet": "10"}, False),
        (ON, False),
        ({**ON, "ext_discount_global": "10"}, False),
        ({**ON, "ext_discount_packet": "0", "ext_discount_subs": "0,00"}, False),
        ({**ON, "ext_discount_packet": "5"}, True),
        ({**ON, "ext_discount_subs": "5"}, True),
        ({**ON, "ext_discount_device": "5", "ext_discount_device_fixed": "1"}, True),
        ({"ext_discount_global": "half"}, True),
    ],
)
def test_whether_a_discount_is_in_force(fields: dict[str, str], expected: bool) -> None:
    assert has_discount(fields) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2019-05-31", date(2019, 5, 31)), ("31.05.2019", date(2019, 5, 31)),
     (" 2019-05-31 00:00:00 ", date(2019, 5, 31)), ("31.02.2019", None), ("0000-00-00", None),
     ("", None), ("soon", None), ("2019-5-1", None)],
)  # fmt: skip
def test_days_of_contracts(text: str, expected: date | None) -> None:
    assert day(text) == expected


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_kopecks_are_the_nearest(amount: Decimal) -> None:
    found = Decimal(kopecks(amount)) / 100
    assert abs(found - amount) <= Decimal("0.005")
    assert kopecks(-amount) == -kopecks(amount)


_ROW = st.tuples(
    st.sampled_from([3, 7, 18, 62, 80]),
    st.decimals(min_value=-5000, max_value=5000, places=6),
)


@given(st.decimals(min_value=-5000, max_value=5000, places=6), st.lists(_ROW, max_size=8))
def test_the_balance_before_is_the_one_that_there_was(
    start: Decimal, rows: list[tuple[int, Decimal]]
) -> None:
    """A MikBill that books row by row, and remembers what the balance was."""
    deposit, expected, bookings = start, {}, list[Booked]()
    for place, (kind, summa) in enumerate(rows, start=1):
        one = booked(place, 1, 0, str(summa), kind, {80})
        expected[one.key] = kopecks(deposit)
        if kind == 7:
            deposit -= abs(summa)
        elif kind != 18:
            deposit += summa
        bookings.append(one)
        assert (one.kind is None) == (
            kind == 80
            or (kind != 18 and abs(kopecks(summa)) == 0)
            or (kind in (3, 62) and summa < 0)
        )
    assert balances_before(deposit, bookings) == expected
