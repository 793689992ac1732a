"""What stands around the list of numbers: counts with their changes, the skipped mails, the alert
for numbers that are gone."""

from __future__ import annotations

from datetime import UTC
from functools import partial

import pytest

from engine.balances.trend import STATUSES
from engine.database import Database
from engine.errors import InputError
from engine.queries.attention import what_needs_attention
from engine.queries.card import card
from engine.queries.number_counts import number_counts
from engine.queries.number_trend import number_trend
from engine.queries.paging import Query
from engine.queries.skipped_mails import SkippedMails, skipped_mail
from tests.queries import numbers
from tests.queries.measures import ROWS_READ, SIZE, STEPS, cheap, rows_read, steps

NOW = 1_795_000_000_000
HOUR = 3_600_000


def note(database: Database, hours_ago: int, before: str | None, after: str | None) -> None:
    database.execute(
        "INSERT INTO number_history (number_id, at, what, value_before, value_after)"
        " VALUES (1, ?, 'status', ?, ?)",
        (NOW - hours_ago * HOUR, before, after),
    )


def skip(database: Database, count: int, body: str = "a text") -> None:
    database.write_many(
        "INSERT INTO balance_mail (mail_key, content_hash, state, reason, taken_at, size, body)"
        " VALUES (?, '', 'skipped', ?, ?, 7, ?)",
        [(f"key {number}", f"why {number}", NOW + number, body) for number in range(count)],
    )


def test_nothing_is_there(database: Database) -> None:
    found = number_counts(database, NOW)
    assert (found.counts, found.changes, found.numbers) == ({}, {}, 0)
    assert (found.reports, found.last_day, found.skipped) == (0, None, 0)


def test_counts_and_what_changed_in_a_day(database: Database) -> None:
    numbers.fill(database, 1)
    with database.transaction():
        note(database, 23, "ok", "no_data")
        note(database, 2, "no_data", "terminated")
        note(database, 1, None, "new")
        note(database, 25, "ok", "new")
        database.execute(
            "INSERT INTO number_history (number_id, at, what, value_before, value_after)"
            " VALUES (1, ?, 'tariff', 'ok', 'new')",
            (NOW,),
        )
        skip(database, 3)
    found = number_counts(database, NOW)
    everyone = numbers.all_of(database)
    assert found.numbers == len(everyone)
    for status in ("ok", "terminated", None):
        wanted = sum(numbers.value(row, "status") == status for row in everyone)
        assert found.counts[status] == wanted
    assert found.changes == {"ok": -1, "terminated": 1, None: -1, "new": 1}
    assert (found.reports, found.last_day, found.skipped) == (3, "2026-11-03", 3)


def test_the_skipped_mails_newest_first(database: Database) -> None:
    with database.transaction():
        skip(database, 30, "x" * 5_000)
    source, query = SkippedMails(), Query()
    page = source.page(database, query, 10, 5)
    assert [row[2] for row in page.rows] == [f"why {number}" for number in (19, 18, 17, 16, 15)]
    assert {len(row[4]) for row in page.rows} == {200}
    assert source.count(database, query) == source.estimate(database, query) == 30
    assert source.page(database, query, 40, 5).rows == []
    mail = skipped_mail(database, page.rows[0][0])
    assert (mail.reason, mail.size, len(mail.text)) == ("why 19", 7, 5_000)
    with pytest.raises(InputError, match="taken again"):
        skipped_mail(database, 999)
    with pytest.raises(InputError, match="no filter"):
        source.query("why")


def test_numbers_that_are_gone_need_attention_for_a_day(database: Database) -> None:
    numbers.fill(database, 1)

    def found(now: int) -> list[str]:
        rows = what_needs_attention(database, now, UTC)
        return [one.text for one in rows if one.kind == "numbers_terminated"]

    with database.transaction():
        database.execute("UPDATE number SET status = 'ok'")
    assert found(NOW) == []
    with database.transaction():
        database.execute(
            "UPDATE number SET status = 'terminated', status_since = ? WHERE id <= 2", (NOW,)
        )
    assert found(NOW)[0].startswith("2 numbers were terminated in the last 24 hours")
    assert found(NOW + 25 * HOUR) == []


def test_they_read_indexes(database: Database) -> None:
    numbers.fill(database, 1, 4_000)
    with database.transaction():
        database.execute("UPDATE number SET subscriber_id = NULL WHERE id % 100 > 0")
        skip(database, 500)
    source = SkippedMails()
    cheap(database, lambda one: source.page(one, Query(), 200, SIZE), "skipped mails")
    ask = partial(card, database, "ivan")
    if database.dialect.name == "sqlite":
        assert steps(database, ask) < STEPS / 6
    else:
        assert rows_read(database, ask) < ROWS_READ


def test_a_card_of_a_subscriber_names_its_numbers(database: Database) -> None:
    numbers.fill(database, 1)
    everyone = numbers.all_of(database)
    mine = [row for row in everyone if numbers.value(row, "login") == "ivan"]
    assert len(mine) > 20
    shown = [(numbers.value(row, "number"), numbers.value(row, "status")) for row in mine[:20]]
    assert list(card(database, "ivan").numbers) == shown


def test_the_trend_is_counted_back_by_the_history(database: Database) -> None:
    numbers.fill(database, 1)
    with database.transaction():
        note(database, 24 * 5 + 1, None, "ok")
        note(database, 24 * 2 + 1, "ok", "no_data")
        note(database, 24 * 2 + 2, "ok", "no_data")
        note(database, 24 + 1, "no_data", "terminated")
        note(database, 23, "no_data", "terminated")
        note(database, -1, "new", "terminated")
    now = number_counts(database, NOW).counts
    found = number_trend(database, NOW, 7)
    assert set(found.counts) == set(STATUSES)
    ok, lost, gone = (now[status] for status in ("ok", "no_data", "terminated"))
    # The first of the seven days is before anything is known.
    assert found.counts["ok"] == (None, ok + 2, ok + 2, ok + 2, ok, ok, ok)
    assert found.counts["no_data"] == (None, lost, lost, lost, lost + 2, lost + 1, lost)
    assert found.counts["terminated"][3:] == (gone - 2, gone - 2, gone - 1, gone)
    assert set(found.counts["new"][1:]) == {now["new"]}
    assert {len(counts) for counts in found.counts.values()} == {7}
    short = number_trend(database, NOW, 2)
    assert short.counts["no_data"] == (lost + 1, lost)


def test_the_trend_of_nothing_is_unknown(database: Database) -> None:
    assert set(number_trend(database, NOW, 3).counts["ok"]) == {None}
