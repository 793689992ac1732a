"""What the codes of MariaDB's errors are taken for."""

from __future__ import annotations

import peewee
import pytest

from engine.dialect import is_absent, is_conflict, is_lost, needs_super

ALONE = "Error while appending streaming replication fragment(provider status: Not connected to"
# As a cluster's nodes said them: code, words, conflict, lost, absent.
SAID = [
    (1213, "Deadlock found when trying to get lock; try restarting transaction", 1, 0, 0),
    (1467, "Failed to read auto-increment value from storage engine", 1, 0, 0),
    (1205, "Lock wait timeout exceeded; try restarting transaction", 1, 0, 1),
    (1047, "WSREP has not yet prepared node for application use", 0, 1, 1),
    (1180, f"{ALONE} Primary Component)", 0, 1, 0),
    (1180, "wsrep_max_ws_rows exceeded", 0, 0, 0),
    (1105, "Maximum writeset size exceeded", 0, 0, 0),
    (2013, "Lost connection to server during query", 0, 1, 1),
]


@pytest.mark.parametrize(("code", "words", "conflict", "lost", "absent"), SAID)
def test_what_a_cluster_says(code: int, words: str, conflict: int, lost: int, absent: int) -> None:
    error = peewee.OperationalError(code, words)
    assert (is_conflict(error), is_lost(error), is_absent(error)) == (conflict, lost, absent)
    assert not needs_super(error)
