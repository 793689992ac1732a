"""The lease: who may run a job, with a token that every transaction of the run must prove.

The token only grows. A holder that slept through its lease finds another's token and stops, so two
runs never write at once, whatever their clocks say; the database's clock decides when a lease ends.
A holder of this host and boot whose process is gone is not waited for.
"""

from __future__ import annotations

import peewee

from engine.database import Database
from engine.dialect import is_duplicate
from engine.errors import LeaseHeld
from engine.holder import holder_name, is_gone
from engine.text import safe

TTL_MS = 30_000


class Lease:
    """The lease of one job, once `take` has returned. The methods but `acquire` and `release` run
    in the caller's transaction, on the caller's connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.holder = holder_name()
        self.token = 0

    def acquire(self, database: Database) -> None:
        """Takes the lease in a transaction of its own. LeaseHeld while another has it."""
        with database.transaction():
            self.take(database)

    def take(self, database: Database) -> None:
        """Takes the lease. LeaseHeld while another has it."""
        now = database.dialect.now_ms
        row = database.row(
            f"SELECT holder, token, expires_at > {now} FROM lease WHERE name = ?", (self.name,)
        )
        if row is None:
            self._make_row(database)
            row = (None, 0, 0)
        holder, token, in_force = row
        if holder and in_force and holder != self.holder and not is_gone(holder):
            host, pid = [*safe(holder).split(" "), "?"][:2]
            raise LeaseHeld(
                f"{self.name} is being run by process {pid} on {host}."
                " `billdeck jobs` shows how far it is. Nothing was changed."
            )
        taken = database.execute(
            f"UPDATE lease SET holder = ?, token = token + 1, expires_at = {now} + ?"
            " WHERE name = ? AND token = ?",
            (self.holder, TTL_MS, self.name, token),
        )
        if taken.rowcount != 1:
            raise self._taken()
        self.token = int(token) + 1

    def _make_row(self, database: Database) -> None:
        try:
            database.execute("INSERT INTO lease (name) VALUES (?)", (self.name,))
        except peewee.IntegrityError as error:
            if not is_duplicate(error):
                raise
            raise self._taken() from None

    def _taken(self) -> LeaseHeld:
        return LeaseHeld(f"{self.name} was taken by another run just now. Nothing was changed.")

    def prove(self, database: Database) -> None:
        """Proves and renews the lease. LeaseHeld when it was lost."""
        renewed = database.execute(
            f"UPDATE lease SET expires_at = {database.dialect.now_ms} + ?"
            " WHERE name = ? AND holder = ? AND token = ?",
            (TTL_MS, self.name, self.holder, self.token),
        )
        if renewed.rowcount != 1:
            raise self.lost()

    def check(self, database: Database) -> None:
        """Only looks, before a call to the outside: LeaseHeld when the lease was lost or has run
        out."""
        held = database.value(
            f"SELECT 1 FROM lease WHERE name = ? AND holder = ? AND token = ?"
            f" AND expires_at > {database.dialect.now_ms}",
            (self.name, self.holder, self.token),
        )
        if held is None:
            raise self.lost()

    def lost(self) -> LeaseHeld:
        """The error of a run that no longer may."""
        return LeaseHeld(
            f"this run of {self.name} was too slow and another one took over."
            " What this one committed stays; the other goes on."
        )

    @staticmethod
    def end(database: Database, name: str, holder: str, token: int) -> bool:
        """Ends the lease of a holder who is gone or was too slow, so that it can prove nothing any
        more; False when it is in force."""
        now = database.dialect.now_ms
        gone = 1 if is_gone(holder) else 0
        database.execute(
            "UPDATE lease SET holder = NULL, token = token + 1, expires_at = 0"
            f" WHERE name = ? AND holder = ? AND token = ? AND (expires_at <= {now} OR 1 = ?)",
            (name, holder, token, gone),
        )
        mine = "SELECT 1 FROM lease WHERE name = ? AND holder = ? AND token = ?"
        return database.value(mine, (name, holder, token)) is None

    def give_back(self, database: Database) -> None:
        """Gives the lease back, if it is still held."""
        database.execute(
            "UPDATE lease SET holder = NULL, expires_at = 0"
            " WHERE name = ? AND holder = ? AND token = ?",
            (self.name, self.holder, self.token),
        )

    def release(self, database: Database) -> None:
        """Gives the lease back in a transaction of its own."""
        with database.transaction():
            self.give_back(database)
