"""Usage records: into the period of their time, once, whatever happens on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import peewee
import pytest

from engine import usage_import
from engine.bundle.problems import WrongFiles
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import Database, Row, open_database
from engine.errors import DatabaseUnavailable, InputError, Interrupted
from engine.usage_batch import write_batch
from engine.usage_import import UsageSummary, import_usage
from tests.bundle.folders import BILLING, NOW, open_empty
from tests.ledger.cutting import Mode, cutting

HEADER = "login,time,direction,bytes_in,bytes_out,record_key\n"


def bring(
    database: Database,
    folder: Path,
    text: str,
    wait: float = 60,
    stop: threading.Event | None = None,
) -> UsageSummary:
    """Imports records, given without the header."""
    file = folder / "records.csv"
    file.write_text(HEADER + text)
    return import_usage(database, file, BILLING, FixedClock(NOW), wait_seconds=wait, stop=stop)


def used(database: Database) -> list[tuple[str | int, ...]]:
    return database.rows(
        "SELECT period, subscriber_id, in1, out1, in2, out2, in3, out3, in4, out4"
        " FROM period_usage ORDER BY period, subscriber_id"
    )


def test_records_go_into_the_period_of_their_local_time(database: Database, tmp_path: Path) -> None:
    summary = bring(
        database,
        tmp_path,
        "u1,2026-09-30T23:59:59,1,1,2,a\n"
        "u1,2026-09-30T21:00:00Z,1,3,4,b\n"  # midnight in Moscow
        "u2,2026-10-05 12:00,3,5,6,c\n"
        "u1-b,2026-10-05T12:00:00.250+05:00,4,7,8,d\n",
    )
    assert summary == UsageSummary(rows=4, added=4, skipped=0, differing=0, late=0)
    assert used(database) == [
        ("2026-09", 1000, 1, 2, 0, 0, 0, 0, 0, 0),
        ("2026-10", 1000, 3, 4, 0, 0, 0, 0, 7, 8),
        ("2026-10", 1001, 0, 0, 0, 0, 5, 6, 0, 0),
    ]
    assert database.rows(
        "SELECT record_key, subscriber_id, period, direction FROM usage_record ORDER BY record_key"
    ) == [("a", 1000, "2026-09", 1), ("b", 1000, "2026-10", 1), ("c", 1001, "2026-10", 3),
          ("d", 1002, "2026-10", 4)]  # fmt: skip
    assert database.rows("SELECT period, usage_version FROM billing_period ORDER BY period") == [
        ("2026-09", 1),
        ("2026-10", 1),
    ]


def test_known_keys_are_skipped(database: Database, tmp_path: Path) -> None:
    first = "u1,2026-10-01T00:00:00,1,1,2,a\nu2,2026-10-01T00:00:00,1,1,2,b\n"
    assert bring(database, tmp_path, first).added == 2
    before = used(database)
    assert bring(database, tmp_path, first) == UsageSummary(2, 0, 2, 0, 0)
    again = (
        "u1,2026-10-01T00:00:00,1,1,2,a\n"  # known
        "u2,2026-10-01T00:00:00,1,1,3,b\n"  # known with other bytes
        "u2,2026-10-02T00:00:00,2,9,9,c\n"  # new
        "u2,2026-10-02T00:00:00,2,9,9,c\n"  # the same again
        "u1,2026-10-02T00:00:00,2,9,9,c\n"  # the same key for another
    )
    assert bring(database, tmp_path, again) == UsageSummary(5, 1, 4, 2, 0)
    added = [row for row in used(database) if row not in before]
    assert added == [("2026-10", 1001, 1, 2, 9, 9, 0, 0, 0, 0)]


def test_usage_of_a_closed_period_is_late(database: Database, tmp_path: Path) -> None:
    database.execute("UPDATE billing_period SET state = 'closed'")
    summary = bring(
        database, tmp_path, "u1,2026-09-09,1,1,2,a\nu1,2026-10-09,1,1,2,b\nu2,2026-09-09,1,0,0,c\n"
    )
    assert summary == UsageSummary(3, 3, 0, 0, 2)
    assert database.rows(
        "SELECT period, state, usage_version, swept_version FROM billing_period ORDER BY period"
    ) == [("2026-09", "closed", 1, 0), ("2026-10", "open", 1, 0)]


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("u9,2026-10-01,1,1,1,k", "login", "no subscriber 'u9'"),
        ("u1,yesterday,1,1,1,k", "time", "not a date or time"),
        ("u1,2026-08-31T23:59:59,1,1,1,k", "time", "before the first period, 2026-09"),
        ("u1,2026-11-02T00:05:01,1,1,1,k", "time", "in the future"),
        ("u1,2026-10-01,0,1,1,k", "direction", "direction"),
        ("u1,2026-10-01,1,-1,1,k", "bytes_in", "number of bytes"),
        ("u1,2026-10-01,1,1,,k", "bytes_out", "number of bytes"),
        ("u1,2026-10-01,1,1,1,", "record_key", "empty"),
        (f"u1,2026-10-01,1,1,1,{'k' * 101}", "record_key", "at most 100"),
        ("u1,2026-10-01,1,1,1", "", "5 cells"),
    ],
)
def test_a_wrong_line_and_nothing_is_imported(
    tmp_path: Path, line: str, column: str, message: str
) -> None:
    database = open_empty(DatabaseConfig(engine="sqlite", path=tmp_path / "billing.db"))
    database.execute("INSERT INTO billing_period (period, state) VALUES ('2026-09', 'open')")
    database.execute("INSERT INTO subscriber_group (id, code, name) VALUES (1, 'g', '')")
    database.execute("INSERT INTO account (id, balance) VALUES (1000, 0)")
    database.execute(
        "INSERT INTO subscriber (id, login, group_id, created_at) VALUES (1000, 'u1', 1, 0)"
    )
    with pytest.raises(WrongFiles) as caught:
        bring(database, tmp_path, f"u1,2026-11-02T00:05:00,1,1,1,first\n{line}\n")
    assert [(p.line, p.column) for p in caught.value.problems] == [(3, column)]
    assert message in caught.value.message
    assert database.integer("SELECT COUNT(*) FROM usage_record") == 0
    assert used(database) == []
    database.close()


def test_books_without_a_period_and_a_file_that_is_missing(tmp_path: Path) -> None:
    database = open_empty(DatabaseConfig(engine="sqlite", path=tmp_path / "billing.db"))
    with pytest.raises(InputError, match="no billing period"):
        bring(database, tmp_path, "u1,2026-10-01,1,1,1,k\n")
    with pytest.raises(InputError, match="no file"):
        import_usage(database, tmp_path / "missing", BILLING, FixedClock(NOW))
    database.close()


def test_bytes_beyond_what_can_be_summed(database: Database, tmp_path: Path) -> None:
    most = 2**62
    assert bring(database, tmp_path, f"u1,2026-10-01,1,{most},{most - 1},a\n").added == 1
    with pytest.raises(InputError, match="'u1-b' in 2026-10"):
        bring(database, tmp_path, "u1-b,2026-10-01,2,1,0,b\n")
    assert used(database) == [("2026-10", 1000, most, most - 1, 0, 0, 0, 0, 0, 0)]


def test_a_stop_leaves_whole_batches(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_import, "BATCH", 3)
    text = "".join(f"u1,2026-10-01,1,1,0,{n}\n" for n in range(10))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted, match="0 of 10"):
        bring(database, tmp_path, text, stop=stop)
    assert bring(database, tmp_path, text) == UsageSummary(10, 10, 0, 0, 0)
    assert used(database) == [("2026-10", 1000, 10, 0, 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize("mode", ["before", "after"])
def test_cut_at_every_statement(
    mode: Mode,
    database: Database,
    database_config: DatabaseConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever was cut, an import that goes on, or is repeated, adds each record once; and one
    that went on by itself counts what it added as added."""
    monkeypatch.setattr(usage_import, "BATCH", 2)
    connection = cutting(database_config)
    cuts = 0
    for k in range(1, 200):
        text = "".join(f"u{1 + n % 2},2026-10-0{1 + n},1,{n},1,{k}:{n}\n" for n in range(5))
        connection.arm(k, mode)
        before = database.integer("SELECT SUM(out1) FROM period_usage")
        try:
            summary = bring(connection, tmp_path, text)
        except (DatabaseUnavailable, peewee.OperationalError):
            connection.close()
            connection = cutting(database_config)
            summary = bring(connection, tmp_path, text)
        cuts += connection.statements >= k
        assert (summary.added, summary.skipped) == (5, 0)
        assert database.integer("SELECT SUM(out1) FROM period_usage") == before + 5
        if connection.statements and connection.statements < k:
            break
    assert cuts >= 20
    assert database.integer("SELECT COUNT(*) FROM usage_record") == 5 * k
    assert bring(database, tmp_path, text) == UsageSummary(5, 0, 5, 0, 0)
    connection.close()


