"""What an import writes, on both engines."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.bundle.problems import WrongFiles
from engine.database import Database
from engine.errors import InputError
from engine.ledger.proof import prove
from engine.money import parse_amount
from engine.period import Period
from tests.bundle.folders import (
    GOLDEN,
    NOW,
    PLAN_REST,
    PLANS_HEADER,
    SUBSCRIBERS_HEADER,
    USAGE_HEADER,
    ZONE,
    load,
    make_folder,
    rows_in_all,
)

FIRST = Period(2026, 10)


def test_the_golden_bundle(database: Database) -> None:
    summary = load(database, GOLDEN)
    with (GOLDEN / "subscribers.csv").open() as file:
        people = list(csv.DictReader(file))
    balances = [parse_amount(row["balance"]) for row in people]
    assert summary.counts == {
        "groups": 2, "plans": 60, "addons": 2, "services": 3, "subscribers": 300, "usage": 604,
    }  # fmt: skip
    assert summary.first_period == FIRST
    assert summary.opening_sum == sum(balances)
    assert summary.ignored == ("expected_charges.csv",)
    stored = database.rows(
        "SELECT s.id, s.login, a.balance FROM subscriber s JOIN account a ON a.id = s.id"
        " ORDER BY s.id"
    )
    assert [(row[1], row[2]) for row in stored] == [
        (row["login"], balance) for row, balance in zip(people, balances, strict=True)
    ]
    assert [row[0] for row in stored] == list(range(1000, 1300))
    assert prove(database) == []
    with (GOLDEN / "usage.csv").open() as file:
        used = list(csv.DictReader(file))
    columns = ", ".join(f"SUM(in{n}), SUM(out{n})" for n in (1, 2, 3, 4))
    sums = [int(value) for value in database.row(f"SELECT {columns} FROM period_usage") or ()]
    assert sums == [
        sum(int(row[way]) for row in used if row["direction"] == str(n))
        for n in (1, 2, 3, 4)
        for way in ("bytes_in", "bytes_out")
    ]


def test_every_column_of_a_small_bundle(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "bundle"))
    assert database.rows(
        "SELECT login, plan_id, ordered_plan_id, ordered_plan_from, addon_id, ordered_addon_id,"
        " ordered_addon_from, active_since, first_month_day, state, created_at FROM subscriber"
        " ORDER BY id"
    ) == [
        ("u1", 1, None, None, None, None, None, "1900-01-01", None, "active", NOW),
        ("u2", 2, 1, "2026-11", 1, None, None, "2026-10-15", None, "active", NOW),
    ]
    assert database.rows("SELECT * FROM plan ORDER BY id") == [
        (1, "1", "Plan 1", 30_000_000, 0, 0),
        (2, "2", "Plan 2", 40_000_000, 0, 0),
    ]
    assert database.rows("SELECT * FROM plan_direction WHERE plan_id = 2 ORDER BY direction") == [
        (2, 1, 50_000_000, 500_000, "sum"),
        (2, 2, 0, 0, "in"),
        (2, 3, 0, 0, "in"),
        (2, 4, 0, 0, "in"),
    ]
    assert database.rows("SELECT * FROM subscriber_service ORDER BY service_id") == [
        (1000, 1),
        (1000, 2),
    ]
    assert database.rows("SELECT * FROM discount") == [(1001, "all", "percent", 10_000_000)]
    assert database.rows("SELECT * FROM period_usage ORDER BY subscriber_id") == [
        ("2026-10", 1000, 100, 200, 0, 0, 0, 0, 0, 0),
        ("2026-10", 1001, 0, 0, 0, 0, 0, 0, 5, 6),
    ]
    assert database.rows("SELECT period, state, usage_version FROM billing_period") == [
        ("2026-10", "open", 1)
    ]
    assert database.rows(
        "SELECT kind, entry_key, effective_at, recorded_at, actor FROM journal_entry ORDER BY id"
    ) == [
        ("opening", "opening:u1", FIRST.start_ms(ZONE), NOW, "tester"),
        ("opening", "opening:u2", FIRST.start_ms(ZONE), NOW, "tester"),
    ]
    assert database.rows("SELECT * FROM posting ORDER BY entry_id, line") == [
        (1, 1, 1000, 1050),
        (1, 2, 3, -1050),
        (2, 1, 1001, -300),
        (2, 2, 3, 300),
    ]
    assert database.rows("SELECT actor, action FROM audit") == [("tester", "import")]


def test_start_days_at_the_edge_of_a_month(database: Database, tmp_path: Path) -> None:
    header = f"{SUBSCRIBERS_HEADER},active_since"
    days = {
        "31,0,0,": ("2026-09-30", 31),
        "30,0,0,": ("2026-09-30", None),
        "-7,0,0,": (None, None),
        "0,0,0,": ("1900-01-01", None),
        "0,0,0,2026-12-05": ("2026-12-05", None),
        "-1,0,0,2026-10-01": ("2026-10-01", None),
        "31,0,0,2026-09-30": ("2026-09-30", 31),
        ",0,0,2026-09-04": ("2026-09-04", None),
    }
    text = "".join(f"u{n},,1,1,,,,,{cells}\n" for n, cells in enumerate(days))
    folder = make_folder(tmp_path / "bundle", subscribers=f"{header}\n{text}", usage=None)
    summary = load(database, folder, "2026-09")
    assert summary.first_period == Period(2026, 9)
    stored = database.rows("SELECT active_since, first_month_day FROM subscriber ORDER BY id")
    assert stored == list(days.values())


def test_allowances_and_fractions(database: Database, tmp_path: Path) -> None:
    rest = "998999999.999999,0.000001,in,999000000,0,out,unlimited,0,max,0.25,0,sum,0.5,yes"
    plans = f"{PLANS_HEADER}\n1,P,0.01,{rest}\n2,Q,1,{PLAN_REST}\n"
    load(database, make_folder(tmp_path / "bundle", plans=plans))
    assert database.rows(
        "SELECT included_bytes FROM plan_direction WHERE plan_id = 1 ORDER BY direction"
    ) == [(998_999_999_999_999,), (None,), (None,), (250_000,)]
    assert database.row("SELECT direction2_ratio, carry_over FROM plan WHERE id = 1") == (
        500_000,
        1,
    )


def test_an_alias_comes_after_its_main_and_adds_its_usage(
    database: Database, tmp_path: Path
) -> None:
    people = (
        f"{SUBSCRIBERS_HEADER},alias_of\nu1-b,,1,,,,,,0,0,0,u1\nu1,,1,1,,,,,0,0,0,\n"
        "u2,,1,1,,,,,0,0,0,\n"
    )
    used = f"{USAGE_HEADER}\nu1-b,2026-10,1,7,8\nu1,2026-10,1,1,2\nu1-b,2026-11,2,3,4\n"
    load(database, make_folder(tmp_path / "bundle", subscribers=people, usage=used))
    assert database.rows("SELECT id, login, alias_of FROM subscriber ORDER BY id") == [
        (1000, "u1", None),
        (1001, "u2", None),
        (1002, "u1-b", 1000),
    ]
    assert database.rows(
        "SELECT period, subscriber_id, in1, out1, in2, out2 FROM period_usage ORDER BY period"
    ) == [("2026-10", 1000, 8, 10, 0, 0), ("2026-11", 1000, 0, 0, 3, 4)]
    assert database.integer("SELECT COUNT(*) FROM journal_entry") == 0


def test_services_and_orders_of_an_alias_are_not_taken(database: Database, tmp_path: Path) -> None:
    people = (
        f"{SUBSCRIBERS_HEADER},alias_of\na,,1,1,2,1,1,1;2,0,0,0,u1\nb,,1,1,,,,2,0,0,0,u1\n"
        "c,,1,1,,,1,,0,0,0,u1\nd,,1,1,,1,,,0,0,0,u1\nu1,,1,1,2,,1,1,0,0,0,\nu2,,1,1,,,,,0,0,0,\n"
    )
    summary = load(database, make_folder(tmp_path / "bundle", subscribers=people))
    assert summary.notes == (
        "3 aliases have services or orders of their own: not taken, an alias is never charged.",
    )
    assert database.rows(
        "SELECT login, plan_id, addon_id, ordered_plan_id, ordered_plan_from, ordered_addon_id,"
        " ordered_addon_from FROM subscriber WHERE login <> 'u2' ORDER BY login"
    ) == [
        ("a", 1, 1, None, None, None, None),
        ("b", 1, None, None, None, None, None),
        ("c", 1, None, None, None, None, None),
        ("d", 1, 1, None, None, None, None),
        ("u1", 1, None, 2, "2026-11", 1, "2026-11"),
    ]
    assert database.rows("SELECT subscriber_id, service_id FROM subscriber_service") == [(1000, 1)]


def test_periods_have_no_holes(database: Database, tmp_path: Path) -> None:
    used = f"{USAGE_HEADER}\nu1,2026-12,1,7,8\n"
    load(database, make_folder(tmp_path / "bundle", usage=used), "2026-09")
    periods = database.rows("SELECT period FROM billing_period ORDER BY period")
    assert [period for (period,) in periods] == [
        "2026-09", "2026-10", "2026-11", "2026-12",
    ]  # fmt: skip


def test_form_of_files_that_is_allowed(database: Database, tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path / "bundle",
        groups=b'\xef\xbb\xbfcharge,group,name\r\nyes,1,"main\r\n ""A"""\r\n\r\n\r\n',
        subscribers=f"{SUBSCRIBERS_HEADER}\nИван,Иван 𝒳,1,1,,,,,0,,0\nиван,,1,1,,,,,0,0,0",
        usage=USAGE_HEADER,
    )
    load(database, folder, "2026-10")
    assert database.value("SELECT name FROM subscriber_group") == 'main\r\n "A"'
    assert database.rows("SELECT login, name FROM subscriber ORDER BY id") == [
        ("Иван", "Иван 𝒳"),
        ("иван", ""),
    ]


