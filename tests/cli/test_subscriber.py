"""`billdeck subscriber add`, `set`, `show`: every setting, its audit line, its refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.database import Database
from tests.cli.conftest import NOW, Shell

HOSTILE = "x\x1b]0;t\x07"
BIDI = "abc\u202ecba"


def audit(books: Database) -> list[tuple[Any, ...]]:
    rows = books.rows(
        "SELECT at, actor, action, object, state_before, state_after FROM audit ORDER BY id"
    )
    return [(*row[:4], json.loads(row[4]), json.loads(row[5])) for row in rows]


def changed(shell: Shell, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sets something of ivan; the facts before and after that differ."""
    answer = shell("--json", "subscriber", "set", "ivan", *words)
    assert answer.status == 0, answer.err
    return answer.json["before"], answer.json["after"]


def refused(shell: Shell, books: Database, *words: str) -> str:
    """Sets something of ivan that is wrong; what was said about it."""
    before = audit(books)
    answer = shell("subscriber", "set", "ivan", *words)
    assert answer.status == 2
    assert answer.out == ""
    assert audit(books) == before
    return answer.err


def test_add(shell: Shell, books: Database) -> None:
    answer = shell(
        "subscriber", "add", "Иван", "--name", "Иван Петров", "--group", "people", "--plan",
        "home", "--addon", "tv", "--services", "ip;box", "--discount", "all:percent:12.5",
        "--discount", "rent:fixed:50", "--credit-limit", "100", "--fee-day", "5",
        "--active-since", "2026-11-03", "--external-uid", "u1", "--phone", "+7", "--email", "a@b",
        "--contract-number", "7", "--contract-date", "2026-11-01", "--address", "Москва",
    )  # fmt: skip
    assert (answer.status, answer.err) == (0, "")
    assert answer.out == "Added subscriber Иван, number 1000.\n"
    shown = shell("subscriber", "show", "Иван", "--json").json
    assert shown["discounts"] == ["all:percent:12.5", "rent:fixed:50.00"]
    assert shown["services"] == ["box", "ip"]
    assert (shown["plan"], shown["addon"], shown["group"]) == ("home", "tv", "people")
    assert (shown["credit_limit"], shown["balance"]) == ("100.00", "0.00")
    assert (shown["active_since"], shown["fee_day"], shown["state"]) == ("2026-11-03", 5, "active")
    assert shown["open_period"] == "2026-11"
    (line,) = audit(books)
    assert line[:4] == (NOW, line[1], "subscriber add", "subscriber:Иван")
    assert line[4] == {}
    assert line[5]["name"] == "Иван Петров"
    assert "alias_of" not in line[5]


