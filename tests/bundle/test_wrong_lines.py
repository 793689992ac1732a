"""Every kind of mistake in a bundle: told with file, line and column, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.bundle.problems import WrongFiles
from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import InputError
from tests.bundle.folders import (
    PLAN_REST,
    PLANS_HEADER,
    SMALL,
    SUBSCRIBERS_HEADER,
    USAGE_HEADER,
    load,
    make_folder,
    open_empty,
    rows_in_all,
)

GROUPS = "group,name,charge\n"
MORE = SUBSCRIBERS_HEADER + ",active_since,state,alias_of,external_uid,fee_day,credit_limit"
BORN = SUBSCRIBERS_HEADER + ",birth_date"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all cases, since none may write to it."""
    path = tmp_path_factory.mktemp("untouched") / "billing.db"
    database = open_empty(DatabaseConfig(engine="sqlite", path=path))
    yield database
    assert rows_in_all(database) == 0
    database.close()


def plan(text: str) -> str:
    return f"{PLANS_HEADER}\n{text}\n"


def person(text: str, header: str = SUBSCRIBERS_HEADER) -> str:
    """u1 and u2 as they are, then the line in question: line 4."""
    more = "," * (header.count(",") - SUBSCRIBERS_HEADER.count(","))
    return f"{header}\nu1,,1,1,,,,,0,0,0{more}\nu2,,1,1,,,,,0,0,0{more}\n{text}\n"


def usage(text: str) -> str:
    return f"{USAGE_HEADER}\n{text}\n"


