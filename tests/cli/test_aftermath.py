"""What `explain` and `subscriber show` say of late usage and of a charge that was taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.test_bundle import bundle

__all__ = ["bundle"]

LATE = "late usage of 2026-10 was moved in: direction 1 30 bytes in, 12 out; direction 3 0 bytes in"


@pytest.fixture
def later(shell: Shell, bundle: Path, tmp_path: Path) -> Shell:
    """October is closed; usage of it came after that, so the open November has it."""
    assert shell("import", str(bundle)).status == 0
    assert shell("run", "month-close", "--late").status == 0
    file = tmp_path / "usage.csv"
    file.write_text(
        "login,time,direction,bytes_in,bytes_out,record_key\n"
        "anna,2026-10-05T10:00:00,1,10,5,a\nanna,2026-10-06T10:00:00,1,20,7,b\n"
        "anna,2026-10-06T10:00:00,3,0,9,c\nboris,2026-10-06T10:00:00,2,1,0,d\n"
        "anna,2026-11-06T10:00:00,1,100,0,e\n"
    )
    assert shell("usage", "import", str(file)).status == 0
    assert shell("run", "month-close", "--late").status == 0
    return shell


def entry_of_charge(shell: Shell, login: str) -> int:
    shown = shell("--json", "subscriber", "show", login).json
    (entry,) = [one["entry"] for one in shown["entries"] if one["kind"] == "charge"]
    return int(entry)


def test_late_usage_in_the_open_period(later: Shell) -> None:
    answer = later("subscriber", "show", "anna")
    assert f"  {LATE}, 9 out\n" in answer.out
    shown = later("--json", "subscriber", "show", "anna").json
    (late,) = shown["late_usage"]
    assert late["from_period"] == "2026-10"
    assert late["usage"][0] == {"direction": 1, "bytes_in": 30, "bytes_out": 12}
    assert shown["usage"][0] == {"direction": 1, "bytes_in": 130, "bytes_out": 12}
    assert [one["late_usage"] for one in shown["charges"]] == [[]]


def test_late_usage_in_a_closed_period(later: Shell) -> None:
    assert "late" not in later("explain", "anna", "--period", "2026-10").out
    later.clock.advance(30 * 86_400_000)
    assert later("run", "month-close", "--late").status == 0
    assert f"  {LATE}, 9 out\n" in later("explain", "anna", "--period", "2026-11").out
    assert f"  2026-11: {LATE}, 9 out\n" in later("subscriber", "show", "anna").out
    shown = later("--json", "subscriber", "show", "anna").json
    assert [len(one["late_usage"]) for one in shown["charges"]] == [1, 0]
    assert shown["late_usage"] == []
    notes = later("--json", "explain", "boris", "--period", "2026-11").json["notes"]
    assert "late usage of 2026-10 was moved in: direction 2 1 bytes in, 0 out" in notes


def test_late_usage_of_one_who_is_not_charged(later: Shell) -> None:
    assert later("subscriber", "set", "anna", "--state", "frozen").status == 0
    later.clock.advance(30 * 86_400_000)
    assert later("run", "month-close", "--late").status == 0
    answer = later("explain", "anna", "--period", "2026-11")
    assert "exempt" in answer.out
    assert f"  {LATE}, 9 out\n" in answer.out


def test_a_charge_that_was_taken_back(later: Shell) -> None:
    entry = entry_of_charge(later, "anna")
    assert "reversed" not in later("explain", "anna", "--period", "2026-10").out
    assert later("reverse", str(entry), "--login", "anna").status == 0
    said = "reversed by entry {} on 2026-11-12T12:00:00+03:00"
    shown = later("--json", "subscriber", "show", "anna").json
    (charge,) = shown["charges"]
    taken_back = shown["entries"][0]["entry"]
    assert (charge["reversed_by"], charge["reversed_at"]) == (
        taken_back,
        "2026-11-12T12:00:00+03:00",
    )
    assert f"  2026-10: {said.format(taken_back)}\n" in later("subscriber", "show", "anna").out
    assert f"  {said.format(taken_back)}\n" in later("explain", "anna", "--period", "2026-10").out
    # The charges of one close are lines of one entry: the other line was not taken back.
    assert "reversed" not in later("explain", "boris", "--period", "2026-10").out
    assert "reversed" not in later("subscriber", "show", "boris").out
