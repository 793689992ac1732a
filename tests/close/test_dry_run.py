"""The dry run is the run: it leaves no trace, and its digest speaks for what the run does."""

from __future__ import annotations

import hashlib

import pytest

from engine.close.hooks import Hooks
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.errors import InputError, Interrupted, NeedsConfirmation
from engine.money import format_amount
from engine.period import Period, parse_when
from jobs.month_close import CloseOptions
from tests.close.books import (
    CARRY,
    FAILING,
    MAINS,
    MOSCOW,
    NOVEMBER,
    OCTOBER,
    OVERAGE,
    SEPTEMBER,
    TOGETHER,
    add_subscriber,
    config,
    job,
    number,
    use,
)
from tests.close.copies import Copies
from tests.close.looks import every_row, faults

ALL = CloseOptions(accept_failures=True)


def digest_of(database: Database, where: DatabaseConfig, chunk: int = 250) -> str:
    report = job(database, config(where, close_chunk=chunk)).preview(CloseOptions())
    assert report is not None
    return report.digest


def stop_after(chunks: int) -> Hooks:
    """Hooks that ask for a stop once so many chunks are through."""
    hooks = Hooks()
    left = iter(range(chunks - 1))

    def progress(*_: object) -> None:
        if next(left, None) is None:
            hooks.stop.set()

    hooks.progress = progress
    return hooks


def counted(database: Database, period: Period) -> str:
    """The digest by its definition, from what a run has written. Codes are p1.. and tv, radio."""
    codes = {None: "", 1: "tv", 2: "radio"}
    lines = []
    for login, status, amount, plan, addon, *carried in database.rows(
        "SELECT s.login, c.status, c.amount, c.plan_after, c.addon_after, n.bytes1, n.bytes2,"
        " n.bytes3, n.bytes4 FROM close_record c JOIN subscriber s ON s.id = c.subscriber_id"
        " LEFT JOIN carried_usage n ON n.period = ? AND n.subscriber_id = c.subscriber_id"
        " WHERE c.period = ?",
        (str(period.next()), str(period)),
    ):
        fields = [login, status, format_amount(amount), f"p{plan}" if plan else "", codes[addon]]
        fields += [str(count or 0) for count in carried]
        lines.append(",".join(fields))
    text = "".join(f"{line}\n" for line in sorted(lines, key=lambda line: line.split(",")[0]))
    return hashlib.sha256(text.encode()).hexdigest()


class TestNoTrace:
    def test_every_row_of_every_table_stays(self, books: Database, where: DatabaseConfig) -> None:
        before = every_row(books)
        for _ in range(2):
            assert job(books, config(where)).preview(CloseOptions()) is not None
            assert every_row(books) == before

    def test_of_a_refused_confirmation(self, books: Database, where: DatabaseConfig) -> None:
        before = every_row(books)
        with pytest.raises(NeedsConfirmation, match="Nothing was changed") as refused:
            job(books, config(where)).run(CloseOptions(digest="0" * 64))
        assert refused.value.exit_status == 4
        assert every_row(books) == before

    def test_of_one_that_is_stopped(self, books: Database, where: DatabaseConfig) -> None:
        before = every_row(books)
        with pytest.raises(Interrupted):
            job(books, config(where), stop_after(1)).preview(CloseOptions())
        assert every_row(books) == before


