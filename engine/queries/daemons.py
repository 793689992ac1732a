"""The daemons, as any process may see them. Their times are the database's."""

from __future__ import annotations

from dataclasses import dataclass

from engine.database import Database
from engine.holder import is_gone

# A daemon says that it is there every few seconds; after this long without a word it is not.
FRESH_MS = 20_000


@dataclass(frozen=True, slots=True)
class DaemonState:
    """A daemon that was heard of: `age_ms` is the time since, `fresh` whether it can be taken to be
    there. `state` is active, standby or stopping; times are epoch milliseconds."""

    holder: str
    version: str
    state: str
    started_at: int
    heartbeat_at: int
    note: str
    age_ms: int

    @property
    def fresh(self) -> bool:
        """Whether it is there; one of this host that was killed is not, from that moment on."""
        # A word from the future is from before the clock was set back.
        return abs(self.age_ms) < FRESH_MS and not is_gone(self.holder)


def daemons(database: Database) -> list[DaemonState]:
    """All that were heard of, the freshest first."""
    rows = database.rows(
        "SELECT holder, version, state, started_at, heartbeat_at, note,"
        f" {database.dialect.now_ms} - heartbeat_at FROM daemon ORDER BY heartbeat_at DESC, holder"
    )
    return [DaemonState(*row) for row in rows]


def any_daemon(database: Database) -> bool:
    """Whether a daemon is there that takes what waits."""
    return any(one.fresh and one.state == "active" for one in daemons(database))
