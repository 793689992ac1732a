"""The same books closed on both engines: the same rows to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bundle.load import import_bundle
from engine.clock import FixedClock
from engine.config import DatabaseConfig
from engine.database import open_database
from engine.period import Period
from jobs.month_close import CloseOptions
from tests.close.books import MOSCOW, config, job
from tests.close.conftest import MakeCopies
from tests.close.looks import faults, look

pytestmark = pytest.mark.mariadb

GOLDEN = Path(__file__).parents[1] / "data" / "golden-month-close"


def test_the_books_of_these_tests(original: DatabaseConfig, make_copies: MakeCopies) -> None:
    answers = []
    for engine in ("sqlite", "mariadb"):
        where = make_copies(engine, original).fresh()
        database = open_database(where)
        close = job(database, config(where))
        report = close.preview(CloseOptions())
        assert report is not None
        close.run(CloseOptions(digest=report.digest, accept_failures=True))
        answers.append((report, look(database)))
        database.close()
    assert answers[0] == answers[1]


def test_the_golden_bundle(no_books: DatabaseConfig, make_copies: MakeCopies) -> None:
    answers = []
    for engine in ("sqlite", "mariadb"):
        where = make_copies(engine, no_books).fresh()
        database = open_database(where)
        settings = config(where, close_chunk=64)
        first = import_bundle(
            database, GOLDEN, settings.billing, FixedClock(0), "anna"
        ).first_period
        assert first is not None
        now = first.end_ms(MOSCOW) + 3_600_000
        job(database, settings, now=now).run(CloseOptions())
        period = Period.parse(str(first))
        assert faults(database, period) == []
        answers.append(look(database))
        database.close()
    assert len(answers[0]["records"]) >= 300
    assert answers[0] == answers[1]
