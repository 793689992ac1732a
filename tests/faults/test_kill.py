"""A real process, killed (SIGKILL) by itself at the K-th statement that SQLite begins."""

from __future__ import annotations

import multiprocessing
import random
import signal

import pytest

from engine.config import DatabaseConfig
from tests.close.conftest import MakeCopies
from tests.faults import workers
from tests.faults.harness import differences, undisturbed

_SPAWN = multiprocessing.get_context("spawn")


def run(where: DatabaseConfig, k: int) -> int | None:
    """Runs a child that dies at statement k; how many there were if it did not."""
    answers = _SPAWN.Queue()
    child = _SPAWN.Process(target=workers.die_at_statement, args=(where, k, answers))
    child.start()
    if k == 0:
        seen: int = answers.get(timeout=60)
        child.join(60)
        return seen
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    return None


@pytest.mark.parametrize("times", [8, pytest.param(200, marks=pytest.mark.heavy)])
def test_killed_at_a_statement(
    original: DatabaseConfig, make_copies: MakeCopies, times: int
) -> None:
    copies = make_copies("sqlite", original)
    expected = undisturbed(copies.fresh)
    total = run(copies.fresh(), 0)
    assert total is not None
    assert total > 100
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")  # shown when the test fails
    dice = random.Random(seed)
    # One from each part of the run.
    for part in range(times):
        k = dice.randint(1 + part * total // times, (part + 1) * total // times)
        where = copies.fresh()
        run(where, max(k, 1))
        assert differences(where, expected, again=True) == [], f"killed at {k} of {total}"
