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
    """The lease of one job, once `acquire` has returned."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self.holder = holder_name()
        self.token = 0

    def acquire(self) -> None:
        """Takes the lease in a transaction of its own. LeaseHeld while another has it."""
        database, now = self._database, self._database.dialect.now_ms
        with database.transaction():
            row = database.row(
                f"SELECT holder, token, expires_at > {now} FROM lease WHERE name = ?",
                (self._name,),
            )
            if row is None:
                self._make_row()
                row = (None, 0, 0)
            holder, token, in_force = row
            if holder and in_force and holder != self.holder and not is_gone(holder):
                host, pid = [*safe(holder).split(" "), "?"][:2]
                raise LeaseHeld(
                    f"{self._name} is being run by process {pid} on {host}."
                    " `billdeck jobs` shows how far it is. Nothing was changed."
                )
            taken = database.execute(
                f"UPDATE lease SET holder = ?, token = token + 1, expires_at = {now} + ?"
                " WHERE name = ? AND token = ?",
                (self.holder, TTL_MS, self._name, token),
            )
            if taken.rowcount != 1:
                raise self._taken()
            self.token = int(token) + 1

    def _make_row(self) -> None:
        try:
            self._database.execute("INSERT INTO lease (name) VALUES (?)", (self._name,))
        except peewee.IntegrityError as error:
            if not is_duplicate(error):
                raise
            raise self._taken() from None

    def _taken(self) -> LeaseHeld:
        return LeaseHeld(f"{self._name} was taken by another run just now. Nothing was changed.")

    def prove(self) -> None:
        """Proves and renews the lease in the caller's transaction. LeaseHeld when it was lost."""
        renewed = self._database.execute(
            f"UPDATE lease SET expires_at = {self._database.dialect.now_ms} + ?"
            " WHERE name = ? AND holder = ? AND token = ?",
            (TTL_MS, self._name, self.holder, self.token),
        )
        if renewed.rowcount != 1:
            raise LeaseHeld(
                f"this run of {self._name} was too slow and another one took over."
                " What this one committed stays; the other goes on."
            )

    def release(self) -> None:
        """Gives the lease back, if it is still held."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE lease SET holder = NULL, expires_at = 0"
                " WHERE name = ? AND holder = ? AND token = ?",
                (self._name, self.holder, self.token),
            )
