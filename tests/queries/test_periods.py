"""Periods, failures, the first screen and the card, on books with everything in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import pytest

from engine.clock import FixedClock
from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.errors import InputError
from engine.ledger.operations import Ledger
from engine.period import parse_when
from engine.queries import card as cards
from engine.queries.overview import payments_by_day, payments_today, subscribers_by_state
from engine.queries.paging import Query
from engine.queries.periods import PeriodLine, count_statuses, failures, periods
from jobs.month_close import CloseOptions
from tests.close import books
from tests.close.books import ALIASES, MOSCOW, NOW, SUBSCRIBERS, config, job, number
from tests.close.copies import Copies, NewDatabase, Refilled
from tests.queries.test_page_plans import Explaining
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer

LOGIN = f"u{number(2)}"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> DatabaseConfig:
    """The books of `tests.close.books`, made once."""
    return books.build(tmp_path_factory.mktemp("original") / "books.db")


@pytest.fixture(scope="module")
def refilled(mariadb_server: MariaDBServer, tmp_path_factory: pytest.TempPathFactory) -> Refilled:
    mariadb_server.create_database("query_books")
    path = tmp_path_factory.getbasetemp()
    return Refilled(
        DatabaseConfig("mariadb", path, mariadb_server.socket, name="query_books", user=USER,
                       password=Secret(PASSWORD))
    )  # fmt: skip


@pytest.fixture
def where(
    engine_name: str,
    original: DatabaseConfig,
    new_database: NewDatabase,
    request: pytest.FixtureRequest,
) -> DatabaseConfig:
    emptied = request.getfixturevalue("refilled") if engine_name == "mariadb" else None
    return Copies(engine_name, original, new_database, emptied).fresh()


@pytest.fixture
def database(where: DatabaseConfig) -> Iterator[Database]:
    database = open_database(where)
    yield database
    database.close()


def by_hand(database: Database, period: str) -> dict[str, tuple[int, int, int]]:
    rows = database.rows(
        "SELECT status, COUNT(*), SUM(amount), SUM(block) FROM close_record WHERE period = ?"
        " GROUP BY status",
        (period,),
    )
    return {status: (int(count), int(amount), int(block)) for status, count, amount, block in rows}


def line(database: Database, period: str) -> PeriodLine:
    return next(one for one in periods(database) if one.period == period)


def test_a_closed_period_tells_what_its_close_reported(database: Database) -> None:
    september = line(database, "2026-09")
    assert september.state == "closed"
    assert september.closed_at == books.MIDDLE
    assert dict(september.statuses) == by_hand(database, "2026-09")
    assert september.failed > 0
    assert september.charged.amount > 0
    assert september.late_waits
    assert [one.period for one in periods(database)] == ["2026-10", "2026-09"]
    assert [one.period for one in periods(database, limit=1)] == ["2026-10"]


def test_an_open_period_has_no_sums(database: Database) -> None:
    october = line(database, "2026-10")
    assert (october.state, october.closed_at, dict(october.statuses)) == ("open", None, {})
    assert (october.charged.subscribers, october.failed, october.late_waits) == (0, 0, False)


def test_a_closing_period_is_counted(database: Database, where: DatabaseConfig) -> None:
    job(database, config(where)).run(CloseOptions())
    october = line(database, "2026-10")
    assert october.state == "closing"
    assert dict(october.statuses) == by_hand(database, "2026-10")
    assert sum(sums.subscribers for sums in october.statuses.values()) == SUBSCRIBERS - len(ALIASES)
    assert october.charged.blocked > 0
    assert october.late_in == line(database, "2026-09").late_out > 0
    # What is counted agrees with what was reported, too.
    assert count_statuses(database, "2026-09") == by_hand(database, "2026-09")


def test_without_its_event_a_closed_period_is_counted(database: Database) -> None:
    with database.transaction():
        database.execute("DELETE FROM system_event")
    assert dict(line(database, "2026-09").statuses) == by_hand(database, "2026-09")


def test_failures_come_in_pages_with_reasons(database: Database) -> None:
    asked = Explaining(database)
    found = failures(asked, "2026-09")
    assert asked.wrong() == []
    rows = database.rows(
        "SELECT subscriber_id FROM close_record WHERE period = '2026-09' AND status = 'failed'"
        " ORDER BY subscriber_id"
    )
    assert [(one.number,) for one in found] == rows
    assert len(rows) > 2
    reasons = {one.number: one.reason for one in found}
    assert reasons[number(15)] == "has no plan"
    assert found[0].login == f"u{found[0].number}"
    assert failures(database, "2026-09", after=found[0].number, limit=2) == found[1:3]
    assert failures(database, "2026-08") == []


@pytest.fixture
def ledger(database: Database, where: DatabaseConfig) -> Ledger:
    return Ledger(database, config(where).billing, FixedClock(NOW), "anna", 5)


def test_payments_by_day(database: Database, ledger: Ledger) -> None:
    """Days are those of the billing zone; what was taken back is left out."""
    for when, amount in (
        ("2026-10-30T23:59:59", 100),
        ("2026-10-31T00:00:00", 200),
        ("2026-10-31T23:59:59", 300),
        ("2026-11-01T00:00:00", 50),
    ):
        ledger.payment(LOGIN, amount, "standard", parse_when(when, MOSCOW))
    ledger.refund(LOGIN, 10, parse_when("2026-10-31", MOSCOW), confirmed=True)
    back = ledger.payment(LOGIN, 7777, None, parse_when("2026-10-31T12:00:00", MOSCOW))
    ledger.reverse(back.entry_id)
    days = payments_by_day(database, NOW, MOSCOW, days=4)
    assert [(one.day, one.count, one.amount) for one in days] == [
        (date(2026, 10, 29), 0, 0),
        (date(2026, 10, 30), 1, 100),
        (date(2026, 10, 31), 2, 500),
        (date(2026, 11, 1), 1, 50),
    ]
    assert payments_today(database, NOW, MOSCOW) == days[-1]
    assert len(payments_by_day(database, NOW, MOSCOW)) == 30


def test_states(database: Database) -> None:
    assert subscribers_by_state(database) == {
        "active": SUBSCRIBERS - 3,
        "blocked": 1,
        "deleted": 1,
        "frozen": 1,
    }


def test_a_card(database: Database, where: DatabaseConfig) -> None:
    job(database, config(where)).run(CloseOptions(accept_failures=True))
    card = cards.card(database, LOGIN)
    assert card.view.number == number(2)
    assert card.plan == cards.Fee("p3", "A plan", "plan", 3 * 50_250_000)
    assert [charge.period for charge in card.view.charges] == ["2026-10", "2026-09"]
    assert {fee.code for fee in card.services} == set(card.view.facts.services)
    assert [one.period for one in card.usage] == ["2026-10", "2026-09"]
    october = card.usage[0]
    assert october.late
    assert october.usage == database_usage(database, number(2), "2026-10")
    saver = database.integer("SELECT MIN(subscriber_id) FROM carried_usage WHERE period='2026-11'")
    saved = cards.card(database, f"u{saver}").usage[0]
    assert (saved.period, saved.usage, saved.late) == ("2026-11", ((0, 0),) * 4, ())
    assert saved.carried is not None
    assert sum(saved.carried) > 0
    alias = cards.card(database, f"u{number(9)}")
    assert alias.view.facts.alias_of == f"u{number(8)}"
    assert alias.usage == cards.card(database, f"u{number(8)}").usage != ()
    order = cards.card(database, f"u{number(12)}")
    assert order.ordered_plan is not None
    with pytest.raises(InputError, match="nobody"):
        cards.card(database, "nobody")


def database_usage(database: Database, subscriber: int, period: str) -> tuple[tuple[int, int], ...]:
    row = database.row(
        f"SELECT {', '.join(books.BYTES)} FROM period_usage WHERE subscriber_id = ? AND period = ?",
        (subscriber, period),
    )
    assert row is not None
    return tuple(zip(row[::2], row[1::2], strict=True))


def test_a_ledger_with_the_balance_after_each_line(database: Database, ledger: Ledger) -> None:
    first = ledger.payment(LOGIN, 60_000, "standard", parse_when("2026-10-05", MOSCOW))
    earlier = ledger.payment(LOGIN, 100, None, parse_when("2026-10-02", MOSCOW), "late booked")
    ledger.reverse(earlier.entry_id)
    source = cards.LedgerOf(number(2))
    total = source.count(database, Query())
    page = source.page(database, Query(), 0, 100)
    assert len(page.rows) == total == source.estimate(database, Query()) == 5
    names = ["id", *(column.name for column in source.columns)]
    lines = [dict(zip(names, row, strict=True)) for row in page.rows]
    assert [one["at"] for one in lines] == sorted((one["at"] for one in lines), reverse=True)
    balance = database.integer("SELECT balance FROM account WHERE id = ?", (number(2),))
    assert lines[0]["balance"] == balance
    for newer, older in pairwise(lines):
        assert newer["balance"] - newer["amount"] == older["balance"]
    taken_back = next(one for one in lines if one["entry"] == earlier.entry_id)
    assert taken_back["comment"] == "late booked"
    assert {"kind": "reversal", "reverses": earlier.entry_id}.items() <= next(
        one for one in lines if one["entry"] == taken_back["reversed_by"]
    ).items()
    assert len({one["id"] for one in lines}) == 5
    assert sum(one["entry"] == first.entry_id for one in lines) == 2
    assert source.page(database, Query(), 2, 2, page, 5).rows == page.rows[2:4]
    assert source.page(database, Query(), 9, 2).rows == []
