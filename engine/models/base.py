"""What all models share: the connection, set when a database is opened."""

from __future__ import annotations

import peewee

_connection = peewee.DatabaseProxy()


def connection_of_models(handle: peewee.Database) -> None:
    """Points all models to this connection. A process works on one database at a time."""
    _connection.initialize(handle)


class BaseModel(peewee.Model):
    """A table of billing.db.sql."""

    class Meta:
        database = _connection
        legacy_table_names = False
