"""A daemon's row in the table of daemons, by the database's clock."""

from __future__ import annotations

from typing import Literal

from engine.database import Database
from engine.models.operations import Daemon

State = Literal["active", "standby", "stopping"]

# A daemon that was not heard of for a day has left for good; what is said of it goes with it.
_FORGOTTEN_MS = 86_400_000


class Presence:
    """What one daemon says of itself."""

    def __init__(self, holder: str, version: str) -> None:
        self.holder = holder
        self.version = version
        self.state: State = "standby"

    def begin(self, database: Database, state: State) -> None:
        """The daemon is there; those that left without a word long ago are forgotten."""
        now = database.dialect.now_ms
        with database.transaction():
            database.execute(f"DELETE FROM daemon WHERE heartbeat_at < {now} - {_FORGOTTEN_MS}")
        self.become(database, state)

    def become(self, database: Database, state: State) -> None:
        """Its state has changed."""
        self.state = state
        self.say(database, "")

    def say(self, database: Database, note: str) -> None:
        """It is there."""
        now = database.dialect.now_ms
        with database.transaction():
            said = database.execute(
                f"UPDATE daemon SET state = ?, heartbeat_at = {now}, note = ? WHERE holder = ?",
                (self.state, note[:300], self.holder),
            )
            if said.rowcount != 1:
                database.execute(
                    "INSERT INTO daemon (holder, version, state, started_at, heartbeat_at, note)"
                    f" VALUES (?, ?, ?, {now}, {now}, ?)",
                    (self.holder, self.version, self.state, note[:300]),
                )

    def end(self, database: Database) -> None:
        """It has left."""
        with database.transaction():
            database.write(Daemon.delete().where(Daemon.holder == self.holder))
