"""Exports, on both engines: what was imported comes out, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import InputError
from engine.period import Period
from engine.queries import export
from engine.queries.export import Table
from engine.queries.subscriber_export import subscribers
from tests.bundle.folders import (
    GOLDEN,
    SUBSCRIBERS_HEADER,
    USAGE_HEADER,
    ZONE,
    load,
    make_folder,
    open_empty,
)

FIRST = Period(2026, 10)


def as_text(table: Table, form: str = "csv") -> str:
    out = io.StringIO()
    export.write(table, "json" if form == "json" else "csv", out)
    return out.getvalue()


def as_dicts(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_golden_subscribers_come_out_as_they_went_in(
    database: Database,
    new_database: Callable[[str], DatabaseConfig],
    engine_name: str,
    tmp_path: Path,
) -> None:
    load(database, GOLDEN)
    out = as_text(subscribers(database))
    with (GOLDEN / "subscribers.csv").open() as file:
        given_rows = list(csv.DictReader(file))
    for given_row, exported in zip(given_rows, as_dicts(out), strict=True):
        start_day = int(given_row["start_day"])
        expected = {**given_row, "start_day": str(max(start_day, -1))}
        assert {column: exported[column] for column in given_row} == expected
    again = tmp_path / "again"
    again.mkdir()
    for name in ("plans", "addons", "services", "groups", "usage"):
        (again / f"{name}.csv").write_bytes((GOLDEN / f"{name}.csv").read_bytes())
    (again / "subscribers.csv").write_text(out)
    other = open_empty(new_database(engine_name))
    load(other, again)
    assert as_text(subscribers(other)) == out
    for table in ("subscriber", "discount", "subscriber_service", "posting", "account"):
        everything = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert other.rows(everything) == database.rows(everything)
    other.close()


def test_charges(database: Database, tmp_path: Path) -> None:
    people = (
        f"{SUBSCRIBERS_HEADER}\n=u1,,1,1,,,,,0,0,0\nu2,,1,1,,1,,,0,0,0\nu3,,1,,,,,,0,0,0\n"
        "u4,,1,1,,,,,0,0,0\n"
    )
    load(database, make_folder(tmp_path / "bundle", subscribers=people, usage=None), "2026-10")
    with database.transaction():
        database.execute("INSERT INTO charge_terms (id, digest, body) VALUES (1, 'x', '{}')")
        for number, status, amount, block, addon, reason in (
            (1000, "charged", 12345, 0, None, None),
            (1001, "charged", 0, 1, 1, None),
            (1002, "failed", 0, 0, None, "no plan"),
            (1003, "exempt", 0, 0, None, None),
        ):
            charged = 1 if status == "charged" else None
            database.execute(
                "INSERT INTO close_record (period, subscriber_id, status, amount, block,"
                " authorised, group_id, plan_id, plan_after, addon_after, terms_id, entry_id,"
                " entry_line, in1, out1, in2, out2, in3, out3, in4, out4, reason) VALUES"
                " ('2026-10', ?, ?, ?, ?, 0, 1, 1, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, ?)",
                (number, status, amount, block, None if reason else 1, addon, charged, charged,
                 charged, reason),
            )  # fmt: skip
        database.execute("INSERT INTO carried_usage VALUES ('2026-11', 1000, 5, 0, 0, 7)")
    assert as_text(export.charges(database, FIRST)) == (
        "login,status,amount,plan_after,addon_after,block,dir1_carried_bytes,dir2_carried_bytes,"
        "dir3_carried_bytes,dir4_carried_bytes,reason\n"
        "'=u1,charged,123.45,1,,no,5,0,0,7,\n"
        "u2,charged,0.00,1,1,yes,0,0,0,0,\n"
        "u3,failed,0.00,,,no,,,,,no plan\n"
        "u4,exempt,0.00,1,,no,,,,,\n"
    )
    first = json.loads(as_text(export.charges(database, FIRST), "json").splitlines()[0])
    assert first["login"] == "=u1"
    assert first["amount"] == "123.45"
    assert first["dir4_carried_bytes"] == 7
    assert first["addon_after"] is None
    with pytest.raises(InputError, match="no period 2026-12"):
        export.charges(database, Period(2026, 12))


def test_the_ledger(database: Database, tmp_path: Path) -> None:
    load(database, make_folder(tmp_path / "bundle"))
    with database.transaction():
        database.execute(
            "INSERT INTO journal_entry (id, kind, entry_key, content_hash, effective_at,"
            " recorded_at, actor, comment) VALUES (3, 'reversal', '@k', 'x', ?, 0, 'me', '=1+1')",
            (FIRST.end_ms(ZONE),),
        )
        database.write_many(
            "INSERT INTO posting (entry_id, line, account_id, amount) VALUES (?, ?, ?, ?)",
            [(3, 1, 1000, -1050), (3, 2, 3, 1050)],
        )
        database.execute("INSERT INTO reversal VALUES (3, 1, 1)")
        database.execute("UPDATE account SET balance = 0 WHERE id = 1000")
        database.execute("INSERT INTO billing_period (period, state) VALUES ('2026-11', 'open')")
    rows = as_dicts(as_text(export.ledger(database, ZONE)))
    assert [(row["entry"], row["line"], row["account"], row["amount"]) for row in rows] == [
        ("1", "1", "u1", "10.50"), ("1", "2", "opening", "-10.50"),
        ("2", "1", "u2", "-3.00"), ("2", "2", "opening", "3.00"),
        ("3", "1", "u1", "-10.50"), ("3", "2", "opening", "10.50"),
    ]  # fmt: skip
    assert rows[0]["at"] == "2026-10-01T00:00:00+03:00"
    assert (rows[4]["key"], rows[4]["comment"], rows[4]["reverses"]) == ("'@k", "'=1+1", "1:1")
    assert [row["entry"] for row in as_dicts(as_text(export.ledger(database, ZONE, FIRST)))] == [
        "1", "1", "2", "2",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no period"):
        export.ledger(database, ZONE, Period(2030, 1))


WORD = st.text(st.characters(categories=["L", "N"]), max_size=12)


@st.composite
def people(draw: st.DrawFn) -> list[dict[str, str]]:
    """Some subscribers in the columns of a bundle, in the form in which they are exported."""
    found: list[dict[str, str]] = []
    mains = draw(st.integers(1, 6))
    for number in range(mains + draw(st.integers(0, 3))):
        alias = number >= mains
        start = draw(st.sampled_from(["-1", "0", "1", "31"]))
        cents = draw(st.integers(-(10**9), 10**9))
        found.append(
            {
                "login": draw(WORD) + f".{number}",
                "name": draw(WORD),
                "group": "1",
                "plan": draw(st.sampled_from(["1", "2", ""])),
                "next_plan": "" if alias else draw(st.sampled_from(["1", ""])),
                "addon": draw(st.sampled_from(["1", ""])),
                "next_addon": "" if alias else draw(st.sampled_from(["1", ""])),
                "services": "" if alias else draw(st.sampled_from(["1", "1;2", ""])),
                "start_day": start,
                "discount_percent": draw(st.sampled_from(["0", "10", "33.333333", "100", "0.5"])),
                "balance": f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}",
                "external_uid": draw(st.sampled_from(["", f"uid{number}"])),
                "phone": draw(st.sampled_from(["", "+79161234567"])),
                "email": draw(WORD),
                "contract_number": draw(WORD),
                "contract_date": draw(st.sampled_from(["", "2020-02-29"])),
                "birth_date": draw(st.sampled_from(["", "1904-02-29", "2026-11-01"])),
                "address": draw(WORD),
                "credit_limit": draw(st.sampled_from(["0.00", "300.00"])),
                "fee_day": draw(st.sampled_from(["", "28"])),
                "active_since": {
                    "-1": "",
                    "0": draw(st.sampled_from(["", "2019-05-06", "2027-01-31"])),
                    "1": "2026-10-01",
                    "31": "2026-10-31",
                }[start],
                "state": draw(st.sampled_from(["active", "frozen", "blocked", "deleted"])),
                "alias_of": draw(st.sampled_from(found[:mains]))["login"] if alias else "",
            }
        )
    return found


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=people())
def test_subscribers_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    place = tmp_path_factory.mktemp("round")
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    folder = make_folder(place / "bundle", subscribers=out.getvalue(), usage=USAGE_HEADER)
    database = open_empty(DatabaseConfig(engine="sqlite", path=place / "billing.db"))
    load(database, folder, "2026-10")
    assert as_dicts(as_text(subscribers(database))) == rows
    database.close()
