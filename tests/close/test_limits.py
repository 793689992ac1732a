"""Charges beyond all measure stop at the subscriber who has them."""

from __future__ import annotations

from engine.close.decide import MOST_CHARGED
from engine.close.pace import LARGEST
from engine.config import DatabaseConfig
from engine.database import Database
from jobs.month_close import CloseOptions
from tests.close.books import FAILING, OCTOBER, OVERAGE, config, job, number, use
from tests.close.looks import faults

WHO = 2


def make_dear(books: Database) -> None:
    """The n-th subscriber is on a plan whose megabytes cost a billion, and has used exabytes."""
    with books.transaction():
        books.execute(
            "INSERT INTO plan (id, code, name, monthly_fee) VALUES (99, 'dear', 'Dear', 0)"
        )
        for direction in (1, 2, 3, 4):
            books.execute(
                "INSERT INTO plan_direction VALUES (99, ?, 0, ?, 'sum')", (direction, 10**15)
            )
        books.execute(
            "UPDATE subscriber SET plan_id = 99, ordered_plan_id = ?,"
            " ordered_plan_from = '2026-11' WHERE id = ?",
            (OVERAGE, number(WHO)),
        )
        use(books, OCTOBER, number(WHO), 4 * 10**18)


def test_a_charge_beyond_measure_fails_and_the_rest_is_closed(
    books: Database, where: DatabaseConfig
) -> None:
    make_dear(books)
    report = job(books, config(where)).run(CloseOptions())
    assert report.periods[0].of("failed").subscribers == len(FAILING) + 1
    row = books.row(
        "SELECT c.status, c.reason, c.amount, c.plan_after, s.ordered_plan_id FROM close_record c"
        " JOIN subscriber s ON s.id = c.subscriber_id WHERE c.period = ? AND s.id = ?",
        (str(OCTOBER), number(WHO)),
    )
    assert row == ("failed", "amount_too_large", 0, 99, OVERAGE)
    assert faults(books, OCTOBER) == []


def test_a_full_discount_does_not_hide_it(books: Database, where: DatabaseConfig) -> None:
    """What is taken off is posted too, and must fit as well."""
    make_dear(books)
    books.execute("DELETE FROM discount WHERE subscriber_id = ?", (number(WHO),))
    books.execute("INSERT INTO discount VALUES (?, 'all', 'percent', 100000000)", (number(WHO),))
    job(books, config(where)).run(CloseOptions())
    reason = books.value(
        "SELECT reason FROM close_record WHERE period = ? AND subscriber_id = ?",
        (str(OCTOBER), number(WHO)),
    )
    assert reason == "amount_too_large"


def test_a_chunk_of_the_largest_charges_fits_its_sums() -> None:
    assert MOST_CHARGED * LARGEST < 2**63
