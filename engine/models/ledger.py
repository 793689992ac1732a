"""The money: accounts, journal entries, postings, reversals. They are written through
`engine.ledger` only; the database refuses to change or delete an entry."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel


class Account(BaseModel):
    """Where postings go. A subscriber's (from 1000 on) keeps a balance, our own have a code."""

    id = peewee.BigIntegerField(primary_key=True)
    code = peewee.CharField(max_length=40, unique=True, null=True)
    balance = peewee.BigIntegerField(null=True)


class JournalEntry(BaseModel):
    """One movement of money. Times are epoch milliseconds UTC."""

    id = peewee.BigAutoField()
    kind = peewee.CharField(max_length=12)
    entry_key = peewee.CharField(max_length=150, unique=True)
    content_hash = peewee.CharField(max_length=64)
    effective_at = peewee.BigIntegerField()
    recorded_at = peewee.BigIntegerField()
    actor = peewee.CharField(max_length=64)
    comment = peewee.CharField(max_length=300, default="")


class Posting(BaseModel):
    """One line of an entry; `amount` in minor units, plus favours the account."""

    entry = peewee.ForeignKeyField(JournalEntry, backref="postings")
    line = peewee.IntegerField()
    account = peewee.ForeignKeyField(Account, backref="postings")
    amount = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("entry", "line")


class Reversal(BaseModel):
    """Which line of which entry the entry `entry` takes back."""

    entry = peewee.ForeignKeyField(JournalEntry, primary_key=True, backref="+")
    reversed_entry = peewee.BigIntegerField()
    reversed_line = peewee.IntegerField()
