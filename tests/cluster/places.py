"""One database as the nodes of a cluster have it, and work on several nodes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.database import open_database
from engine.period import Period
from tests.close.looks import Look, faults, look
from tests.servers.galera import GaleraCluster

T = TypeVar("T")

CROWD = 3_000


class Places:
    """A database and its nodes; `configs[n]` leads to it by `nodes[n]`."""

    def __init__(self, cluster: GaleraCluster, name: str) -> None:
        self.cluster = cluster
        self.nodes = cluster.nodes
        self.configs = [node.database_config(name) for node in cluster.nodes]

    def conflicts(self) -> int:
        """How many transactions lost against one of another node since the servers began: when they
        wanted to commit, or before."""
        counters = ("wsrep_local_cert_failures", "wsrep_local_bf_aborts")
        return sum(int(node.status(name)) for node in self.nodes for name in counters)

    def prove_close(self, period: Period, expected: Look, nodes: Sequence[int] = (0, 1, 2)) -> None:
        """The period was closed as expected, whichever node is asked."""
        for number in nodes:
            database = open_database(self.configs[number])
            assert faults(database, period) == []
            assert look(database) == expected
            database.close()


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Does all in threads that begin at the same moment; their answers. An error is raised."""
    barrier = threading.Barrier(len(works))

    def begin(work: Callable[[], T]) -> T:
        barrier.wait(60)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return [one.result(180) for one in [threads.submit(begin, work) for work in works]]
