"""`billdeck export` of what a filter finds, in an order, or by name; each export in the audit."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.files import open_result
from cli.output import Output
from engine.database import Database
from engine.errors import InputError
from tests.cli.conftest import Shell

ROOT = Path(__file__).parents[2]
_BALANCES = {"anna": "-5.00", "boris": "-7.50", "clara": "0.00", "dina": "-0.01"}


@pytest.fixture
def people(shell: Shell, books: Database) -> Shell:
    """Four subscribers, three of whom owe something."""
    for login, balance in _BALANCES.items():
        shell("subscriber", "add", login, "--group", "people", "--plan", "home", "--name", login)
        if balance != "0.00":
            assert shell("correct", login, balance).status == 0
    shell("subscriber", "set", "dina", "--state", "frozen")
    return shell


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def logins(text: str) -> list[str]:
    return [row["login"] for row in rows(text)]


def audited(books: Database) -> list[tuple[Any, ...]]:
    """Object and state of the exports in the audit."""
    found = books.rows(
        "SELECT actor, object, state_after FROM audit WHERE action = 'export' ORDER BY id"
    )
    assert all(actor for actor, _, _ in found)
    return [(name, json.loads(state)) for _, name, state in found]


def test_a_filter_and_an_order(people: Shell, books: Database) -> None:
    whole = people("export", "subscribers").out
    found = people("export", "subscribers", "--filter", "balance<0", "--sort", "balance:desc").out
    assert logins(found) == ["dina", "anna", "boris"]
    assert all(row in rows(whole) for row in rows(found))
    assert logins(people("export", "subscribers", "--sort", "balance").out)[0] == "boris"
    twice = ("--filter", "balance<0", "--sort", "state:desc", "--sort", "login:desc")
    assert logins(people("export", "subscribers", *twice).out) == ["dina", "boris", "anna"]
    assert people("export", "subscribers", "--filter", "balance<-99").out.count("\n") == 1
    assert [state for _, state in audited(books)] == [
        {"rows": 4},
        {"rows": 3, "filter": "balance<0", "sort": ["balance:desc"]},
        {"rows": 4, "sort": ["balance"]},
        {"rows": 3, "filter": "balance<0", "sort": ["state:desc", "login:desc"]},
        {"rows": 0, "filter": "balance<-99"},
    ]


def test_rows_by_name_come_in_the_order_given(people: Shell, tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("\ufeffdina\r\n\nanna\ndina\n", encoding="utf-8")
    assert logins(people("export", "subscribers", "--rows", str(names)).out) == ["dina", "anna"]
    names.write_text("anna\nnobody\n", encoding="utf-8")
    answer = people("export", "subscribers", "--rows", str(names))
    assert (answer.status, answer.out) == (2, "")
    assert "no login 'nobody'" in answer.err
    names.write_bytes(b"\xff\n")
    assert "not UTF-8" in people("export", "subscribers", "--rows", str(names)).err


def test_runs_periods_and_failures(people: Shell, books: Database, tmp_path: Path) -> None:
    people("subscriber", "set", "anna", "--active-since", "2026-10-01")
    books.execute("UPDATE subscriber SET plan_id = NULL WHERE login = 'anna'")
    books.execute("UPDATE billing_period SET period = '2026-10'")
    assert people("run", "month-close", "--late").status == 1
    assert people("run", "month-close", "--late").status == 1
    ids = [row["id"] for row in rows(people("export", "runs").out)]
    assert ids == ["2", "1"]
    assert [row["id"] for row in rows(people("export", "runs", "--sort", "id").out)] == ["1", "2"]
    (period,) = rows(people("export", "periods").out)
    assert (period["period"], period["failed"]) == ("2026-10", "1")
    assert logins(people("export", "failures").out) == ["anna"]
    assert logins(people("export", "failures", "--period", "2026-10").out) == ["anna"]
    names = tmp_path / "names"
    names.write_text("1\n", encoding="utf-8")
    (run,) = rows(people("export", "runs", "--rows", str(names)).out)
    assert run["started_at"].startswith("2026-11-12T12:00:00+03:00")
    for what, name in (("runs", "1abc"), ("failures", "boris"), ("periods", "2026-09")):
        names.write_text(f"{name}\n", encoding="utf-8")
        answer = people("export", what, "--rows", str(names))
        assert (answer.status, answer.out) == (2, "")
        assert f"'{name}'" in answer.err


@pytest.mark.parametrize(
    ("words", "part"),
    [(("ledger", "--filter", "x"), "no --filter"), (("charges", "--sort", "login"), "no --filter"),
     (("subscribers", "--sort", "address"), "no order by 'address'"),
     (("subscribers", "--filter", "nobody:1"), "nobody"),
     (("subscribers", "--filter", "a", "--rows", "-"), "leave --filter"),
     (("periods", "--filter", "x"), "cannot be filtered"),
     (("periods", "--sort", "period"), "the list has its own"),
     (("failures",), "no period has been closed"), (("runs", "--filter", "note:x"), None)],
)  # fmt: skip
def test_what_does_not_go_together(people: Shell, words: tuple[str, ...], part: str | None) -> None:
    answer = people("export", *words)
    if part is None:
        assert answer.status == 0
        return
    assert (answer.status, answer.out) == (2, "")
    assert part in answer.err


def test_a_formula_is_no_formula_in_a_filtered_export(people: Shell) -> None:
    people("subscriber", "set", "anna", "--name", "=1+1")
    (row,) = rows(people("export", "subscribers", "--filter", "login:anna").out)
    assert row["name"] == "'=1+1"
    assert row["balance"] == "-5.00"


def test_an_export_that_is_cut_off_is_audited(people: Shell, books: Database) -> None:
    """Whoever reads it goes after the first line: what went out until then is in the audit."""
    with books.transaction():
        books.execute("UPDATE subscriber SET address = ?", ("x" * 300,))
        for number in range(2000, 3000):
            books.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (number,))
            books.execute(
                "INSERT INTO subscriber (id, login, group_id, created_at, address) VALUES"
                " (?, ?, 1, 0, ?)",
                (number, f"u{number}", "y" * 300),
            )
    command = [sys.executable, "-m", "cli.main", "--config", str(people.config_file), "export"]
    with subprocess.Popen(
        [*command, "subscribers"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reader:
        assert reader.stdout
        assert reader.stderr
        reader.stdout.readline()
        reader.stdout.close()
        assert reader.stderr.read().decode() == ""
    assert reader.returncode == 0
    ((name, state),) = audited(books)
    assert name == "export:subscribers"
    assert 0 < state["rows"] < 1004


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"

    def write() -> None:
        with open_result(file, Output()) as stream:
            stream.write("ours\n")
            file.write_text("theirs")

    with pytest.raises(InputError, match="exists by now"):
        write()
    assert file.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [file]
