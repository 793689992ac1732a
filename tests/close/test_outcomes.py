"""What a close does with whom: failures and their mending, orders, aliases, who is not charged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.close.hooks import Hooks, Tally
from engine.config import DatabaseConfig
from engine.database import Database
from engine.errors import Interrupted
from engine.period import format_ms, parse_when
from jobs.month_close import CloseOptions
from tests.close.books import (
    BLOCKING,
    BROKEN,
    CARRY,
    EXEMPT,
    FAILING,
    MAINS,
    MOSCOW,
    NOT_STARTED,
    NOW,
    OCTOBER,
    OVERAGE,
    RADIO,
    RATIO,
    SUBSCRIBERS,
    TV,
    add_subscriber,
    config,
    job,
    number,
)
from tests.close.looks import faults

ALL = CloseOptions(accept_failures=True)
_PLANS = (
    "plan_id", "ordered_plan_id", "ordered_plan_from",
    "addon_id", "ordered_addon_id", "ordered_addon_from",
)  # fmt: skip


def record(database: Database, n: int) -> dict[str, Any]:
    """The close record of October of the n-th subscriber."""
    names = ("status", "amount", "reason", "authorised", "plan_id", "addon_id", "plan_after",
             "addon_after", "group_id", "entry_id")  # fmt: skip
    row = database.row(
        f"SELECT {', '.join(names)} FROM close_record WHERE period = ? AND subscriber_id = ?",
        (str(OCTOBER), number(n)),
    )
    assert row is not None
    return dict(zip(names, row, strict=True))


def plans(database: Database, n: int) -> tuple[Any, ...]:
    """Plan, its order and from when; add-on, its order and from when."""
    row = database.row(f"SELECT {', '.join(_PLANS)} FROM subscriber WHERE id = ?", (number(n),))
    assert row is not None
    return row


def statuses(database: Database, n: int) -> str:
    status: str = record(database, n)["status"]
    return status


class TestFailures:
    def test_the_rest_is_closed_and_the_period_is_not(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        report = job(books, config(where)).run(CloseOptions())
        (summary,) = report.periods
        assert (summary.state, report.complete) == ("partial", False)
        assert summary.of("failed").subscribers == len(FAILING)
        assert sum(one.subscribers for one in summary.statuses.values()) == len(MAINS)
        state = books.value("SELECT state FROM billing_period WHERE period = '2026-10'")
        assert state == "closing"
        reasons = [record(books, n)["reason"] for n in FAILING]
        assert reasons == ["plan_missing", "no_plan", "ordered_plan_missing", "no_plan"]
        assert faults(books, OCTOBER) == []

    def test_each_is_tried_again_until_it_is_mended(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        settings = config(where)
        job(books, settings).run(CloseOptions())
        before = books.rows("SELECT * FROM close_record WHERE status <> 'failed'")
        (again,) = job(books, settings).run(CloseOptions()).periods
        assert (again.state, again.tally.failed) == ("partial", len(FAILING))
        assert (again.tally.already, again.tally.charged) == (len(MAINS) - len(FAILING), 0)

        with books.transaction():
            books.execute("INSERT INTO plan_direction VALUES (?, 4, 0, 0, 'in')", (BROKEN,))
        (once_more,) = job(books, settings).run(CloseOptions()).periods
        assert (once_more.tally.charged, once_more.tally.failed) == (2, 2)
        assert once_more.tally.already == len(MAINS) - 4
        assert plans(books, 18)[:3] == (BROKEN, None, None)

        with books.transaction():
            books.execute("UPDATE subscriber SET plan_id = ? WHERE plan_id IS NULL", (OVERAGE,))
        (last,) = job(books, settings).run(CloseOptions()).periods
        assert (last.state, last.tally.charged, last.tally.failed) == ("complete", 2, 0)
        assert plans(books, 32)[:3] == (RATIO, None, None)
        assert faults(books, OCTOBER) == []
        after = books.rows("SELECT * FROM close_record WHERE status <> 'failed'")
        assert set(before) <= set(after)

    def test_accepted_ones_are_charged_nothing_and_keep_their_orders(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        (summary,) = job(books, config(where)).run(ALL).periods
        assert summary.state == "complete"
        for n in FAILING:
            found = record(books, n)
            assert (found["status"], found["amount"], found["entry_id"]) == ("failed", 0, None)
        assert plans(books, 18)[1:3] == (BROKEN, "2026-11")
        assert plans(books, 32)[:3] == (None, RATIO, "2026-11")
        assert job(books, config(where)).run(ALL).periods == []

    def test_all_that_can_be_missing(self, books: Database, where: DatabaseConfig) -> None:
        """Foreign keys forbid it; databases have lived through worse."""
        off = "PRAGMA foreign_keys = off" if where.engine == "sqlite" else (
            "SET foreign_key_checks = 0"
        )  # fmt: skip
        books.execute(off)
        with books.transaction():
            for n, facts in {
                1: "plan_id = 77",
                2: "addon_id = 77",
                25: "group_id = 77",
                26: "ordered_addon_id = 77, ordered_addon_from = '2026-11'",
                27: "ordered_plan_id = NULL, ordered_plan_from = '2026-11'",
            }.items():
                books.execute(f"UPDATE subscriber SET {facts} WHERE id = ?", (number(n),))
            books.execute("INSERT INTO subscriber_service VALUES (?, 77)", (number(28),))
        job(books, config(where)).run(CloseOptions())
        assert [record(books, n)["reason"] for n in (1, 2, 25, 26, 27, 28)] == [
            "plan_missing", "addon_missing", "group_missing", "ordered_addon_missing",
            "ordered_plan_missing", "service_missing",
        ]  # fmt: skip


class TestWhoIsNotCharged:
    def test_exempt_and_not_started(self, books: Database, where: DatabaseConfig) -> None:
        job(books, config(where)).run(ALL)
        assert {statuses(books, n) for n in EXEMPT} == {"exempt"}
        assert {statuses(books, n) for n in NOT_STARTED} == {"not_started"}
        for n in (*EXEMPT, *NOT_STARTED):
            found = record(books, n)
            assert (found["amount"], found["entry_id"]) == (0, None)
        assert statuses(books, 7) == "charged", "blocked ones are charged"
        assert plans(books, 3)[1:3] == (CARRY, "2026-11"), "an exempt one keeps its order"

    def test_a_usage_row_tells_who_was_there(self, books: Database, where: DatabaseConfig) -> None:
        job(books, config(where)).run(ALL)
        there = {n for n in MAINS if record(books, n)["authorised"]}
        used = books.rows("SELECT subscriber_id FROM period_usage WHERE period = '2026-10'")
        assert there == {n for n in MAINS if (number(n),) in used}
        assert 0 < len(there) < len(MAINS)


class TestOrders:
    def test_they_take_effect_with_the_next_period(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        job(books, config(where)).run(ALL)
        assert plans(books, 8) == (CARRY, None, None, None, None, None)
        found = record(books, 8)
        assert (found["plan_id"], found["plan_after"]) == (OVERAGE, CARRY)
        assert plans(books, 10)[3:] == (None, None, None), "given up"
        assert record(books, 10)["addon_after"] is None
        assert plans(books, 11)[3:] == (RADIO, None, None)
        assert plans(books, 23) == (BLOCKING, None, None, RADIO, None, None)

    def test_later_ones_wait(self, books: Database, where: DatabaseConfig) -> None:
        before = plans(books, 12)
        job(books, config(where)).run(ALL)
        assert plans(books, 12) == before
        assert before[1:3] == (RATIO, "2026-12")

    def test_aliases_follow(self, books: Database, where: DatabaseConfig) -> None:
        """Also one that stands in another chunk than its main subscriber."""
        assert plans(books, 24)[0::3] == (CARRY, TV)
        with books.transaction():
            far = number(SUBSCRIBERS - 1) + 900
            add_subscriber(books, far, alias_of=number(8))
        job(books, config(where)).run(ALL)
        assert plans(books, 9)[0] == CARRY
        assert books.value("SELECT plan_id FROM subscriber WHERE id = ?", (far,)) == CARRY
        assert plans(books, 24)[0::3] == (BLOCKING, RADIO)
        charged = "SELECT COUNT(*) FROM posting WHERE account_id IN (?, ?, ?)"
        assert books.integer(charged, (number(9), number(24), far)) == 0
        assert faults(books, OCTOBER) == []


class TestForWhoeverLooks:
    def test_the_final_event_has_all_counters(self, books: Database, where: DatabaseConfig) -> None:
        settings = config(where)
        for options, state in ((CloseOptions(), "partial"), (ALL, "complete")):
            job(books, settings).run(options)
            row = books.row(
                "SELECT subject, details FROM system_event WHERE kind = 'month_close'"
                " ORDER BY id DESC LIMIT 1"
            )
            assert row is not None
            details = json.loads(row[1])
            assert (row[0], details["state"], details["total"]) == ("2026-10", state, len(MAINS))
            sums = books.rows(
                "SELECT status, COUNT(*), SUM(amount), SUM(block) FROM close_record"
                " WHERE period = '2026-10' GROUP BY status"
            )
            assert details["statuses"] == {
                status: {
                    "subscribers": int(count),
                    "amount": int(amount),
                    "blocked": int(blocked),
                }
                for status, count, amount, blocked in sums
            }
        assert details["this_run"]["already"] == len(MAINS) - len(FAILING)
        assert details["this_run"]["failed"] == len(FAILING)

    def test_progress_is_seen_from_another_connection(
        self, books: Database, other: Database, where: DatabaseConfig
    ) -> None:
        seen = []

        def look(tally: Tally, total: int) -> None:
            row = other.row(
                "SELECT state, subject, done, total FROM job_run ORDER BY id DESC LIMIT 1"
            )
            committed = other.integer("SELECT COUNT(*) FROM close_record WHERE period = '2026-10'")
            assert row == ("running", "2026-10", committed, total)
            assert tally.done == committed
            seen.append(committed)

        job(books, config(where), Hooks(progress=look)).run(ALL)
        assert len(seen) >= 3
        assert seen == sorted(set(seen))
        assert seen[-1] == len(MAINS)
        row = other.row("SELECT state, done, total FROM job_run ORDER BY id DESC LIMIT 1")
        assert row == ("done", len(MAINS), len(MAINS))

    def test_entries_are_dated_within_the_period(
        self, books: Database, where: DatabaseConfig
    ) -> None:
        job(books, config(where)).run(ALL)
        found = books.rows(
            "SELECT DISTINCT effective_at, recorded_at, actor FROM journal_entry"
            " WHERE kind = 'charge' AND comment = 'month close 2026-10'"
        )
        assert found == [(parse_when("2026-10-31T23:59:54", MOSCOW), NOW, "anna")]
        assert format_ms(found[0][0], MOSCOW) == "2026-10-31T23:59:54+03:00"

    def test_closed_at_and_the_next_period(self, books: Database, where: DatabaseConfig) -> None:
        job(books, config(where)).run(ALL)
        found = books.rows("SELECT period, state, closed_at FROM billing_period ORDER BY period")
        assert found[1:] == [("2026-10", "closed", NOW), ("2026-11", "open", None)]

    def test_a_stop_ends_it_after_the_chunk(self, books: Database, where: DatabaseConfig) -> None:
        hooks = Hooks()
        hooks.progress = lambda tally, total: hooks.stop.set()
        with pytest.raises(Interrupted) as stopped:
            job(books, config(where), hooks).run(ALL)
        assert stopped.value.exit_status == 130
        done = books.integer("SELECT COUNT(*) FROM close_record WHERE period = '2026-10'")
        assert 0 < done < len(MAINS)
        events = books.rows("SELECT details FROM system_event ORDER BY id DESC LIMIT 1")
        assert json.loads(events[0][0])["state"] == "interrupted"
        assert books.rows("SELECT state FROM job_run ORDER BY id DESC LIMIT 1") == [
            ("interrupted",)
        ]
        job(books, config(where)).run(ALL)
        assert faults(books, OCTOBER) == []