CASES: list[tuple[str, str | bytes, int, str, str]] = [
    # the form of a file
    ("groups", "", 1, "", "no header"),
    ("groups", b"\xff\xfeg,n,c\n1,main,yes\n", 1, "", "UTF-8"),
    ("groups", GROUPS.encode() + b"1,main,yes\n2,\xd0,no\n", 3, "", "UTF-8 (byte 3"),
    ("groups", GROUPS + "1,ma\0in,yes\n", 2, "", "NUL"),
    ("groups", GROUPS + '1,"main,yes\n', 2, "", "never closed"),
    ("groups", GROUPS + '1,"main"x,yes\n', 2, "", "after a closing quote"),
    ("groups", GROUPS + "1,main,yes\r2,other,yes\n", 2, "", "carriage return"),
    ("groups", GROUPS + "1,main\n", 2, "", "has 2 cells, the header has 3"),
    ("groups", GROUPS + "1,main,yes,\n", 2, "", "has 4 cells"),
    ("groups", GROUPS + "1,main,yes\n\n2,other,yes\n", 3, "", "empty line"),
    ("groups", GROUPS + "1," + "x" * 140_000 + ",yes\n", 2, "", "more than"),
    ("groups", GROUPS + "1," + "x" * 1_100_000 + ",yes\n", 2, "", "longer than"),
    ("groups", "group,name,charge,colour\n1,main,yes,red\n", 1, "colour", "unknown column"),
    ("groups", "group,name\n1,main\n", 1, "charge", "missing"),
    ("groups", "group,name,charge,name\n1,main,yes,x\n", 1, "name", "twice"),
    ("groups", "group;name;charge\n1;main;yes\n", 1, "group", "missing"),
    # catalogues
    ("groups", GROUPS + "1,main,yes\n1,again,no\n", 3, "", "line 2"),
    ("groups", GROUPS + "1,main,Yes\n", 2, "charge", "yes nor no"),
    ("groups", GROUPS + ",main,yes\n", 2, "group", "empty"),
    ("groups", GROUPS + "1," + "x" * 201 + ",yes\n", 2, "name", "at most 200"),
    ("groups", GROUPS + "1,\x1b[31m,yes\n", 2, "name", "control"),
    ("groups", GROUPS + '"1\n2",main,yes\n3,main,maybe\n', 4, "charge", "yes nor no"),
    ("addons", "addon,name,monthly_fee\n1,TV,-5\n", 2, "monthly_fee", "not a price"),
    ("addons", "addon,name,monthly_fee\n1,TV,1e3\n", 2, "monthly_fee", "not a price"),
    ("addons", "addon,name,monthly_fee\n1,TV,\n", 2, "monthly_fee", "not a price"),
    ("addons", "addon,name,monthly_fee\n1,TV,1.0000001\n", 2, "monthly_fee", "not a price"),
    ("services", "service,name,monthly_fee\n1;2,ip,5\n", 2, "service", "';'"),
    ("services", "service,name,monthly_fee,kind\n1,ip,5,loan\n", 2, "kind", "none of"),
    ("plans", plan(f"1,P,12 ,{PLAN_REST}"), 2, "monthly_fee", "not a price"),
    ("plans", plan("1,P,1,x,1,sum" + ",0,0,in" * 3 + ",0,no"), 2, "dir1_included_mb", "megabytes"),
    ("plans", plan("1,P,1,-1,1,sum" + ",0,0,in" * 3 + ",0,no"), 2, "dir1_included_mb", "megab"),
    ("plans", plan("1,P,1,1,-1,sum" + ",0,0,in" * 3 + ",0,no"), 2, "dir1_overage_price", "price"),
    ("plans", plan("1,P,1,1,1,avg" + ",0,0,in" * 3 + ",0,no"), 2, "dir1_counts", "none of"),
    ("plans", plan("1,P,1,1,1,in" + ",0,0,in" * 3 + ",-4,no"), 2, "dir2_to_dir1_ratio", "ratio"),
    ("plans", plan("1,P,1,1,1,in" + ",0,0,in" * 3 + ",0,"), 2, "carry_over", "yes nor no"),
    # subscribers
    ("subscribers", person("u2,,1,1,,,,,0,0,0"), 4, "login", "line 3"),
    ("subscribers", person(",,1,1,,,,,0,0,0"), 4, "login", "empty"),
    ("subscribers", person("x" * 65 + ",,1,1,,,,,0,0,0"), 4, "login", "at most 64"),
    ("subscribers", person('"u\n3",,1,1,,,,,0,0,0'), 4, "login", "control"),
    ("subscribers", person(" u3,,1,1,,,,,0,0,0"), 4, "login", "space at one end"),
    ("subscribers", person("u3 ,,1,1,,,,,0,0,0"), 4, "login", "space at one end"),
    ("subscribers", person("u3\u00a0,,1,1,,,,,0,0,0"), 4, "login", "space at one end"),
    ("subscribers", person("u\u200b3,,1,1,,,,,0,0,0"), 4, "login", "invisible"),
    ("subscribers", person("u3,,9,1,,,,,0,0,0"), 4, "group", "no group '9'"),
    ("subscribers", person("u3,,,1,,,,,0,0,0"), 4, "group", "empty"),
    ("subscribers", person("u3,,1,9,,,,,0,0,0"), 4, "plan", "no plan '9'"),
    ("subscribers", person("u3,,1,1,9,,,,0,0,0"), 4, "next_plan", "no plan '9'"),
    ("subscribers", person("u3,,1,1,,9,,,0,0,0"), 4, "addon", "no add-on plan '9'"),
    ("subscribers", person("u3,,1,1,,,9,,0,0,0"), 4, "next_addon", "no add-on plan '9'"),
    ("subscribers", person("u3,,1,1,,,,1;9,0,0,0"), 4, "services", "no service '9'"),
    ("subscribers", person("u3,,1,1,,,,1;1,0,0,0"), 4, "services", "twice"),
    ("subscribers", person("u3,,1,1,,,,1;,0,0,0"), 4, "services", "empty code"),
    ("subscribers", person("u3,,1,1,,,,,32,0,0"), 4, "start_day", "start day"),
    ("subscribers", person("u3,,1,1,,,,,1.5,0,0"), 4, "start_day", "start day"),
    ("subscribers", person("u3,,1,1,,,,,,0,0"), 4, "start_day", "empty"),
    ("subscribers", person("u3,,1,1,,,,,0,101,0"), 4, "discount_percent", "0 to 100"),
    ("subscribers", person("u3,,1,1,,,,,0,100.000001,0"), 4, "discount_percent", "0 to 100"),
    ("subscribers", person("u3,,1,1,,,,,0,-1,0"), 4, "discount_percent", "0 to 100"),
    ("subscribers", person("u3,,1,1,,,,,0,ten,0"), 4, "discount_percent", "0 to 100"),
    ("subscribers", person("u3,,1,1,,,,,0,0,1.234"), 4, "balance", "not an amount"),
    ("subscribers", person("u3,,1,1,,,,,0,0,"), 4, "balance", "not an amount"),
    ("subscribers", person('u3,,1,1,,,,,0,0,"1,5"'), 4, "balance", "not an amount"),
    ("subscribers", person("u3,,1,1,,,,,0,0,NaN"), 4, "balance", "not an amount"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,2026-02-30,,,,,", MORE), 4, "active_since", "date"),
    ("subscribers", person("u3,,1,1,,,,,9,0,0,2026-10-08,,,,,", MORE), 4, "start_day", "differ"),
    ("subscribers", person("u3,,1,1,,,,,-1,0,0,2026-10-08,,,,,", MORE), 4, "start_day", "diff"),
    ("subscribers", person("u3,,1,1,,,,,9,0,0,2026-09-09,,,,,", MORE), 4, "start_day", "differ"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,1899-12-31", BORN), 4, "birth_date", "from 1900"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,2026-11-02", BORN), 4, "birth_date", "future"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,2025-02-29", BORN), 4, "birth_date", "not a birth"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,,gone,,,,", MORE), 4, "state", "none of"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,,,u3,,,", MORE), 4, "alias_of", "of itself"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,,,u9,,,", MORE), 4, "alias_of", "no subscriber"),
    ("subscribers", person("u3,,1,1,,,,9,0,0,0,,,u1,,,", MORE), 4, "services", "no service '9'"),
    (
        "subscribers",
        person("u3,,1,,,,,,0,0,0,,,u4,,,\nu4,,1,,,,,,0,0,0,,,u1,,,", MORE),
        4, "alias_of", "itself an alias",
    ),
    (
        "subscribers",
        person("u3,,1,,,,,,0,0,0,,,,7,,\nu4,,1,,,,,,0,0,0,,,,7,,", MORE),
        5, "external_uid", "line 4",
    ),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,,,,,0,", MORE), 4, "fee_day", "day of a month"),
    ("subscribers", person("u3,,1,1,,,,,0,0,0,,,,,,-1", MORE), 4, "credit_limit", "negative"),
    # usage
    ("usage", usage("u9,2026-10,1,1,1"), 2, "login", "no subscriber 'u9'"),
    ("usage", usage("u1,2026-13,1,1,1"), 2, "period", "not a period"),
    ("usage", usage("u1,2026-10,5,1,1"), 2, "direction", "direction"),
    ("usage", usage("u1,2026-10,1,-1,1"), 2, "bytes_in", "number of bytes"),
    ("usage", usage("u1,2026-10,1,1.5,1"), 2, "bytes_in", "number of bytes"),
    ("usage", usage(f"u1,2026-10,1,1,{2**62 + 1}"), 2, "bytes_out", "number of bytes"),
    ("usage", usage("u1,2026-10,1,1,٣"), 2, "bytes_out", "number of bytes"),
    ("usage", usage(f"u1,2026-10,1,{2**62},{2**62}"), 2, "bytes_in", "more than"),
    ("usage", usage("u1,2026-10,1,1,1\nu2,2026-10,1,1,1\nu1,2026-10,1,1,1"), 4, "direction", "twi"),
    ("usage", usage("u1,2026-10,1,1,1\nu1,9998-12,1,1,1"), 3, "period", "120 months"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "line", "column", "message"), CASES)
