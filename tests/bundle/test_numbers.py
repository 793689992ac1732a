"""numbers.csv: the numbers of operators, with what belongs to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bundle.problems import WrongFiles
from engine.database import Database
from tests.bundle.folders import NOW, SMALL, load, make_folder, rows_in_all

HEADER = "number,personal_account,operator,tariff,login"
NUMBERS = f"""{HEADER}
9261234567,12345678,Megafon,Единый,u1
9261234568,12345678,Megafon,,u2
9261234569,,Megafon,Единый,
9031234567,12345678,Beeline,Единый,u1
"""
LISTED = (
    "SELECT n.number, o.name, a.code, t.title, s.login FROM number n"
    " JOIN operator o ON o.id = n.operator_id"
    " LEFT JOIN personal_account a ON a.id = n.personal_account_id AND a.operator_id = o.id"
    " LEFT JOIN operator_tariff t ON t.id = n.tariff_id AND t.operator_id = o.id"
    " LEFT JOIN subscriber s ON s.id = n.subscriber_id ORDER BY n.id"
)


def test_numbers_come_with_subscribers(database: Database, tmp_path: Path) -> None:
    summary = load(database, make_folder(tmp_path / "bundle", numbers=NUMBERS))
    assert summary.counts["numbers"] == 4
    assert database.rows(LISTED) == [
        ("9261234567", "Megafon", "12345678", "Единый", "u1"),
        ("9261234568", "Megafon", "12345678", None, "u2"),
        ("9261234569", "Megafon", None, "Единый", None),
        ("9031234567", "Beeline", "12345678", "Единый", "u1"),
    ]
    assert database.rows("SELECT DISTINCT status, reported_at, created_at FROM number") == [
        (None, None, NOW)
    ]


def test_later_numbers_join_what_is_there(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "first", numbers=NUMBERS))
    nothing = dict.fromkeys(("plans", "addons", "services", "groups", "subscribers", "usage"))
    more = f"{HEADER}\n9261234570,12345678,Megafon,Новый,u2\n9261234571,777,Tele2,Единый,\n"
    load(database, make_folder(tmp_path / "later", **nothing, numbers=more))
    assert database.rows(LISTED)[4:] == [
        ("9261234570", "Megafon", "12345678", "Новый", "u2"),
        ("9261234571", "Tele2", "777", "Единый", None),
    ]
    assert database.integer("SELECT COUNT(*) FROM operator") == 3
    assert database.integer("SELECT COUNT(*) FROM personal_account") == 3
    assert database.integer("SELECT COUNT(*) FROM operator_tariff") == 4


def test_an_alias_may_have_a_number(database: Database, tmp_path: Path) -> None:
    people = SMALL["subscribers"].replace("balance\n", "balance,alias_of\n")
    people = people.replace("10.50\n", "10.50,\n").replace("-3\n", "-3,\nu3,Three,1,,,,,,,0,0,u1\n")
    load(
        database,
        make_folder(
            tmp_path / "bundle", subscribers=people, numbers=f"{HEADER}\n9261234567,,M,,u3\n"
        ),
    )
    assert database.rows(LISTED) == [("9261234567", "M", None, None, "u3")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("9261234567,1,M,,\n9261234567,2,M,,", "line 3, column number: '9261234567' is there"),
        ("+79261234567,1,M,,", "line 2, column number: '+79261234567' is not a number"),
        ("12,1,M,,", "is not a number"),
        ("9261234567,1,,,", "line 2, column operator: is empty"),
        ("9261234567,1,M,,ghost", "line 2, column login: there is no subscriber 'ghost'"),
        (f"9261234567,1,M,{'x' * 151},", "column tariff: has 151 characters"),
    ],
)
def test_mistakes(database: Database, tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(WrongFiles) as caught:
        load(database, make_folder(tmp_path / "bundle", numbers=f"{HEADER}\n{lines}\n"))
    assert message in caught.value.message
    assert rows_in_all(database) == 0


def test_a_number_of_the_database(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "first", numbers=NUMBERS))
    nothing = dict.fromkeys(("plans", "addons", "services", "groups", "subscribers", "usage"))
    again = f"{HEADER}\n9261234567,1,Other,,\n"
    with pytest.raises(WrongFiles, match="is in the database already"):
        load(database, make_folder(tmp_path / "later", **nothing, numbers=again))
    assert database.integer("SELECT COUNT(*) FROM operator") == 2
