"""Events, the actions that follow them, their attempts, channels and receipts."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel
from engine.models.subscribers import Subscriber


class Event(BaseModel):
    """Something that happened to a subscriber, once by its key."""

    id = peewee.BigAutoField()
    event_key = peewee.CharField(max_length=150)
    content_hash = peewee.CharField(max_length=64)
    kind = peewee.CharField(max_length=20)
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    at = peewee.BigIntegerField()
    recorded_at = peewee.BigIntegerField()
    is_late = peewee.SmallIntegerField()
    source = peewee.CharField(max_length=10)
    caused_by = peewee.CharField(max_length=10)
    actor = peewee.CharField(max_length=64)
    amount = peewee.BigIntegerField(null=True)
    entry_id = peewee.BigIntegerField(null=True)
    comment = peewee.CharField(max_length=300, default="")


class Action(BaseModel):
    """An action of the outbox, with what it needs and what became of it."""

    id = peewee.BigAutoField()
    event = peewee.ForeignKeyField(Event, backref="+")
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    kind = peewee.CharField(max_length=20)
    channel = peewee.CharField(max_length=50)
    round = peewee.IntegerField(default=1)
    action_key = peewee.CharField(max_length=36)
    payload = peewee.TextField()
    state = peewee.CharField(max_length=12)
    reason = peewee.CharField(max_length=300, default="")
    attempts = peewee.IntegerField(default=0)
    created_at = peewee.BigIntegerField()
    next_at = peewee.BigIntegerField(null=True)
    sent_at = peewee.BigIntegerField(null=True)
    expires_at = peewee.BigIntegerField(null=True)
    ended_at = peewee.BigIntegerField(null=True)
    remote_id = peewee.CharField(max_length=100, default="")


class Attempt(BaseModel):
    """One attempt to carry out an action, or to ask what became of it."""

    action = peewee.ForeignKeyField(Action, backref="+")
    number = peewee.IntegerField()
    what = peewee.CharField(max_length=4)
    started_at = peewee.BigIntegerField()
    ended_at = peewee.BigIntegerField()
    verdict = peewee.CharField(max_length=10)
    status = peewee.SmallIntegerField(null=True)
    detail = peewee.CharField(max_length=300, default="")
    excerpt = peewee.CharField(max_length=500, default="")

    class Meta:
        primary_key = peewee.CompositeKey("action", "number")


class Channel(BaseModel):
    """A channel that actions go by, and whether it is paused."""

    name = peewee.CharField(max_length=50, primary_key=True)
    paused_at = peewee.BigIntegerField(null=True)
    paused_until = peewee.BigIntegerField(null=True)
    paused_by = peewee.CharField(max_length=64, default="")
    reason = peewee.CharField(max_length=300, default="")
    failures = peewee.IntegerField(default=0)


class Receipt(BaseModel):
    """A receipt that the provider has accepted."""

    action = peewee.ForeignKeyField(Action, backref="+", primary_key=True)
    task = peewee.CharField(max_length=100)
    state = peewee.CharField(max_length=10)
    accepted_at = peewee.BigIntegerField()
    next_at = peewee.BigIntegerField(null=True)
    ended_at = peewee.BigIntegerField(null=True)
    asked = peewee.IntegerField(default=0)
    link = peewee.CharField(max_length=500, default="")
    detail = peewee.CharField(max_length=300, default="")