def test_numbers_go_up_and_the_first_period_is_opened_once(ivan: Shell, books: Database) -> None:
    ivan.clock.advance(40 * 86_400_000)
    answer = ivan("subscriber", "add", "olga", "--group", "people", "--plan", "home", "--json")
    assert answer.json["id"] == 1001
    assert books.rows("SELECT period, state FROM billing_period") == [("2026-11", "open")]
    assert books.rows("SELECT id, balance FROM account WHERE id >= 1000 ORDER BY id") == [
        (1000, 0),
        (1001, 0),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ivan", "--group", "people", "--plan", "home"), "exists already"),
        (("olga", "--plan", "home"), "needs a group"),
        (("olga", "--group", "people"), "needs a plan"),
        (("olga", "--group", "nobody", "--plan", "home"), "no group 'nobody' (there are: people"),
        (("olga", "--group", "people", "--plan", "slow"), "no plan 'slow' (there are: fast, home)"),
        (("", "--group", "people", "--plan", "home"), "cannot be a login"),
        ((" olga", "--group", "people", "--plan", "home"), "cannot be a login"),
        (("o" * 65, "--group", "people", "--plan", "home"), "cannot be a login"),
        ((HOSTILE, "--group", "people", "--plan", "home"), "cannot be a login"),
        (("olga", "--alias-of", "nobody"), "no subscriber 'nobody'"),
    ],
)
def test_add_refuses(ivan: Shell, books: Database, words: tuple[str, ...], said: str) -> None:
    answer = ivan("subscriber", "add", *words)
    assert answer.status == 2
    assert said in answer.err
    assert "\x1b" not in answer.err
    assert books.integer("SELECT COUNT(*) FROM account WHERE id >= 1000") == 1
    assert len(audit(books)) == 1


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        (("--name", "Ян"), {"name": ""}, {"name": "Ян"}),
        (("--group", "staff"), {"group": "people"}, {"group": "staff"}),
        (("--plan", "fast"), {"plan": "home"}, {"plan": "fast"}),
        (
            ("--order-plan", "fast"),
            {"ordered_plan": None, "ordered_plan_from": None},
            {"ordered_plan": "fast", "ordered_plan_from": "2026-12"},
        ),
        (
            ("--order-plan", "fast", "--order-addon", "tv", "--from", "2027-02"),
            {
                "ordered_plan": None,
                "ordered_plan_from": None,
                "ordered_addon": None,
                "ordered_addon_from": None,
            },
            {
                "ordered_plan": "fast",
                "ordered_plan_from": "2027-02",
                "ordered_addon": "tv",
                "ordered_addon_from": "2027-02",
            },
        ),
        (
            ("--order-addon", "drop"),
            {"ordered_addon_from": None},
            {"ordered_addon_from": "2026-12"},
        ),
        (("--addon", "tv"), {"addon": None}, {"addon": "tv"}),
        (("--services", "ip"), {"services": []}, {"services": ["ip"]}),
        (
            ("--add-service", "ip", "--add-service", "box"),
            {"services": []},
            {"services": ["box", "ip"]},
        ),
        (("--discount", "all:percent:10"), {"discounts": []}, {"discounts": ["all:percent:10"]}),
        (
            ("--discount", "plan:percent:0.000001"),
            {"discounts": []},
            {"discounts": ["plan:percent:0.000001"]},
        ),
        (("--state", "frozen"), {"state": "active"}, {"state": "frozen"}),
        (("--credit-limit", "1.5"), {"credit_limit": "0.00"}, {"credit_limit": "1.50"}),
        (("--fee-day", "31"), {"fee_day": None}, {"fee_day": 31}),
        (("--active-since", "2026-10-05"), {"active_since": None}, {"active_since": "2026-10-05"}),
        (("--external-uid", "u"), {"external_uid": None}, {"external_uid": "u"}),
        (("--phone", "+7916"), {"phone": ""}, {"phone": "+7916"}),
        (("--email", "a@b"), {"email": ""}, {"email": "a@b"}),
        (("--contract-number", "5"), {"contract_number": ""}, {"contract_number": "5"}),
        (
            ("--contract-date", "2026-01-02"),
            {"contract_date": None},
            {"contract_date": "2026-01-02"},
        ),
        (("--birth-date", "1904-02-29"), {"birth_date": None}, {"birth_date": "1904-02-29"}),
        (("--address", "Тверь"), {"address": ""}, {"address": "Тверь"}),
    ],
)
def test_set_and_back(
    ivan: Shell,
    books: Database,
    words: tuple[str, ...],
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    assert changed(ivan, *words) == (before, after)
    assert audit(books)[-1][2:] == ("subscriber set", "subscriber:ivan", before, after)
    shown = ivan("--json", "subscriber", "show", "ivan").json
    assert {name: shown[name] for name in after} == after
    # The same again is no change and leaves no line.
    if "--add-service" not in words:
        assert changed(ivan, *words) == ({}, {})
    assert len(audit(books)) == 2


@pytest.mark.parametrize(
    ("words", "back"),
    [
        (("--order-plan", "fast"), ("--order-plan", "none")),
        (("--order-addon", "tv"), ("--order-addon", "none")),
        (("--addon", "tv"), ("--addon", "none")),
        (("--services", "ip;box"), ("--services", "")),
        (("--add-service", "ip"), ("--remove-service", "ip")),
        (("--discount", "all:percent:10"), ("--discount", "all:percent:0")),
        (("--discount", "rent:fixed:10"), ("--remove-discount", "rent:fixed")),
        (("--fee-day", "3"), ("--fee-day", "none")),
        (("--active-since", "2026-10-05"), ("--active-since", "never")),
        (("--external-uid", "u"), ("--external-uid", "none")),
        (("--contract-date", "2026-01-02"), ("--contract-date", "none")),
        (("--birth-date", "1985-01-02"), ("--birth-date", "none")),
    ],
)
def test_taken_away_again(ivan: Shell, words: tuple[str, ...], back: tuple[str, ...]) -> None:
    at_first = ivan("--json", "subscriber", "show", "ivan").json
    before, after = changed(ivan, *words)
    assert changed(ivan, *back) == (after, before)
    assert ivan("--json", "subscriber", "show", "ivan").json == at_first


def test_no_change_says_so(ivan: Shell, books: Database) -> None:
    answer = ivan("subscriber", "set", "ivan", "--plan", "home")
    assert answer.status == 0
    assert "nothing was changed" in answer.out
    assert len(audit(books)) == 1


def test_what_changed_is_shown(ivan: Shell) -> None:
    answer = ivan("subscriber", "set", "ivan", "--plan", "fast", "--add-service", "ip")
    assert "plan: home -> fast" in answer.out
    assert "services: none -> ip" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--plan", "slow"), "there is no plan 'slow'"),
        (("--plan", "none"), "there is no plan 'none'"),
        (("--order-plan", "slow"), "there is no plan 'slow'"),
        (("--addon", "x"), "there is no add-on plan 'x'"),
        (("--order-addon", "x"), "there is no add-on plan 'x'"),
        (("--group", "x"), "there is no group 'x'"),
        (("--services", "ip;x"), "there is no service 'x'"),
        (("--add-service", HOSTILE), "there is no service 'x\\x1b]0;t\\x07'"),
        (("--add-service", "ip", "--remove-service", "ip"), "both added and removed"),
        (("--remove-service", "ip"), "has no service 'ip'"),
        (("--from", "2026-12"), "needs an order"),
        (("--birth-date", "1899-12-31"), "is not a birth date"),
        (("--birth-date", "2126-01-01"), "lies in the future"),
        (("--order-plan", "fast", "--from", "2026-11"), "2026-11 is still open"),
        (("--order-plan", "fast", "--from", "December"), "is not a period"),
        (("--discount", "all:percent:100.1"), "0 to 100 percent"),
        (("--discount", "all:percent:-1"), "0 to 100 percent"),
        (("--discount", "all:percent"), "0 to 100 percent"),
        (("--discount", "all:percent:1:2"), "0 to 100 percent"),
        (("--discount", "rent:fixed:-1"), "0 or more"),
        (("--discount", "rent:fixed:1.005"), "0 or more"),
        (("--discount", "tv:percent:1"), "is not a discount"),
        (("--discount", "10"), "is not a discount"),
        (("--remove-discount", "all:percent"), "has no discount"),
        (("--remove-discount", "all:percent:10"), "must be SCOPE:KIND"),
        (("--state", "gone"), "there is no state 'gone'"),
        (("--credit-limit", "-1"), "0 or more"),
        (("--credit-limit", "1,5"), "is not an amount"),
        (("--fee-day", "32"), "is not a fee day"),
        (("--fee-day", "²"), "is not a fee day"),
        (("--active-since", "2026-02-30"), "is not a date"),
        (("--contract-date", "tomorrow"), "is not a date"),
        (("--name", HOSTILE), "no control characters"),
        (("--name", BIDI), "no control characters"),
        (("--name", "x" * 201), "at most 200"),
        (("--alias-of", "ivan"), "of itself"),
        (("--alias-of", "nobody"), "no subscriber 'nobody'"),
    ],
)
def test_set_refuses(ivan: Shell, books: Database, words: tuple[str, ...], said: str) -> None:
    told = refused(ivan, books, *words)
    assert said in told
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_the_external_uid_is_one_subscribers(ivan: Shell, books: Database) -> None:
    words = ("subscriber", "add", "olga", "--group", "people", "--plan", "home")
    assert ivan(*words, "--external-uid", "u").status == 0
    assert "another subscriber has this external uid" in refused(ivan, books, "--external-uid", "u")