def test_a_mistake_is_told_with_its_place(
    untouched: Database,
    tmp_path: Path,
    name: str,
    content: str | bytes,
    line: int,
    column: str,
    message: str,
) -> None:
    folder = make_folder(tmp_path / "bundle", **{name: content})
    with pytest.raises(WrongFiles) as caught:
        load(untouched, folder)
    told = [
        problem
        for problem in caught.value.problems
        if (problem.file, problem.line, problem.column) == (f"{name}.csv", line, column)
    ]
    assert any(message in problem.message for problem in told), caught.value.message
    assert f"{name}.csv, line {line}" in caught.value.message
    assert "\x1b" not in caught.value.message
    assert rows_in_all(untouched) == 0


def test_a_wrong_record_is_told_once_and_not_by_those_that_refer_to_it(
    untouched: Database, tmp_path: Path
) -> None:
    folder = make_folder(
        tmp_path / "bundle",
        plans=plan(f"1,P,-1,{PLAN_REST}\n2,P,1,{PLAN_REST}"),
        subscribers=person("u3,,1,1,,,,,0,200,0"),
        usage=usage("u3,2026-10,1,1,1"),
    )
    with pytest.raises(WrongFiles) as caught:
        load(untouched, folder)
    assert [(p.file, p.line, p.column) for p in caught.value.problems] == [
        ("plans.csv", 2, "monthly_fee"),
        ("subscribers.csv", 4, "discount_percent"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("subscribers", SMALL["subscribers"].replace("login", "logins", 1), 1),
        ("subscribers", SUBSCRIBERS_HEADER.replace(",", ";") + "\n", 1),
        ("subscribers", person('u3,"Three,1,1,,,,,0,0,0'), 4),
        ("plans", SMALL["plans"].replace("plan,", "plans,", 1), 1),
        ("addons", "", 1),
        ("services", "service;name;monthly_fee\n1;ip;5\n", 1),
        ("groups", b"\xff\xfeg,n,c\n1,main,yes\n", 1),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_not_what_refers_to_it(
    untouched: Database, tmp_path: Path, name: str, content: str | bytes, line: int
) -> None:
    people = f"{SUBSCRIBERS_HEADER},alias_of\nu1,,1,1,2,1,1,1;2,0,0,0,\nu2,,1,1,,,,,0,0,0,u9\n"
    used = "".join(f"u{n},2026-10,1,1,1\n" for n in range(1, 200))
    files: dict[str, str | bytes | None] = {"subscribers": people, "usage": None}
    if name == "subscribers":
        files = {"usage": f"{USAGE_HEADER}\n{used}"}
    else:
        files["subscribers"] = people.replace("u9", "u1")
    with pytest.raises(WrongFiles) as caught:
        load(untouched, make_folder(tmp_path / "bundle", **{**files, name: content}), "2026-10")
    told = {(problem.file, problem.line) for problem in caught.value.problems}
    assert told == {(f"{name}.csv", line)}


def test_an_alias_of_somebody_in_the_unread_rest_is_not_told(
    untouched: Database, tmp_path: Path
) -> None:
    people = person('u3,,1,1,,,,,0,0,0,,,u4,,,\nu4,"Four,1,1,,,,,0,0,0,,,,,,', MORE)
    with pytest.raises(WrongFiles) as caught:
        load(untouched, make_folder(tmp_path / "bundle", subscribers=people))
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(5, "")]


def test_all_mistakes_are_counted_and_the_first_hundred_shown(
    untouched: Database, tmp_path: Path
) -> None:
    rows = "".join(f"u1,2026-10,7,{n},0\n" for n in range(250))
    with pytest.raises(WrongFiles) as caught:
        load(untouched, make_folder(tmp_path / "bundle", usage=f"{USAGE_HEADER}\n{rows}"))
    assert caught.value.total == 250
    assert [problem.line for problem in caught.value.problems] == list(range(2, 102))
    assert "250 mistakes" in caught.value.message
    assert "and 150 more" in caught.value.message


def test_usage_before_the_first_period(untouched: Database, tmp_path: Path) -> None:
    with pytest.raises(WrongFiles, match="lies before the first period, 2026-11"):
        load(untouched, make_folder(tmp_path / "bundle"), "2026-11")


def test_subscribers_need_a_first_period(untouched: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--first-period"):
        load(untouched, make_folder(tmp_path / "bundle", usage=None))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("prices.csv", "does not take such a file yet"),
        ("rates.csv", "does not take such a file yet"),
        ("plan.csv", "no file of a bundle"),
        ("Plans.CSV", "no file of a bundle"),
    ],
)
def test_files_that_cannot_be_taken(
    untouched: Database, tmp_path: Path, name: str, message: str
) -> None:
    folder = make_folder(tmp_path / "bundle")
    (folder / name).write_text("x\n")
    with pytest.raises(InputError, match=message):
        load(untouched, folder)


def test_folders_without_a_bundle(untouched: Database, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"none of plans\.csv"):
        load(untouched, tmp_path)
    with pytest.raises(InputError, match="no folder"):
        load(untouched, tmp_path / "missing")


def test_small_bundle_itself_has_no_mistake(tmp_path: Path) -> None:
    database = open_empty(DatabaseConfig(engine="sqlite", path=tmp_path / "billing.db"))
    assert load(database, make_folder(tmp_path / "bundle")).counts["subscribers"] == 2
    assert set(SMALL) == set(load_counts(database))
    database.close()


def load_counts(database: Database) -> dict[str, int]:
    """The counts that the audit of the import has."""
    import json

    after = json.loads(str(database.value("SELECT state_after FROM audit")))
    counts: dict[str, int] = after["counts"]
    return counts
