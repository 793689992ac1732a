"""`billdeck import` and `billdeck export`."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cli.files import open_result
from cli.output import Output
from engine.bundle.load import find_files
from engine.database import Database
from engine.errors import InputError
from tests.cli.conftest import Shell

PLAN_HEAD = (
    "plan,name,monthly_fee,"
    + ",".join(f"dir{n}_included_mb,dir{n}_overage_price,dir{n}_counts" for n in (1, 2, 3, 4))
    + ",dir2_to_dir1_ratio,carry_over"
)
BUNDLE = {
    "plans": f"{PLAN_HEAD}\nnet,Net,100{',unlimited,0,in' * 4},0,no\n",
    "groups": "group,name,charge\nall,All,yes\n",
    "subscribers": (
        "login,name,group,plan,next_plan,addon,next_addon,services,start_day,discount_percent,"
        "balance\n"
        "anna,Анна,all,net,,,,,0,0,12.50\n"
        "boris,=1+1,all,net,,,,,0,0,-3\n"
    ),
    "usage": "login,period,direction,bytes_in,bytes_out\nanna,2026-10,1,5,5\n",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, text in BUNDLE.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_import_and_export_again(shell: Shell, bundle: Path) -> None:
    answer = shell("import", str(bundle))
    assert (answer.status, answer.err) == (0, "")
    assert "Imported 2 subscribers." in answer.out
    assert "9.50\u00a0RUB" in answer.out
    assert "First period to be closed: 2026-10." in answer.out
    rows = list(csv.DictReader(io.StringIO(shell("export", "subscribers").out)))
    assert [(row["login"], row["name"], row["balance"]) for row in rows] == [
        ("anna", "Анна", "12.50"),
        ("boris", "'=1+1", "-3.00"),
    ]
    again = shell("import", str(bundle))
    assert again.status == 2
    assert "Nothing was imported" in again.err


def test_import_as_json(shell: Shell, bundle: Path) -> None:
    (bundle / "usage.csv").unlink()
    assert shell("import", str(bundle)).status == 2
    answer = shell("import", str(bundle), "--first-period", "2026-09", "--json")
    assert answer.json["first_period"] == "2026-09"
    assert answer.json["opening_sum"] == "9.50"
    assert answer.json["counts"]["subscribers"] == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("x,,all,net,net,,,,0,0,0,anna\n", "1 alias has services or orders of its own"),
        ("x,,all,net,net,,,,0,0,0,anna\ny,,all,net,net,,,,0,0,0,anna\n", "2 aliases have services"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_what_an_alias_has_of_its_own_is_named(
    shell: Shell, bundle: Path, more: str, said: str, words: tuple[str, ...]
) -> None:
    head = BUNDLE["subscribers"].replace("balance\n", "balance,alias_of\n")
    people = head.replace("12.50\n", "12.50,\n").replace("-3\n", "-3,\n")
    (bundle / "subscribers.csv").write_text(people + more, encoding="utf-8")
    answer = shell(*words, "import", str(bundle))
    assert (answer.status, answer.err) == (0, "")
    notes = answer.json["notes"] if words else answer.out.splitlines()[-1:]
    assert len(notes) == 1
    assert notes[0].startswith(said)
    assert notes[0].endswith("not taken, an alias is never charged.")


def test_every_wrong_line_is_named(shell: Shell, bundle: Path, books: Database) -> None:
    with (bundle / "subscribers.csv").open("a", encoding="utf-8") as file:
        file.write("x\x1b]0;t\x07,x,all,net,,,,,0,0,0\nclara,,all,slow,,,,,0,101,0\n")
    answer = shell("import", str(bundle))
    assert (answer.status, answer.out) == (2, "")
    lines = answer.err.splitlines()
    assert any("line 4" in line for line in lines)
    assert any("line 5" in line and "discount_percent" in line for line in lines)
    assert not {"\x1b", "\x07"} & set(answer.err)
    assert books.integer("SELECT COUNT(*) FROM subscriber") == 0


def test_a_folder_that_cannot_be_read(
    shell: Shell,
    tmp_path: Path,
    bundle: Path,
    as_nobody: Callable[[], AbstractContextManager[None]],
) -> None:
    answer = shell("import", str(tmp_path / ("x" * 300)))
    assert answer.status == 2
    assert "cannot read the folder" in answer.err
    bundle.chmod(0)
    with as_nobody(), pytest.raises(InputError, match=r"cannot read.*Permission denied.*imported"):
        find_files(bundle)
    bundle.chmod(0o700)


def test_import_of_nothing(shell: Shell, tmp_path: Path) -> None:
    assert shell("import", str(tmp_path / "none")).status == 2
    assert shell("import", str(tmp_path), "--first-period", "soon").status == 2


def closed(books: Database, period: str) -> None:
    books.execute(
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, plan_id, plan_after, in1, out1, in2, out2, in3, out3, in4, out4)"
        " VALUES (?, 1000, 'exempt', 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)",
        (period,),
    )


def test_charges_are_of_the_last_period_with_any(ivan: Shell, books: Database) -> None:
    answer = ivan("export", "charges")
    assert answer.status == 2
    assert "no charges yet" in answer.err
    books.execute("INSERT INTO billing_period (period, state) VALUES ('2026-10', 'closed')")
    closed(books, "2026-10")
    closed(books, "2026-11")
    books.execute("UPDATE close_record SET block = 0 WHERE period = '2026-10'")
    for words, block in ((("--period", "2026-10"), "no"), ((), "yes")):
        (row,) = csv.DictReader(io.StringIO(ivan("export", "charges", *words).out))
        assert (row["login"], row["status"], row["amount"]) == ("ivan", "exempt", "0.00")
        assert (row["plan_after"], row["addon_after"], row["block"]) == ("home", "", block)


def test_json_is_one_object_a_line(ivan: Shell) -> None:
    ivan("subscriber", "add", "olga", "--group", "people", "--plan", "home")
    for words in (("--format", "json"), ("--json",)):
        lines = ivan("export", "subscribers", *words).out.splitlines()
        assert [json.loads(line)["login"] for line in lines] == ["ivan", "olga"]


def test_the_ledger_of_a_month_that_has_no_period_yet(shell: Shell, bundle: Path) -> None:
    assert shell("import", str(bundle)).status == 0  # October is the oldest open period
    assert shell("payment", "anna", "5", "--date", "2026-11-03").status == 0
    answer = shell("export", "ledger", "--period", "2026-11")
    assert answer.status == 0
    assert [row["amount"] for row in csv.DictReader(io.StringIO(answer.out))] == ["5.00", "-5.00"]


def test_the_amount_of_an_explanation_has_two_decimals(shell: Shell, bundle: Path) -> None:
    assert shell("import", str(bundle)).status == 0
    assert shell("run", "month-close", "--late").status == 0
    assert shell("--json", "explain", "anna", "--period", "2026-10").json["amount"] == "100.00"


def test_a_refused_close_announces_nothing(shell: Shell, bundle: Path) -> None:
    assert shell("import", str(bundle)).status == 0
    answer = shell("run", "month-close")
    assert answer.status == 2
    assert answer.err.startswith("billdeck: a month close runs on the 1st")
    assert "Month close" not in answer.err
    assert shell("run", "month-close", "--late").err.startswith("Month close\n")


def test_one_subscriber_is_not_many(ivan: Shell) -> None:
    ivan.clock.advance(40 * 86_400_000)
    assert "1 subscriber, " in ivan("run", "month-close", "--dry-run").out
    assert "\n  1 subscriber in " in ivan("run", "month-close", "--late").out


def test_active_since_before_our_books(shell: Shell, bundle: Path) -> None:
    assert shell("import", str(bundle)).status == 0
    assert "before our books" in shell("subscriber", "show", "anna").out
    assert "1900-01-01" not in shell("subscriber", "show", "anna").out
    assert shell("--json", "subscriber", "show", "anna").json["active_since"] == "1900-01-01"


def test_the_ledger_by_period(ivan: Shell) -> None:
    ivan("payment", "ivan", "5")
    rows = list(csv.DictReader(io.StringIO(ivan("export", "ledger").out)))
    assert [(row["account"], row["amount"]) for row in rows] == [
        ("ivan", "5.00"),
        ("cash", "-5.00"),
    ]
    assert ivan("export", "ledger", "--period", "2026-11").out.count("\n") == 3
    assert ivan("export", "ledger", "--period", "2026-12").status == 2


def test_export_into_a_new_file(ivan: Shell, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    answer = ivan("export", "subscribers", "--out", str(file))
    assert answer.out == f"Wrote 1 rows to {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text(encoding="utf-8") == ivan("export", "subscribers").out
    again = ivan("export", "subscribers", "--out", str(file))
    assert again.status == 2
    assert "exists" in again.err
    assert ivan("export", "subscribers", "--out", str(tmp_path / "no" / "x")).status == 2
    assert not list(tmp_path.glob(".billdeck-*"))


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp1251"}])
def test_an_export_is_utf_8_in_any_locale(
    shell: Shell, bundle: Path, tmp_path: Path, locale: dict[str, str]
) -> None:
    assert shell("import", str(bundle)).status == 0
    command = [sys.executable, "-m", "cli.main", "--config", str(shell.config_file), "export"]
    root = Path(__file__).parents[2]

    def export(*words: str) -> bytes:
        done = subprocess.run(
            [*command, "subscribers", *words],
            cwd=root,
            env={**os.environ, **locale},
            capture_output=True,
            check=True,
        )
        return done.stdout

    as_csv = export()
    assert "\nanna,Анна,all," in as_csv.decode("utf-8")
    file = tmp_path / "out.csv"
    export("--out", str(file))
    assert file.read_bytes() == as_csv


def test_hostile_text_is_escaped(ivan: Shell, books: Database, tmp_path: Path) -> None:
    books.execute("UPDATE subscriber SET name = ?", ("x\x1b]0;t\x07\nabc\u202ecba",))
    file = tmp_path / "out.csv"
    ivan("export", "subscribers", "--out", str(file))
    as_csv = ivan("export", "subscribers").out
    for text in (as_csv, file.read_text(encoding="utf-8")):
        assert "x\\x1b]0;t\\x07\\x0aabc\\u202ecba" in text
        assert text.count("\n") == 2
    as_json = ivan("export", "subscribers", "--json").out
    assert not {"\x1b", "\x07", "\u202e"} & set(as_csv + as_json)


@pytest.mark.parametrize(
    "words", [("cases",), ("subscribers", "--period", "2026-11"), ("charges", "--period", "x"),
              ("charges", "--period", "2026-01"), ("ledger", "--format", "xml")],
)  # fmt: skip
def test_wrong_exports(ivan: Shell, words: tuple[str, ...]) -> None:
    answer = ivan("export", *words)
    assert (answer.status, answer.out) == (2, "")


def test_an_export_that_does_not_exist(ivan: Shell) -> None:
    answer = ivan("export", "balances\x1b[2J")
    assert answer.status == 2
    assert answer.err == (
        "billdeck: there is no export 'balances\\x1b[2J':"
        " charges, subscribers, ledger, runs, periods, failures, balances, events,"
        " actions, skipped-mails\n"
    )


def test_an_export_where_nobody_may_look(
    tmp_path: Path, as_nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    with (
        as_nobody(),
        pytest.raises(InputError, match=r"cannot write into the folder.*Permission denied"),
        open_result(folder / "x.csv", Output()),
    ):
        pass
    folder.chmod(0o700)