def test_set_and_show_of_nobody(shell: Shell) -> None:
    for words in (("set", "nobody", "--name", "x"), ("show", "nobody"), ("show", HOSTILE)):
        answer = shell("subscriber", *words)
        assert answer.status == 2
        assert "there is no subscriber" in answer.err
        assert "\x1b" not in answer.err


def test_identifiers_are_compared_byte_by_byte(ivan: Shell) -> None:
    for login in ("Ivan", "ivan ", "IVAN"):
        assert ivan("subscriber", "show", login).status == 2


def test_an_order_during_a_close_counts_for_the_next_one(ivan: Shell, books: Database) -> None:
    """The close is through with ivan: what he orders now can only begin a month later."""
    books.execute("UPDATE billing_period SET state = 'closing'")
    books.execute(
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, in1, out1, in2, out2, in3, out3, in4, out4)"
        " VALUES ('2026-11', 1000, 'exempt', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)"
    )
    assert changed(ivan, "--order-plan", "fast")[1]["ordered_plan_from"] == "2027-01"


def test_an_alias_follows_its_main_subscriber(ivan: Shell, books: Database) -> None:
    assert ivan("subscriber", "add", "ivan2", "--alias-of", "ivan").status == 0
    shown = ivan("--json", "subscriber", "show", "ivan2").json
    assert (shown["alias_of"], shown["plan"], shown["group"]) == ("ivan", "home", "people")
    assert ivan("--json", "subscriber", "show", "ivan").json["aliases"] == ["ivan2"]
    ivan("subscriber", "set", "ivan", "--plan", "fast", "--addon", "tv")
    shown = ivan("--json", "subscriber", "show", "ivan2").json
    assert (shown["plan"], shown["addon"]) == ("fast", "tv")
    for words in (("--plan", "home"), ("--order-plan", "home"), ("--services", "ip"),
                  ("--discount", "all:percent:5")):  # fmt: skip
        answer = ivan("subscriber", "set", "ivan2", *words)
        assert answer.status == 2
        assert "shares the plan of its main subscriber ivan" in answer.err
    assert ivan("subscriber", "add", "ivan3", "--alias-of", "ivan2").status == 2
    assert ivan("subscriber", "set", "ivan2", "--alias-of", "none", "--plan", "home").status == 0
    assert ivan("--json", "subscriber", "show", "ivan2").json["plan"] == "home"