def test_two_imports_at_once(
    database: Database, database_config: DatabaseConfig, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(usage_import, "BATCH", 20)
    file = tmp_path / "records.csv"
    file.write_text(HEADER + "".join(f"u1,2026-{9 + n % 2:02d}-05,1,1,2,{n}\n" for n in range(400)))
    found: list[UsageSummary | BaseException] = []

    def work() -> None:
        try:
            own = open_database(database_config)
            found.append(import_usage(own, file, BILLING, FixedClock(NOW)))
            own.close()
        except BaseException as error:  # noqa: BLE001  reported by the assertion below
            found.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    summaries = [one for one in found if isinstance(one, UsageSummary)]
    assert len(summaries) == 3, found
    assert sum(one.added for one in summaries) == 400
    assert sum(one.added + one.skipped for one in summaries) == 1200
    assert used(database) == [
        ("2026-09", 1000, 200, 400, 0, 0, 0, 0, 0, 0),
        ("2026-10", 1000, 200, 400, 0, 0, 0, 0, 0, 0),
    ]


def test_what_another_import_added_meanwhile_is_not_counted_as_ours(
    database: Database, database_config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our first try is undone by a conflict; before the second, another adds the same records."""
    rows: list[Row] = [("k1", 1000, NOW, "2026-09", 1, 5, 6, 1000, "u1")]
    write_many, connect = database.write_many, database.connect
    tries: list[int] = []
    deadlock = peewee.OperationalError(1213, "Deadlock found when trying to get lock")
    conflict = {"sqlite": peewee.OperationalError("database is locked"), "mariadb": deadlock}[
        database.dialect.name
    ]

    def conflict_once(sql: str, values: Iterable[Row]) -> None:
        if len(tries) == 1:
            raise conflict
        write_many(sql, values)

    def connect_and_count() -> None:
        tries.append(1)
        if len(tries) == 2:
            other = open_database(database_config)
            assert write_batch(other, rows, 5).added == 1
            other.close()
        connect()

    monkeypatch.setattr(database, "write_many", conflict_once)
    monkeypatch.setattr(database, "connect", connect_and_count)
    counts = write_batch(database, rows, 5)
    assert (counts.added, counts.skipped) == (0, 1)
