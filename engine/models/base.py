"""What all models share. They are bound to no connection: `Database.objects` and `Database.write`
carry out their queries, so two open databases are never mixed up."""

from __future__ import annotations

import peewee


class BaseModel(peewee.Model):
    """A table of billing.db.sql."""

    class Meta:
        legacy_table_names = False
