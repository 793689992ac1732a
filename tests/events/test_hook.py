"""Events from outside: once by their key, however often and however late a hook calls."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError
from engine.events.answers import Told
from engine.events.hook import WORDS, Given, Hook, find_hooked, kind_of
from tests.events.books import (
    BILLING,
    IVAN,
    NOW,
    OLGA,
    FixedClock,
    actions,
    open_event_books,
    rules,
)

HOUR = 3_600_000


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    opened = open_event_books(database_config)
    with opened.transaction():
        opened.execute("UPDATE subscriber SET external_uid = '17' WHERE id = ?", (IVAN,))
        opened.execute("UPDATE subscriber SET external_uid = '18' WHERE login = 'ivan-tv'")
    yield opened
    opened.close()


def hook(database: Database, clock: FixedClock | None = None) -> Hook:
    return Hook(database, rules(), BILLING, clock or FixedClock(NOW), "mikbill", 5)


def paid(uid: str = "17", payment: str = "900", **changes: Any) -> Given:
    return replace(Given("payment", uid, payment, 500_00, NOW - 4_000), **changes)


def test_a_payment_is_recorded_once_with_what_follows(database: Database) -> None:
    told = hook(database).record(paid())
    assert (told.kind, told.login, told.amount, told.is_late) == ("payment", "ivan", 500_00, False)
    assert [one[:2] for one in told.follows] == [("notice", "sms"), ("receipt", "komtet")]
    clock = FixedClock(NOW + HOUR)
    assert hook(database, clock).record(paid(when_ms=NOW)) == replace(told, repeated=True)
    assert database.rows("SELECT event_key, source, actor, at, entry_id FROM event") == [
        ("payment:900", "hook", "mikbill", NOW - 4_000, None)
    ]
    assert len(actions(database)) == 2
    assert database.integer("SELECT balance FROM account WHERE id = ?", (IVAN,)) == 0


@pytest.mark.parametrize(
    "other", [{"amount": 500_01}, {"uid": "olga"}, {"kind": "refund", "payment": "900"}]
)
def test_another_content_under_the_same_key_is_refused(
    database: Database, other: dict[str, Any]
) -> None:
    hook(database).record(paid())
    if "kind" in other:
        # A refund has names of its own.
        assert not hook(database).record(paid(**other)).repeated
        return
    with pytest.raises(InputError, match=r"belongs to event \d+, whose content is another"):
        hook(database).record(paid(**other))
    assert database.integer("SELECT COUNT(*) FROM event") == 1


def test_two_payments_within_ten_seconds_and_one_an_hour_late(database: Database) -> None:
    first = hook(database).record(paid(payment="1", when_ms=NOW - HOUR - 3 * 60_000))
    second = hook(database).record(paid(payment="2", when_ms=NOW - 5_000))
    third = hook(database).record(paid(payment="3", when_ms=NOW - 1_000))
    assert [one.is_late for one in (first, second, third)] == [True, False, False]
    assert database.integer("SELECT COUNT(*) FROM action WHERE kind = 'receipt'") == 3


def test_calls_without_a_key_are_events_of_their_own(database: Database) -> None:
    calls = [hook(database).record(Given("real_ip", "17")) for _ in range(2)]
    assert len({one.event for one in calls}) == 2
    assert not any(one.repeated for one in calls)
    keyed = [hook(database).record(Given("real_ip", "17", key="entry:1")) for _ in range(2)]
    assert [one.repeated for one in keyed] == [False, True]
    assert keyed[0].key == "hook:entry:1"


def test_who_changed_the_plan_is_content(database: Database) -> None:
    told = hook(database).record(Given("tariff_change", "17", key="t", by="subscriber"))
    with pytest.raises(InputError, match="content is another: a tariff change of ivan"):
        hook(database).record(Given("tariff_change", "17", key="t"))
    assert ("session_drop", "nas:m1") in [one[:2] for one in told.follows]
    assert database.value("SELECT caused_by FROM event") == "subscriber"


def test_a_limit_is_the_one_given_else_the_one_we_know(database: Database) -> None:
    def amount_told(given: Given) -> str:
        told = hook(database).record(given)
        payload = database.value(
            "SELECT payload FROM action WHERE event_id = ? AND kind = 'notice'", (told.event,)
        )
        return "" if payload is None else payload.split('"credit_limit": "')[1].split('"')[0]

    assert amount_told(Given("limit", "17")) == ""
    assert amount_told(Given("limit", "17", amount=300_00)) == "300.00"
    with database.transaction():
        database.execute("UPDATE subscriber SET credit_limit = 70000 WHERE id = ?", (IVAN,))
    assert amount_told(Given("credit", "17", key="c")) == "700.00"
    with database.transaction():
        database.execute("UPDATE subscriber SET credit_limit = 0 WHERE id = ?", (IVAN,))
    assert hook(database).record(Given("credit", "17", key="c")).repeated


def test_an_alias_stands_for_its_main_subscriber(database: Database) -> None:
    for number, uid in enumerate(("17", "18", "ivan", "ivan-tv")):
        assert hook(database).record(paid(uid, f"{number}")).login == "ivan"
    assert find_hooked(database, "olga").id == OLGA


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Given("payment", "17"), r"needs --payment ID, --amount A and --time T.*\[mikbill\]"),
        (Given("refund", "17", "9", 5), r"an event refund needs.*\[mikbill\]"),
        (paid(amount=0), "more than 0"),
        (paid(amount=-5), "more than 0"),
        (paid(key="k"), "leave --key out"),
        (paid(payment=""), "--payment '' cannot be kept"),
        (paid(when_ms=NOW + 25 * HOUR), "more than a day ahead"),
        (Given("freeze", "17", payment="1"), "--payment is for"),
        (Given("freeze", "17", amount=5), "has no amount"),
        (Given("freeze", "17", by="staff"), "--by is for tariff-change"),
        (Given("freeze", "17", key="k" * 141), "--key .* cannot be kept"),
        (Given("freeze", "17", key="\udcff"), "cannot be kept"),
        (Given("freeze", "19"), "no subscriber with the external uid or the login '19'"),
    ],
)
def test_what_is_refused_leaves_nothing(database: Database, wrong: Given, words: str) -> None:
    with pytest.raises(InputError, match=words):
        hook(database).record(wrong)
    assert database.integer("SELECT COUNT(*) FROM event") == 0


def test_an_unknown_word_is_answered_with_all_there_are() -> None:
    for word in ("birthday", "tariff_change", "PAYMENT", "", "x\x1b[2J"):
        with pytest.raises(InputError, match=r"one of payment, refund, .*tariff-change") as error:
            kind_of(word)
        assert "\x1b" not in error.value.message
    assert kind_of("real-ip") == "real_ip"
    assert len(WORDS) == 10


@given(uid=st.text(max_size=60).filter(lambda text: text not in ("17", "18", "ivan", "olga")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_no_other_uid_finds_anybody(database: Database, uid: str) -> None:
    with pytest.raises(InputError, match="no subscriber"):
        find_hooked(database, uid)


@pytest.mark.parametrize(
    "uid", ["12abc", "1 OR 1=1", "17 ", "017", "17.0", "1e1", "１７", "Ivan", "%"]
)
def test_a_uid_is_never_cast(database: Database, uid: str) -> None:
    with pytest.raises(InputError, match="no subscriber"):
        hook(database).record(paid(uid))
    assert database.integer("SELECT COUNT(*) FROM event") == 0


def test_many_hooks_of_one_payment_at_once(
    database: Database, database_config: DatabaseConfig
) -> None:
    def call(_: int) -> Told:
        own = open_database(database_config)
        try:
            return hook(own).record(paid())
        finally:
            own.close()

    with ThreadPoolExecutor() as threads:
        told = list(threads.map(call, range(6)))
    assert len({one.event for one in told}) == 1
    assert sorted(one.repeated for one in told) == [False] + [True] * 5
    assert len(actions(database)) == 2


class _Cut(BaseException):
    """The process dies."""


def test_a_hook_that_dies_anywhere_leaves_all_or_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies at its first statement, its second, and so on, until a call goes through untouched;
    after each death the hook is called again."""
    original = database.execute
    for died_at in range(1, 60):
        seen = 0

        def dying(sql: str, parameters: Any = (), last: int = died_at) -> Any:
            nonlocal seen
            seen += 1
            if seen == last:
                raise _Cut
            return original(sql, parameters)

        monkeypatch.setattr(database, "execute", dying)
        payment = paid(payment=f"p{died_at}")
        try:
            hook(database).record(payment)
            break
        except _Cut:
            monkeypatch.setattr(database, "execute", original)
            assert hook(database).record(payment).follows
    monkeypatch.setattr(database, "execute", original)
    assert died_at > 5
    assert database.integer("SELECT COUNT(*) FROM event") == died_at
    assert database.integer("SELECT COUNT(*) FROM action") == 2 * died_at
