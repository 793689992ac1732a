"""Payments of MikBill become events, each once by its plategid, however late."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.errors import InputError
from engine.events.hook import Given, Hook
from engine.hooks import WorkHooks
from engine.mikbill.hook import Answer, call, require_uid
from engine.mikbill.reader import MikbillUnavailable, open_mikbill
from engine.mikbill.taking import Taking
from engine.retry import run_unit
from tests.events.books import BILLING, IVAN, NOW, FixedClock, Rules, rules
from tests.mikbill.office import OTHER, UID, MikBill, open_office
from tests.servers.mariadb import MariaDBServer

pytestmark = pytest.mark.mariadb
# NOW is 2026-06-15 12:00 in Moscow.
JUST = "2026-06-15 11:59:55"


def hook(database: Database, own: Rules | None = None, clock: FixedClock | None = None) -> Hook:
    return Hook(database, own or rules(), BILLING, clock or FixedClock(NOW), "mikbill", 5)


def called(database: Database, mikbill: MikBill, kind: Any = "payment", uid: str = "17") -> Answer:
    return call(hook(database), mikbill.config, Given(kind, uid))


def events(database: Database, columns: str) -> list[Any]:
    return [tuple(row) for row in database.rows(f"SELECT {columns} FROM event ORDER BY id")]


def take_all(database: Database, mikbill: MikBill, **settings: Any) -> Any:
    config = replace(mikbill.config, **settings)
    with open_mikbill(config) as reader:
        own = hook(database)
        hooks = WorkHooks(unit=lambda work: run_unit(database, work, 30))
        return Taking(database, reader, config, rules(), own.moment, "job", hooks).take_all()


def test_every_payment_that_was_not_taken_however_late(
    database: Database, mikbill: MikBill
) -> None:
    first = mikbill.pay(UID, "100", "2026-06-02 03:00:00")
    second = mikbill.pay(UID, "200.5", "2026-06-15 11:59:50")
    third = mikbill.pay(UID, "300", JUST)
    mikbill.pay(OTHER, "999", JUST)
    answer = called(database, mikbill)
    assert [(one.key, one.amount, one.is_late) for one in answer.events] == [
        (f"payment:{first}", 100_00, True),
        (f"payment:{second}", 200_50, False),
        (f"payment:{third}", 300_00, False),
    ]
    assert events(database, "subscriber_id, source, actor") == [(IVAN, "mikbill", "mikbill")] * 3
    assert database.integer("SELECT COUNT(*) FROM action WHERE kind = 'receipt'") == 3
    again = called(database, mikbill)
    assert (again.events, again.remark) == (
        [], "MikBill has nothing for uid 17 that was not taken before.",
    )  # fmt: skip
    mikbill.pay(UID, "1", JUST)
    assert len(called(database, mikbill).events) == 1


def test_what_was_paid_before_the_first_day_is_left_alone(
    database: Database, mikbill: MikBill
) -> None:
    mikbill.pay(UID, "100", "2026-05-31 23:59:59")
    mikbill.pay(UID, "200", "2026-06-01 00:00:00")
    assert [one.amount for one in called(database, mikbill).events] == [200_00]


def test_kinds_by_their_types(database: Database, mikbill: MikBill) -> None:
    mikbill.run("UPDATE users SET credit = 300 WHERE uid = %s", UID)
    for type in (1, 2, 6, 9, 15, 17, 20, 27, 36, 51, 75, 105):
        mikbill.pay(UID, "50", JUST, type)
    refund = mikbill.pay(UID, "-70", JUST, 7)
    limit = mikbill.pay(UID, "0", JUST, 18)
    api = mikbill.pay(UID, "60", JUST, 62)
    told = called(database, mikbill, "limit").events
    assert [(one.key, one.amount) for one in told] == [
        (f"refund:{refund}", 70_00),
        (f"limit:{limit}", 300_00),
        (f"payment:{api}", 60_00),
    ]
    assert [sorted({kind for kind, _, _ in one.follows}) for one in told] == [
        ["notice", "receipt", "session_drop"],
        ["notice", "session_drop"],
        ["receipt"],  # a payment by the API is told nobody
    ]


def test_a_credited_bonus_is_no_payment(database: Database, mikbill: MikBill) -> None:
    mikbill.pay(UID, "60", JUST, 62)
    mikbill.config = replace(mikbill.config, bonus_types=frozenset({62}))
    assert called(database, mikbill).events == []


@pytest.mark.parametrize(
    ("summa", "amount"),
    [("0.005", 1), ("0.004999", None), ("1.005", 1_01), ("0.1", 10), ("199.995", 200_00),
     ("12345678901.11", 1234567890111), ("-5", None), ("0", None)],
)  # fmt: skip
def test_parts_of_a_kopeck(
    database: Database, mikbill: MikBill, summa: str, amount: int | None
) -> None:
    mikbill.pay(UID, summa, JUST)
    assert [one.amount for one in called(database, mikbill).events] == (
        [] if amount is None else [amount]
    )


def test_of_two_limits_the_newest_is_told(database: Database, mikbill: MikBill) -> None:
    mikbill.run("UPDATE users SET credit = 300 WHERE uid = %s", UID)
    mikbill.pay(UID, "100", "2026-06-15 11:59:50", 18)
    mikbill.pay(UID, "300", JUST, 18)
    assert [one.amount for one in called(database, mikbill, "limit").events] == [None, 300_00]
    notices = database.rows("SELECT payload FROM action WHERE kind = 'notice' AND channel = 'sms'")
    assert [json.loads(text)["values"]["credit_limit"] for (text,) in notices] == ["300.00"]


def test_the_service_credit_once_for_each_time_it_is_switched_on(
    database: Database, mikbill: MikBill
) -> None:
    mikbill.run("UPDATE users SET credit = 150 WHERE uid = %s", UID)
    for service, when in ((1, "2026-06-10 10:00:00"), (3, JUST), (2, JUST)):
        mikbill.run("INSERT INTO bugh_uslugi_stat VALUES (%s, %s, %s)", UID, when, service)
    told = called(database, mikbill, "credit").events
    assert [(one.key, one.amount) for one in told] == [
        ("credit:17:2026-06-10 10:00:00:1", None),
        (f"credit:17:{JUST}:2", 150_00),
    ]
    assert called(database, mikbill, "credit").events == []


def test_one_bonus_for_two_payments_at_once_by_the_balance_before(
    database: Database, mikbill: MikBill
) -> None:
    mikbill.run("UPDATE users SET deposit = -100 WHERE uid = %s", UID)
    mikbill.pay(UID, "100", "2026-06-15 11:59:50")
    mikbill.pay(UID, "2200", "2026-06-15 11:59:52")
    mikbill.pay(UID, "5999", JUST)
    called(database, mikbill)
    # The first leaves the balance at 0, which is allowed before the second; the third comes within
    # a month of that bonus.
    assert database.rows("SELECT payload FROM action WHERE kind = 'top_up_bonus'") == [
        (json.dumps({"amount": 110_00, "login": "ivan"}),)
    ]


@pytest.mark.parametrize(
    ("uid", "words"),
    [("12abc", "is no uid"), ("1 OR 1=1", "is no uid"), ("017", "is no uid"), ("", "is no uid"),
     ("ivan", "is no uid"), ("１７", "is no uid"), ("0", "is no uid"), ("19", "no subscriber")],
)  # fmt: skip
def test_a_wrong_uid_is_refused_before_mikbill_is_asked(
    database: Database, mikbill: MikBill, uid: str, words: str
) -> None:
    mikbill.config = replace(mikbill.config, name="there-is-none")
    for kind in ("payment", "freeze"):
        with pytest.raises(InputError, match=words):
            called(database, mikbill, kind, uid)
    assert events(database, "id") == []


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,25}", fullmatch=True))
def test_a_uid_is_a_decimal_number_as_it_would_be_printed(uid: str) -> None:
    is_number = uid.isascii() and uid.isdigit() and len(uid) <= 18 and uid[0] != "0"
    if is_number:
        assert str(require_uid(uid)) == uid
        return
    with pytest.raises(InputError, match="must be a decimal number"):
        require_uid(uid)


def test_the_older_layout_of_the_tables(database: Database, mariadb_server: MariaDBServer) -> None:
    with open_office(mariadb_server, "mikbill_older", old=True) as older:
        older.add(UID, "ivan", "frozen", deposit="150")
        older.pay(UID, "150", JUST, moves=False)
        (told,) = called(database, older).events
    # A frozen subscriber is told of a payment, too.
    assert (told.amount, told.follows[0][:2]) == (150_00, ("notice", "sms"))
    (payload,) = database.rows("SELECT payload FROM action WHERE kind = 'notice'")[0]
    assert json.loads(payload)["values"]["balance"] == "150.00"


def test_options_that_make_no_sense(database: Database, mikbill: MikBill) -> None:
    with pytest.raises(InputError, match="leave --key and --by out"):
        call(hook(database), mikbill.config, Given("payment", "17", key="k"))
    with pytest.raises(InputError, match="needs --payment"):
        call(hook(database), mikbill.config, Given("payment", "17", amount=5))
    told = call(hook(database), mikbill.config, Given("payment", "17", "x9", 500_00, NOW))
    assert [one.key for one in told.events] == ["payment:x9"]


def test_hooks_and_the_job_at_once(
    database: Database, database_config: DatabaseConfig, mikbill: MikBill
) -> None:
    for number in range(12):
        mikbill.pay(UID, f"{number + 1}", JUST)

    def one(by_job: bool) -> int:
        own = open_database(database_config)
        try:
            if by_job:
                return int(take_all(own, mikbill).taken)
            return sum(not told.repeated for told in called(own, mikbill).events)
        finally:
            own.close()

    with ThreadPoolExecutor() as threads:
        assert sum(threads.map(one, (True, False, False, False))) == 12
    assert sorted(events(database, "amount")) == [(100 * (number + 1),) for number in range(12)]
    assert database.integer("SELECT COUNT(*) FROM action WHERE kind = 'receipt'") == 12


class _Cut(BaseException):
    """The process dies."""


def test_dying_anywhere_loses_nothing_and_doubles_nothing(
    database: Database, mikbill: MikBill, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = database.execute
    total = 0
    for died_at in range(1, 80):
        mikbill.pay(UID, "10", JUST)
        mikbill.pay(UID, "20", JUST)
        total += 2
        seen = 0

        def dying(sql: str, parameters: Any = (), last: int = died_at) -> Any:
            nonlocal seen
            seen += 1
            if seen == last:
                raise _Cut
            return original(sql, parameters)

        monkeypatch.setattr(database, "execute", dying)
        try:
            called(database, mikbill)
            break
        except _Cut:
            monkeypatch.setattr(database, "execute", original)
            called(database, mikbill)
        assert len(events(database, "id")) == total
    monkeypatch.setattr(database, "execute", original)
    assert died_at > 10
    assert len(events(database, "id")) == total
    assert database.integer("SELECT COUNT(*) FROM action WHERE kind = 'receipt'") == total


def test_the_job_takes_what_no_hook_told_of(database: Database, mikbill: MikBill) -> None:
    mikbill.add(99, "stranger")
    for number in range(5):
        mikbill.pay((UID, OTHER, 99)[number % 3], "10", "2026-06-15 09:00:00")
    mikbill.run("INSERT INTO bugh_uslugi_stat VALUES (%s, %s, 1)", OTHER, JUST)
    mikbill.pay(UID, "10", "2026-06-03 09:00:00")
    called(database, mikbill, uid="18")
    assert vars(take_all(database, mikbill)) == {"taken": 3, "late": 3, "strangers": 1}
    assert vars(take_all(database, mikbill)) == {"taken": 0, "late": 0, "strangers": 1}
    mikbill.pay(UID, "10", "2026-06-03 09:00:01")
    assert take_all(database, mikbill, look_back_days=7).taken == 0
    assert len(called(database, mikbill).events) == 1


def test_the_job_page_by_page(
    database: Database, mikbill: MikBill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.mikbill.taking._PAGE", 3)
    for number in range(20):
        mikbill.pay((UID, OTHER)[number % 2], "10", JUST, 1 if number % 5 == 0 else 3)
    assert take_all(database, mikbill).taken == 16
    assert take_all(database, mikbill).taken == 0


def test_it_only_reads(mikbill: MikBill) -> None:
    root = replace(mikbill.config, user="billdeck", password=Secret("a test's own"))
    for config in (mikbill.config, root):
        with open_mikbill(config) as reader:
            assert reader.rows("SELECT @@session.tx_read_only") == [(1,)]
            with pytest.raises(MikbillUnavailable, match=r"READ ONLY|denied"):
                reader.rows("UPDATE users SET deposit = 0")