def test_a_second_bundle_adds_to_the_first(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "one"))
    more = make_folder(
        tmp_path / "two",
        plans=f"{PLANS_HEADER}\n3,Plan 3,1,{PLAN_REST}\n",
        addons=None, services=None, groups=None,
        subscribers=f"{SUBSCRIBERS_HEADER},alias_of\nu3,,1,3,1,1,,2,0,0,1,\nu1-b,,1,,,,,,0,0,0,u1\n",
        usage=f"{USAGE_HEADER}\nu1-b,2026-11,1,7,8\nu3,2026-10,1,1,1\n",
    )  # fmt: skip
    summary = load(database, more)
    assert summary.first_period == FIRST
    assert database.rows("SELECT id, login, alias_of FROM subscriber ORDER BY id") == [
        (1000, "u1", None), (1001, "u2", None), (1002, "u3", None), (1003, "u1-b", 1000),
    ]  # fmt: skip
    assert database.rows("SELECT subscriber_id FROM period_usage WHERE period = '2026-11'") == [
        (1000,)
    ]
    assert prove(database) == []


def test_existing_keys_are_mistakes(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "one"))
    before = rows_in_all(database)
    again = make_folder(tmp_path / "two", usage=f"{USAGE_HEADER}\nu1,2026-10,2,7,8\n")
    with pytest.raises(WrongFiles) as caught:
        load(database, again)
    told = {(p.file, p.line) for p in caught.value.problems if "already" in p.message}
    assert told == {
        ("plans.csv", 2), ("plans.csv", 3), ("addons.csv", 2), ("services.csv", 2),
        ("services.csv", 3), ("groups.csv", 2), ("subscribers.csv", 2), ("subscribers.csv", 3),
    }  # fmt: skip
    only_usage = dict.fromkeys(("plans", "addons", "services", "groups", "subscribers"))
    with pytest.raises(WrongFiles, match="has usage in 2026-10 already"):
        load(
            database,
            make_folder(
                tmp_path / "three", **only_usage, usage=f"{USAGE_HEADER}\nu1,2026-10,2,7,8\n"
            ),
        )
    uids = f"{SUBSCRIBERS_HEADER},external_uid\nu7,,1,1,,,,,0,0,0,77\n"
    rest = dict.fromkeys(("plans", "addons", "services", "groups", "usage"))
    load(database, make_folder(tmp_path / "four", **rest, subscribers=uids))
    with pytest.raises(WrongFiles, match="column external_uid: '77' is in the database"):
        load(
            database,
            make_folder(tmp_path / "five", **rest, subscribers=uids.replace("u7", "u8")),
        )
    assert rows_in_all(database) == before + 2  # u7 and its audit


def test_a_closed_period_takes_nothing(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "one"))
    with database.transaction():
        database.execute("UPDATE billing_period SET state = 'closed'")
    rest = dict.fromkeys(("plans", "addons", "services", "groups"))
    more = make_folder(
        tmp_path / "two",
        **rest,
        subscribers=f"{SUBSCRIBERS_HEADER}\nu3,,1,1,2,,,,0,0,1\n",
        usage=f"{USAGE_HEADER}\nu3,2026-10,1,1,1\n",
    )
    with pytest.raises(WrongFiles, match=r"usage\.csv, line 2, column period: 2026-10 is closed"):
        load(database, more)
    with pytest.raises(InputError, match="cannot be 2026-10: the database is at 2026-11"):
        load(database, more, "2026-10")
    (more / "usage.csv").unlink()
    assert load(database, more, "2026-11").first_period == Period(2026, 11)
    assert (
        database.value("SELECT ordered_plan_from FROM subscriber WHERE login = 'u3'") == "2026-12"
    )