def test_becoming_an_alias_ends_what_was_ones_own(ivan: Shell) -> None:
    words = ("subscriber", "add", "olga", "--group", "staff", "--plan", "fast", "--services", "ip")
    assert ivan(*words, "--discount", "all:percent:5").status == 0
    answer = ivan("subscriber", "set", "olga", "--alias-of", "ivan", "--json")
    assert answer.json["after"] == {
        "plan": "home",
        "services": [],
        "discounts": [],
        "alias_of": "ivan",
    }


def test_who_has_something_to_lose_cannot_become_an_alias(ivan: Shell, books: Database) -> None:
    ivan("subscriber", "add", "olga", "--group", "people", "--plan", "home")
    ivan("subscriber", "add", "ivan2", "--alias-of", "ivan")
    assert "has aliases" in refused(ivan, books, "--alias-of", "olga")
    ivan("payment", "olga", "5")
    answer = ivan("subscriber", "set", "olga", "--alias-of", "ivan")
    assert "has a balance of 5.00" in answer.err
    ivan("refund", "olga", "5")
    books.execute(
        "INSERT INTO period_usage (period, subscriber_id, in1) VALUES ('2026-11', 1001, 1)"
    )
    answer = ivan("subscriber", "set", "olga", "--alias-of", "ivan")
    assert "usage of its own in 2026-11" in answer.err


def test_show_for_people(ivan: Shell, books: Database) -> None:
    """All parts of the page, with hostile text where data can have it."""
    books.execute("UPDATE subscriber SET name = ?, address = ?", (HOSTILE, BIDI))
    books.execute(
        "INSERT INTO period_usage (period, subscriber_id, in1, out1) VALUES ('2026-11', 1000,"
        " 1234567, 5)"
    )
    books.execute(
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, plan_id, reason, in1, out1, in2, out2, in3, out3, in4, out4)"
        " VALUES ('2026-11', 1000, 'failed', 0, 0, 0, 1, 1, ?, 0, 0, 0, 0, 0, 0, 0, 0)",
        (HOSTILE,),
    )
    ivan("payment", "ivan", "1217.45", "--comment", BIDI)
    ivan("subscriber", "set", "ivan", "--order-plan", "fast", "--order-addon", "drop")
    answer = ivan("subscriber", "show", "ivan")
    assert answer.status == 0
    for text in (
        "ivan (number 1000)",
        "1\u00a0217.45\u00a0RUB",
        "fast from 2026-12",
        "none from 2026-12",
        "1 234 567",
        "Last charges:",
        "failed",
        "Last entries:",
        "payment",
        "x\\x1b]0;t\\x07",
        "abc\\u202ecba",
    ):
        assert text in answer.out
    as_json = ivan("subscriber", "show", "ivan", "--json")
    for out in (answer.out, as_json.out):
        assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert as_json.json["name"] == HOSTILE
    assert as_json.json["entries"][0]["amount"] == "1217.45"
    assert as_json.json["usage"][0] == {"direction": 1, "bytes_in": 1234567, "bytes_out": 5}
    assert as_json.json["charges"][0]["status"] == "failed"


def test_an_alias_shows_the_usage_of_its_main_subscriber(ivan: Shell, books: Database) -> None:
    ivan("subscriber", "add", "ivan2", "--alias-of", "ivan")
    books.execute(
        "INSERT INTO period_usage (period, subscriber_id, in1) VALUES ('2026-11', 1000, 7)"
    )
    shown = ivan("--json", "subscriber", "show", "ivan2").json
    assert shown["usage"][0]["bytes_in"] == 7
