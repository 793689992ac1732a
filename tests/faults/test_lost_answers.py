"""A COMMIT that was carried out although its answer was lost: nothing is counted or told twice."""

from __future__ import annotations

import json

from engine.clock import FixedClock
from engine.close.hooks import Hooks
from jobs.close_here import CloseHere
from jobs.month_close import CloseOptions
from tests.close.books import FAILING, MAINS, NOW, config
from tests.close.copies import Copies
from tests.faults.harness import rehearse
from tests.faults.killing import Impatient, Losing


def test_counters_and_the_final_event(copies: Copies) -> None:
    _, commits = rehearse(copies.fresh)
    some = commits if copies.engine == "sqlite" else commits[2:5]
    for k in some:
        where = copies.fresh()
        database = Losing(where)
        database.arm(k, "after")
        hooks = Hooks(stop=Impatient())
        job = CloseHere(database, config(where), FixedClock(NOW), "anna", hooks)
        (summary,) = job.run(CloseOptions(accept_failures=True)).periods

        charged = summary.of("charged")
        assert summary.tally.done == summary.total == len(MAINS)
        assert (summary.tally.charged, summary.tally.amount, summary.tally.blocked) == charged[:3]
        assert (summary.tally.failed, summary.tally.already) == (len(FAILING), 0)
        events = database.rows(
            "SELECT details FROM system_event WHERE kind = 'month_close' AND subject = '2026-10'"
        )
        assert [json.loads(one)["state"] for (one,) in events] == ["complete"]
        run = database.row("SELECT state, done, total FROM job_run ORDER BY id DESC LIMIT 1")
        assert run == ("done", len(MAINS), len(MAINS))
        database.close()