class TestItIsTheRun:
    def test_the_sums(self, books: Database, where: DatabaseConfig) -> None:
        report = job(books, config(where)).preview(CloseOptions())
        assert report is not None
        (summary,) = job(books, config(where)).run(ALL).periods
        assert report.period == "2026-10"
        assert report.amount == summary.of("charged").amount
        assert report.blocked == summary.of("charged").blocked
        for status, sums in summary.statuses.items():
            assert report.count(status) == sums.subscribers
        by_plan = books.rows(
            "SELECT COALESCE(p.code, ''), c.status, COUNT(*), SUM(c.amount) FROM close_record c"
            " LEFT JOIN plan p ON p.id = c.plan_id WHERE c.period = '2026-10'"
            " GROUP BY 1, 2"
        )
        assert {tuple(one) for one in report.sums} == {
            (plan, status, int(count), int(amount)) for plan, status, count, amount in by_plan
        }

    def test_the_largest(self, books: Database, where: DatabaseConfig) -> None:
        report = job(books, config(where)).preview(CloseOptions())
        assert report is not None
        job(books, config(where)).run(ALL)
        charges = books.rows(
            "SELECT s.login, c.amount, p.amount FROM close_record c"
            " JOIN subscriber s ON s.id = c.subscriber_id LEFT JOIN close_record p"
            " ON p.period = '2026-09' AND p.subscriber_id = c.subscriber_id"
            " WHERE c.period = '2026-10' AND c.status = 'charged'"
        )
        charges.sort(key=lambda row: (-row[1], row[0]))
        assert [tuple(one) for one in report.largest] == charges[:10]
        changes = [row for row in charges if row[2] is not None and row[1] != row[2]]
        changes.sort(key=lambda row: (-abs(row[1] - row[2]), row[0]))
        assert [tuple(one) for one in report.changes] == changes[:10]

    def test_the_digest_is_what_the_run_writes(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        promised = digest_of(books, where)
        job(books, config(where)).run(CloseOptions(digest=promised, accept_failures=True))
        assert counted(books, OCTOBER) == promised

    @pytest.mark.parametrize("chunk", [1, 37, 1_000, 100_000])
    def test_the_size_of_chunks_does_not_matter(
        self, books: Database, where: DatabaseConfig, chunk: int
    ) -> None:
        assert digest_of(books, where, chunk) == digest_of(books, where)

    def test_a_part_closed_before_does_not_matter(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        promised = digest_of(books, where)
        for chunks in (1, 2):
            with pytest.raises(Interrupted):
                job(books, config(where), stop_after(chunks)).run(CloseOptions())
            assert digest_of(books, where) == promised
        done = books.integer("SELECT COUNT(*) FROM close_record WHERE period = '2026-10'")
        assert 0 < done < len(MAINS)
        job(books, config(where)).run(CloseOptions(digest=promised, accept_failures=True))
        assert books.value("SELECT state FROM billing_period WHERE period = '2026-10'") == "closed"

    def test_on_any_day(self, books: Database, where: DatabaseConfig) -> None:
        now = parse_when("2026-11-22T12:00:00", MOSCOW)
        report = job(books, config(where), now=now).preview(CloseOptions())
        assert report is not None
        assert report.digest == digest_of(books, where)

    def test_nothing_to_close(self, books: Database, where: DatabaseConfig) -> None:
        job(books, config(where)).run(ALL)
        assert job(books, config(where)).preview(CloseOptions()) is None
        with pytest.raises(InputError, match="nothing to close"):
            job(books, config(where)).run(CloseOptions(digest="0" * 64))


def more_usage(database: Database) -> None:
    use(database, OCTOBER, number(35), 10**12)


def late_usage(database: Database) -> None:
    use(database, SEPTEMBER, number(35), 10**12)


def another_order(database: Database) -> None:
    database.execute(
        "UPDATE subscriber SET ordered_plan_id = ?, ordered_plan_from = '2026-11' WHERE id = ?",
        (CARRY, number(39)),
    )


def a_discount(database: Database) -> None:
    database.execute("INSERT INTO discount VALUES (?, 'plan', 'percent', 9000000)", (number(38),))


def a_newcomer(database: Database) -> None:
    add_subscriber(database, number(39) + 1)


def a_price(database: Database) -> None:
    database.execute("UPDATE plan SET monthly_fee = monthly_fee + 10000 WHERE id = ?", (OVERAGE,))


def a_mended_one(database: Database) -> None:
    database.execute("UPDATE subscriber SET plan_id = ? WHERE id = ?", (OVERAGE, number(15)))


CHANGES = [more_usage, late_usage, another_order, a_discount, a_newcomer, a_price, a_mended_one]


class TestConfirm:
    @pytest.mark.parametrize("change", CHANGES)
    def test_a_change_before_the_run_is_refused(self, copies: Copies, change: object) -> None:
        where = copies.fresh()
        books = open_database(where)
        promised = digest_of(books, where)
        with books.transaction():
            change(books)  # type: ignore[operator]
        before = every_row(books)
        with pytest.raises(NeedsConfirmation, match="would differ") as refused:
            job(books, config(where)).run(CloseOptions(digest=promised, accept_failures=True))
        assert promised not in refused.value.message
        assert every_row(books) == before
        assert digest_of(books, where) in refused.value.message
        books.close()

    @pytest.mark.parametrize("change", [more_usage, another_order, a_discount, a_newcomer])
    def test_a_change_during_the_run_stops_it_at_its_chunk(
        self, books: Database, other: Database, where: DatabaseConfig, change: object
    ) -> None:
        promised = digest_of(books, where)
        changed: list[bool] = []

        def come(*_: object) -> None:
            # The dry run that checks the digest has chunks too; the change is for the run.
            closing = "SELECT 1 FROM billing_period WHERE period = '2026-10' AND state = 'closing'"
            if other.value(closing) and not changed:
                changed.append(True)
                with other.transaction():
                    change(other)  # type: ignore[operator]

        with pytest.raises(NeedsConfirmation, match="changed the data meanwhile"):
            job(books, config(where), Hooks(progress=come)).run(
                CloseOptions(digest=promised, accept_failures=True)
            )
        done = books.integer("SELECT COUNT(*) FROM close_record WHERE period = '2026-10'")
        # A newcomer has a chunk of its own, after all others.
        through = [n for n in MAINS if n < 2 * TOGETHER]
        assert done == len(MAINS if change is a_newcomer else through)
        row = books.row("SELECT state FROM job_run ORDER BY id DESC LIMIT 1")
        assert row == ("failed",)
        job(books, config(where)).run(
            CloseOptions(digest=digest_of(books, where), accept_failures=True)
        )
        assert faults(books, OCTOBER) == []

    def test_failures_are_in_the_digest(self, books: Database, where: DatabaseConfig) -> None:
        promised = digest_of(books, where)
        (summary,) = job(books, config(where)).run(CloseOptions(digest=promised)).periods
        assert summary.of("failed").subscribers == len(FAILING)
        assert digest_of(books, where) == promised

    def test_only_that_period_is_closed(self, books: Database, where: DatabaseConfig) -> None:
        now = parse_when("2026-12-01T05:00:00", MOSCOW)
        close = job(books, config(where), now=now)
        report = close.preview(CloseOptions())
        assert report is not None
        done = close.run(CloseOptions(digest=report.digest, accept_failures=True))
        assert [one.period for one in done.periods] == ["2026-10"]
        assert close.due(CloseOptions()) == NOVEMBER
