"""`billdeck usage import`."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cli.signals import stop_on_signals
from engine.database import Database
from tests.cli.conftest import Shell

HEAD = "login,time,direction,bytes_in,bytes_out,record_key\n"
FIRST = "ivan,2026-11-03T10:00:00,1,100,20,r1\n"
SECOND = "ivan,2026-11-04T10:00:00,2,7,0,r2\n"


def test_records_are_counted_once(ivan: Shell, books: Database, tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    file.write_text(HEAD + FIRST, encoding="utf-8")
    assert ivan("usage", "import", str(file)).out == "1 records: 1 added, 0 known already.\n"
    file.write_text(HEAD + FIRST.replace("100", "101") + SECOND, encoding="utf-8")
    answer = ivan("usage", "import", str(file), "--json")
    assert answer.json == {"rows": 2, "added": 1, "skipped": 1, "differing": 1, "late": 0}
    assert "1 of the known have other content" in ivan("usage", "import", str(file)).out
    assert books.rows("SELECT in1, out1, in2 FROM period_usage") == [(100, 20, 7)]


def test_records_of_a_closed_period(ivan: Shell, books: Database, tmp_path: Path) -> None:
    books.execute("UPDATE billing_period SET state = 'closed'")
    books.execute("INSERT INTO billing_period (period, state) VALUES ('2026-12', 'open')")
    file = tmp_path / "usage.csv"
    file.write_text(HEAD + FIRST, encoding="utf-8")
    said = ivan("usage", "import", str(file)).out
    assert "1 lie in a closed period: the next month close moves those of charged" in said
    assert "the others stay" in said


@pytest.mark.parametrize(
    "line",
    [
        "nobody,2026-11-03T10:00:00,1,1,1,r3",
        "ivan,2026-10-31T10:00:00,1,1,1,r3",
        "ivan,2026-11-03T10:00:00,5,1,1,r3",
        "ivan,2026-11-03T10:00:00,1,-1,1,r3",
        "x\x1b]0;t\x07,2026-11-03T10:00:00,1,1,1,r3",
    ],
)
def test_a_wrong_line_is_named(ivan: Shell, books: Database, tmp_path: Path, line: str) -> None:
    file = tmp_path / "usage.csv"
    file.write_text(f"{HEAD}{FIRST}{line}\n", encoding="utf-8")
    answer = ivan("usage", "import", str(file))
    assert (answer.status, answer.out) == (2, "")
    assert "line 3" in answer.err
    assert not {"\x1b", "\x07"} & set(answer.err)
    assert books.rows("SELECT * FROM usage_record") == []


def test_a_file_that_is_not_there(ivan: Shell, tmp_path: Path) -> None:
    assert ivan("usage", "import", str(tmp_path / "no.csv")).status == 2


def test_a_signal_asks_to_stop_and_a_second_one_stops() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before
