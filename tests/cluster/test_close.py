"""The month close on a cluster: each subscriber is charged once, whichever nodes are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.clock import FixedClock
from engine.close.hooks import Hooks
from engine.close.run import PeriodClose
from engine.config import DatabaseConfig
from engine.database import open_database
from engine.errors import DatabaseUnavailable, LeaseHeld
from jobs.month_close import CloseOptions
from tests.close.books import NOW, OCTOBER, config, job
from tests.close.looks import Look
from tests.cluster.places import CROWD, Places, at_once
from tests.faults.test_server_gone import Mishap

pytestmark = [pytest.mark.heavy, pytest.mark.mariadb]

ALL = CloseOptions(accept_failures=True)


def run(where: DatabaseConfig, hooks: Hooks | None = None) -> None:
    """The whole job over a connection of its own."""
    database = open_database(where)
    try:
        job(database, config(where), hooks).run(ALL)
    finally:
        database.close()


def close_without_lease(where: DatabaseConfig, hooks: Hooks | None = None) -> Callable[[], str]:
    """The close itself, which no lease keeps from running twice; its state at the end."""

    def work() -> str:
        database = open_database(where)
        try:
            clock = FixedClock(NOW)
            close = PeriodClose(database, config(where), clock, "anna", OCTOBER, hooks or Hooks())
            return close.run(accept_failures=True).state
        finally:
            database.close()

    return work


def records(where: DatabaseConfig) -> int:
    database = open_database(where)
    found = database.integer("SELECT COUNT(*) FROM close_record")
    database.close()
    return found


def test_it_does_what_it_does_on_sqlite(crowd: Places, crowd_look: Look) -> None:
    run(crowd.configs[0])
    crowd.prove_close(OCTOBER, crowd_look)


def test_two_nodes_close_at_once_without_a_lease(crowd: Places, crowd_look: Look) -> None:
    before = crowd.conflicts()
    pair = [close_without_lease(where) for where in crowd.configs[:2]]
    assert at_once(pair) == ["complete", "complete"]
    assert crowd.conflicts() > before
    crowd.prove_close(OCTOBER, crowd_look)


def test_the_lease_lets_one_node_close(crowd: Places, crowd_look: Look) -> None:
    """The lease is taken in one process here, which holds it under one name: so a chunk of the
    other node must find the token that it has no more."""

    def work(where: DatabaseConfig) -> Callable[[], str]:
        def do() -> str:
            try:
                run(where)
            except LeaseHeld:
                return "lost the lease"
            return "done"

        return do

    answers = at_once([work(where) for where in crowd.configs[:2]])
    assert "done" in answers
    crowd.prove_close(OCTOBER, crowd_look)


def test_the_node_dies_and_another_goes_on(crowd: Places, crowd_look: Look) -> None:
    first, second, third = crowd.nodes
    where = replace(crowd.configs[0], wait_seconds=0)
    with pytest.raises(DatabaseUnavailable, match="run the same command again"):
        run(where, Hooks(compare=Mishap(first.kill, at=4)))
    for node in (second, third):
        node.wait_for(2)
        assert node.is_primary()
    assert 0 < records(crowd.configs[1]) < CROWD
    run(crowd.configs[1])
    crowd.prove_close(OCTOBER, crowd_look, nodes=(1, 2))
    first.start()
    crowd.cluster.settle()
    crowd.prove_close(OCTOBER, crowd_look)


def test_another_node_dies_and_nobody_notices(crowd: Places, crowd_look: Look) -> None:
    _, _, third = crowd.nodes
    run(crowd.configs[0], Hooks(compare=Mishap(third.kill, at=3)))
    crowd.prove_close(OCTOBER, crowd_look, nodes=(0, 1))


def test_a_node_that_slept_through_the_close_charges_nobody_again(
    crowd: Places, crowd_look: Look
) -> None:
    """In the middle of its chunk the node hangs, another closes everything, it wakes up and wants
    to commit."""
    first, second, _ = crowd.nodes

    def sleep() -> None:
        first.freeze()
        second.wait_for(2)
        run(crowd.configs[1])
        first.thaw()

    assert close_without_lease(crowd.configs[0], Hooks(compare=Mishap(sleep, at=3)))() == "complete"
    crowd.prove_close(OCTOBER, crowd_look)
