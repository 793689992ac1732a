"""The demonstration's database: the months it has, the ledger proved, the same every time."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.balances.profile import Profile
from engine.balances.setup import status_book
from engine.balances.status import refresh_statuses
from engine.balances.trend import STATUSES
from engine.config import Config, load_config
from engine.database import Database, open_database
from engine.demo.build import EARLIEST, FEWEST, MOST, Wanted, build_demo, demo_clock, demo_config
from engine.demo.place import is_demonstration
from engine.errors import InputError
from engine.hooks import WorkHooks
from engine.ledger.proof import prove
from engine.period import Period

WANTED = Wanted(subscribers=300, seed=1, today=date(2026, 11, 22))


def config(path: Path) -> Config:
    built_in = load_config(environ={"HOME": str(path.parent)}, system_file=path.parent / "none.ini")
    return demo_config(built_in, path)


def build(path: Path, wanted: Wanted = WANTED) -> list[str]:
    told: list[str] = []
    build_demo(path, config(path), wanted, told.append)
    return told


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    build(path)
    database = open_database(config(path).database)
    yield database
    database.close()


def test_three_months_are_closed_and_the_fourth_is_open(demo: Database) -> None:
    assert demo.rows("SELECT period, state FROM billing_period ORDER BY period") == [
        ("2026-07", "closed"), ("2026-08", "closed"), ("2026-09", "closed"), ("2026-10", "open"),
    ]  # fmt: skip
    closed = demo.rows("SELECT period, COUNT(*) FROM close_record GROUP BY period ORDER BY period")
    mains = demo.integer("SELECT COUNT(*) FROM subscriber WHERE alias_of IS NULL")
    assert closed == [("2026-07", mains), ("2026-08", mains), ("2026-09", mains)]
    assert demo.integer("SELECT COUNT(*) FROM close_record WHERE status = 'failed'") == 0


def test_the_ledger_is_proved_and_has_every_kind_of_movement(demo: Database) -> None:
    assert prove(demo) == []
    kinds = {kind for (kind,) in demo.rows("SELECT DISTINCT kind FROM journal_entry")}
    assert {"opening", "payment", "refund", "correction", "charge", "reversal"} <= kinds


def test_it_has_the_subscribers_asked_for_and_usage_in_every_month(demo: Database) -> None:
    assert demo.integer("SELECT COUNT(*) FROM subscriber") == WANTED.subscribers
    assert demo.integer("SELECT COUNT(*) FROM subscriber WHERE alias_of IS NOT NULL") == 3
    months = demo.rows(
        "SELECT u.period, COUNT(*), MIN(b.usage_version) FROM period_usage u JOIN billing_period b"
        " ON b.period = u.period GROUP BY u.period"
    )
    assert [month for month, _, _ in months] == ["2026-07", "2026-08", "2026-09", "2026-10"]
    assert all(count > 200 and version >= 1 for _, count, version in months)


def test_the_troubled_ones_are_few_and_lack_a_plan(demo: Database) -> None:
    rows = demo.rows("SELECT active_since FROM subscriber WHERE plan_id IS NULL")
    assert len(rows) == 3
    assert all(since.startswith("2026-10") for (since,) in rows)


def test_payments_lie_in_the_month_and_before_today(demo: Database) -> None:
    zone = load_config(environ={}).billing.timezone
    times = [
        at for (at,) in demo.rows("SELECT effective_at FROM journal_entry WHERE kind = 'payment'")
    ]
    assert min(times) > Period(2026, 7).start_ms(zone)
    months = {str(Period.of_ms(at, zone)) for at in times}
    assert months == {"2026-07", "2026-08", "2026-09", "2026-10", "2026-11"}
    november = Period(2026, 11).start_ms(zone)
    assert max(times) < november + 21 * 86_400_000


def test_each_step_is_told(tmp_path: Path) -> None:
    told = build(tmp_path / "demo.db", Wanted(40, 1, date(2026, 1, 1)))
    assert [line[:7] for line in told[1:-2]] == ["2025-09", "2025-10", "2025-11", "2025-12"]
    assert told[-2:] == ["balance reports of the numbers", "events and what followed them"]


def test_on_the_first_of_a_month_there_are_no_payments_of_it(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    build(path, Wanted(40, 1, date(2026, 1, 1)))
    with closing(sqlite3.connect(path)) as raw:
        latest = raw.execute("SELECT MAX(effective_at) FROM journal_entry").fetchone()[0]
        states = raw.execute("SELECT state FROM billing_period ORDER BY period").fetchall()
    zone = load_config(environ={}).billing.timezone
    assert latest < Period(2026, 1).start_ms(zone)
    assert states == [("closed",), ("closed",), ("closed",), ("open",)]


_IN_A_PROCESS = """
import sys
from tests.demo.test_build import WANTED, Path, build, digest
build(Path(sys.argv[1]))
print(digest(Path(sys.argv[1])))
"""


# When the schema was made, the import's own random mark, the process that ran the close.
_OF_THIS_RUN = ("migrat", "'bundle:", '"job_run"', '"lease"')


def digest(path: Path) -> str:
    """SHA-256 over every row of every table, as SQLite dumps them."""
    found = hashlib.sha256()
    with closing(sqlite3.connect(path)) as raw:
        for line in raw.iterdump():
            if not any(name in line for name in _OF_THIS_RUN):
                found.update(line.encode())
    return found.hexdigest()


def test_it_is_the_same_for_a_seed_and_a_date_whatever_the_hash_seed(tmp_path: Path) -> None:
    digests = set()
    for number in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", _IN_A_PROCESS, str(tmp_path / f"demo{number}.db")],
            env={**os.environ, "PYTHONHASHSEED": str(number), "PYTHONPATH": str(Path.cwd()),
                 "TZ": ("UTC", "Asia/Tokyo")[number - 1]},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        digests.add(done.stdout)
    assert len(digests) == 1


def test_another_seed_makes_another_one(tmp_path: Path) -> None:
    build(tmp_path / "one.db", Wanted(40, 1, WANTED.today))
    build(tmp_path / "two.db", Wanted(40, 2, WANTED.today))
    assert digest(tmp_path / "one.db") != digest(tmp_path / "two.db")


@pytest.mark.parametrize("count", [-1, 0, FEWEST - 1, MOST + 1])
def test_sizes_out_of_range_are_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(InputError, match="subscribers"):
        build(tmp_path / "demo.db", Wanted(count, 1, WANTED.today))
    assert list(tmp_path.iterdir()) == []


def test_an_older_demonstration_is_replaced_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    build(path, Wanted(40, 1, WANTED.today))
    (tmp_path / "demo.db-wal").write_bytes(b"left over")
    build(path, Wanted(60, 1, WANTED.today))
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT COUNT(*) FROM subscriber").fetchone() == (60,)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not [file for file in tmp_path.iterdir() if file.name.endswith(".new")]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0 torn"])
def test_a_file_that_is_no_demonstration_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "billing.db"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a demonstration"):
        build(path)
    assert path.read_bytes() == content


def test_a_real_billing_database_stays(tmp_path: Path) -> None:
    from engine.schema import create

    path = tmp_path / "billing.db"
    database = open_database(config(path).database, create=True)
    create(database)
    database.close()
    before = path.read_bytes()
    assert not is_demonstration(path)
    with pytest.raises(InputError, match="--path"):
        build(path)
    assert path.read_bytes() == before


def test_the_earliest_day(tmp_path: Path) -> None:
    build(tmp_path / "demo.db", Wanted(300, 1, EARLIEST))
    with pytest.raises(InputError, match="1985-01-01 or later"):
        build(tmp_path / "demo.db", Wanted(40, 1, EARLIEST - timedelta(days=1)))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    build(tmp_path / "demo.db", Wanted(40, 1, WANTED.today))
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "demo.db")
    with pytest.raises(InputError, match="not a demonstration"):
        build(link)


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f".demo.db.{gone.pid}.new"
    left.write_bytes(b"half")
    other = tmp_path / f".demo.db.{os.getppid()}.new"
    other.write_bytes(b"of a process that runs")
    build(tmp_path / "demo.db", Wanted(40, 1, WANTED.today))
    assert not left.exists()
    assert other.exists()


def test_the_numbers_have_every_status_and_the_one_that_is_worked_out_again(
    demo: Database, tmp_path: Path
) -> None:
    statuses = dict(demo.rows("SELECT status, COUNT(*) FROM number GROUP BY status"))
    assert set(statuses) == set(STATUSES)
    assert demo.integer("SELECT COUNT(*) FROM number WHERE subscriber_id IS NULL") > 0
    assert demo.integer("SELECT COUNT(*) FROM balance_mail WHERE state = 'skipped'") == 3
    settings = config(tmp_path / "unused.db")
    book = status_book(demo, settings)
    total = sum(statuses.values())
    assert refresh_statuses(book, demo_clock(settings, WANTED.today), WorkHooks()) == (total, 0)


def test_the_last_mails_say_what_the_reports_have(demo: Database, tmp_path: Path) -> None:
    profile = Profile(config(tmp_path / "unused.db").operators[0])
    mails = demo.rows(
        "SELECT m.body, m.number, m.said_at, b.balance FROM balance_mail m JOIN number_balance b"
        " ON b.number_id = m.number_id AND b.at = m.said_at WHERE m.state = 'processed'"
    )
    assert len(mails) > 5
    for body, number, said_at, balance in mails:
        facts = profile.read(body)
        assert (facts.number, facts.at, facts.balance) == (number, said_at, balance)
