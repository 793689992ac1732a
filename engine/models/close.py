"""The month close: the terms of charges, and what it did with each subscriber."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel
from engine.models.subscribers import Subscriber


class ChargeTerms(BaseModel):
    """The terms of charges as JSON, written once for all charges made under them."""

    id = peewee.BigAutoField()
    digest = peewee.CharField(max_length=64, unique=True)
    body = peewee.TextField()


class CloseRecord(BaseModel):
    """The archive row of a subscriber in a period. The numbers of plans, group, terms and entry
    are no foreign keys: the archive outlives them."""

    period = peewee.CharField(max_length=7)
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    status = peewee.CharField(max_length=12)
    amount = peewee.BigIntegerField()
    block = peewee.SmallIntegerField()
    authorised = peewee.SmallIntegerField()
    group_id = peewee.BigIntegerField()
    plan_id = peewee.BigIntegerField(null=True)
    addon_id = peewee.BigIntegerField(null=True)
    plan_after = peewee.BigIntegerField(null=True)
    addon_after = peewee.BigIntegerField(null=True)
    terms_id = peewee.BigIntegerField(null=True)
    entry_id = peewee.BigIntegerField(null=True)
    entry_line = peewee.IntegerField(null=True)
    in1 = peewee.BigIntegerField()
    out1 = peewee.BigIntegerField()
    in2 = peewee.BigIntegerField()
    out2 = peewee.BigIntegerField()
    in3 = peewee.BigIntegerField()
    out3 = peewee.BigIntegerField()
    in4 = peewee.BigIntegerField()
    out4 = peewee.BigIntegerField()
    reason = peewee.CharField(max_length=200, null=True)

    class Meta:
        primary_key = peewee.CompositeKey("period", "subscriber")
