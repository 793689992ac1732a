"""Usage that comes during a close, or after it: billed or moved, once, and never lost."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.close.hooks import Hooks, Tally
from engine.close.run import PeriodClose
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.period import Period, parse_when
from engine.retry import run_unit
from engine.usage_import import import_usage
from jobs.month_close import CloseOptions
from tests.close.books import (
    BYTES,
    EXEMPT,
    FAILING,
    LATE,
    MAINS,
    MOSCOW,
    NOT_STARTED,
    NOVEMBER,
    NOW,
    OCTOBER,
    SEPTEMBER,
    add_subscriber,
    config,
    job,
    number,
    use,
    used,
)
from tests.close.looks import faults

ALL = CloseOptions(accept_failures=True)
LATER = CloseOptions(accept_failures=True, late=True)
DECEMBER_1ST = parse_when("2026-12-01T04:00:00", MOSCOW)
FIRST, LAST = 0, 39
NEW = number(LAST) + 10
_SUM = " + ".join(BYTES)


def billed(database: Database, period: Period, n: int) -> int:
    """Bytes in the close record."""
    return database.integer(
        f"SELECT {_SUM} FROM close_record WHERE period = ? AND subscriber_id = ?",
        (str(period), number(n)),
    )


def in_period(database: Database, period: Period, n: int) -> int:
    return database.integer(
        f"SELECT {_SUM} FROM period_usage WHERE period = ? AND subscriber_id = ?",
        (str(period), number(n)),
    )


def flagged(database: Database, n: int, source: Period = OCTOBER) -> list[tuple[str, int]]:
    """To which period how many bytes were moved."""
    return [
        (target, int(count))
        for target, count in database.rows(
            f"SELECT to_period, {_SUM} FROM late_usage WHERE subscriber_id = ?"
            " AND from_period = ? ORDER BY id",
            (number(n), str(source)),
        )
    ]


def all_used(database: Database) -> int:
    return database.integer(f"SELECT SUM({_SUM}) FROM period_usage")


class TestOfAClosedPeriod:
    def test_is_billed_with_the_next_close(self, books: Database, where: DatabaseConfig) -> None:
        before = {n: in_period(books, OCTOBER, n) for n in LATE}
        total = all_used(books)
        job(books, config(where)).run(ALL)
        for n in LATE:
            moved = flagged(books, n, SEPTEMBER)
            if n == 17:  # had not started in September
                assert moved == []
                continue
            assert [target for target, _ in moved] == ["2026-10"]
            assert moved[0][1] > 0
            assert (
                in_period(books, OCTOBER, n) == before[n] + moved[0][1] == billed(books, OCTOBER, n)
            )
            assert in_period(books, SEPTEMBER, n) == billed(books, SEPTEMBER, n)
        assert all_used(books) == total
        assert faults(books, OCTOBER) == []

    def test_is_moved_once(self, books: Database, where: DatabaseConfig) -> None:
        job(books, config(where)).run(ALL)
        flags = books.rows("SELECT * FROM late_usage")
        for _ in range(2):
            report = job(books, config(where)).run(ALL)
            assert (report.periods, report.late_usage) == ([], 0)
        assert books.rows("SELECT * FROM late_usage") == flags

    @pytest.mark.parametrize("n", [EXEMPT[0], NOT_STARTED[0], 15])
    def test_of_the_uncharged_stays(self, books: Database, where: DatabaseConfig, n: int) -> None:
        job(books, config(where)).run(ALL)
        with books.transaction():
            use(books, OCTOBER, number(n), 12_345)
        there = in_period(books, OCTOBER, n)
        report = job(books, config(where)).run(ALL)
        assert (report.late_usage, flagged(books, n)) == (0, [])
        assert in_period(books, OCTOBER, n) == there

    def test_of_one_who_was_entered_after_the_close(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        job(books, config(where)).run(ALL)
        newcomers = {NEW: "2026-10-20", NEW + 1: "2026-11-01", NEW + 2: None}
        with books.transaction():
            for subscriber, since in newcomers.items():
                add_subscriber(books, subscriber, active_since=since)
                use(books, OCTOBER, subscriber, 777)
        assert job(books, config(where)).run(ALL).late_usage == 1
        rows = books.rows("SELECT subscriber_id, to_period, in1 FROM late_usage ORDER BY id DESC")
        assert rows[0] == (NEW, "2026-11", 777)
        assert [used(books, subscriber) for subscriber in newcomers] == [777] * 3


class TestDuringAClose:
    def test_wherever_it_comes_it_is_billed_once(
        self, books: Database, other: Database, where: DatabaseConfig
    ) -> None:
        """After each chunk everybody gets a little more."""
        total, rounds = all_used(books), 0

        def come(*_: object) -> None:
            nonlocal rounds
            rounds += 1
            with other.transaction():
                for n in MAINS:
                    use(other, OCTOBER, number(n), 1_000)

        job(books, config(where), Hooks(progress=come)).run(ALL)
        assert rounds >= 3
        assert all_used(books) == total + rounds * 1_000 * len(MAINS)
        # The first chunk was through before anything came, the last one saw all but the last.
        assert flagged(books, FIRST) == [("2026-11", rounds * 1_000)]
        assert flagged(books, LAST) == [("2026-11", 1_000)]
        for n in (FIRST, LAST):
            assert billed(books, OCTOBER, n) == in_period(books, OCTOBER, n)
            assert in_period(books, NOVEMBER, n) == sum(count for _, count in flagged(books, n))
        assert faults(books, OCTOBER) == []

        job(books, config(where), now=DECEMBER_1ST).run(LATER)
        for n in (FIRST, LAST):
            assert billed(books, NOVEMBER, n) == in_period(books, NOVEMBER, n)
        assert all_used(books) == total + rounds * 1_000 * len(MAINS)
        assert faults(books, NOVEMBER) == []

    def test_while_the_chunk_of_its_subscriber_is_under_way(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        """It has been read and is not committed: whoever brings usage must wait."""
        total = all_used(books)
        threads: list[threading.Thread] = []

        def come() -> None:
            database = open_database(where)

            def unit() -> None:
                with database.transaction():
                    for n in MAINS:
                        use(database, OCTOBER, number(n), 1_000)

            run_unit(database, unit, 10)
            database.close()

        def compare(result: object) -> None:
            threads.append(threading.Thread(target=come))
            threads[-1].start()
            threads[-1].join(0.05)
            assert threads[-1].is_alive()

        job(books, config(where), Hooks(compare=compare)).run(ALL)
        for thread in threads:
            thread.join(60)
        job(books, config(where)).run(ALL)
        charged = [n for n in MAINS if n not in (*EXEMPT, *NOT_STARTED, *FAILING)]
        for n in charged:
            moved = sum(count for _, count in flagged(books, n))
            assert billed(books, OCTOBER, n) == in_period(books, OCTOBER, n)
            assert in_period(books, NOVEMBER, n) == moved
        assert len(threads) >= 3
        assert all_used(books) == total + len(threads) * 1_000 * len(MAINS)
        assert flagged(books, FIRST) != []

    def test_when_the_run_ends_before_the_search(
        self, books: Database, other: Database, where: DatabaseConfig
    ) -> None:
        """The period is closed, and nobody has looked for what came meanwhile."""
        total = all_used(books)

        def come(tally: Tally, _: int) -> None:
            with other.transaction():
                use(other, OCTOBER, number(FIRST), 1_000)

        clock, hooks = FixedClock(NOW), Hooks(progress=come)
        close = PeriodClose(books, config(where), clock, "anna", OCTOBER, hooks)
        assert close.run(accept_failures=True).state == "complete"
        assert flagged(books, FIRST) == []
        late = in_period(books, OCTOBER, FIRST) - billed(books, OCTOBER, FIRST)
        assert late >= 3_000
        for moved in (1, 0):
            assert job(books, config(where)).run(ALL).late_usage == moved
            assert flagged(books, FIRST) == [("2026-11", late)]
        assert all_used(books) == total + late


class TestByImport:
    def test_of_an_alias_goes_to_its_main(
        self, books: Database, where: DatabaseConfig, tmp_path: Path
    ) -> None:
        settings = config(where)
        job(books, settings).run(ALL)
        file = tmp_path / "late.csv"
        file.write_text(
            "login,time,direction,bytes_in,bytes_out,record_key\n"
            f"u{number(9)},2026-10-31T23:59:59,1,500,0,a\n"
            f"u{number(8)},2026-10-05,2,0,70,b\n"
            f"u{number(8)},2026-11-01T00:00:00,1,9,0,c\n"
        )
        before = in_period(books, OCTOBER, 8)
        for added in (3, 0):
            summary = import_usage(books, file, settings.billing, FixedClock(NOW))
            assert summary.added == added
        assert in_period(books, OCTOBER, 8) == before + 570
        assert job(books, settings).run(ALL).late_usage == 1
        assert flagged(books, 8) == [("2026-11", 570)]
        assert flagged(books, 9) == []
        assert in_period(books, OCTOBER, 8) == before
        assert in_period(books, NOVEMBER, 8) == 579
        job(books, settings, now=DECEMBER_1ST).run(LATER)
        assert billed(books, NOVEMBER, 8) == 579
        assert books.value(
            "SELECT 1 FROM close_record WHERE subscriber_id = ?", (number(9),)
        ) is None  # fmt: skip

    def test_of_two_closed_periods(self, books: Database, where: DatabaseConfig) -> None:
        settings = config(where)
        job(books, settings).run(ALL)
        with books.transaction():
            use(books, SEPTEMBER, number(2), 3)
            use(books, OCTOBER, number(2), 4)
        assert job(books, settings).run(ALL).late_usage == 2
        assert flagged(books, 2, SEPTEMBER)[-1] == ("2026-11", 3)
        assert flagged(books, 2) == [("2026-11", 4)]
        assert in_period(books, NOVEMBER, 2) == 7

    def test_it_is_rated(self, books: Database, where: DatabaseConfig) -> None:
        """An unmetered month and 3 GB that came late: two over the plan's one."""
        settings = config(where)
        job(books, settings).run(ALL)
        with books.transaction():
            add_subscriber(books, NEW, active_since="2026-01-01")
            use(books, OCTOBER, NEW, 3 * 10**9)
        job(books, settings, now=DECEMBER_1ST).run(LATER)
        amount = "SELECT amount FROM close_record WHERE period = '2026-11' AND subscriber_id = ?"
        assert books.value(amount, (NEW,)) == 5_025 + 100_000


def test_of_one_who_has_become_an_alias_goes_to_the_main(
    books: Database, where: DatabaseConfig
) -> None:
    settings = config(where)
    job(books, settings).run(ALL)
    with books.transaction():
        use(books, OCTOBER, number(FIRST), 700)
        books.execute("UPDATE subscriber SET alias_of = ? WHERE id = ?", (number(8), number(FIRST)))
    total = all_used(books)
    assert job(books, settings).run(ALL).late_usage == 1
    assert flagged(books, 8) == [("2026-11", 700)]
    assert in_period(books, NOVEMBER, 8) == 700
    assert all_used(books) == total
