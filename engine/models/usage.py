"""Periods and what was used in them, in bytes."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel
from engine.models.subscribers import Subscriber


class BillingPeriod(BaseModel):
    """A billing period: open, closing or closed."""

    period = peewee.CharField(max_length=7, primary_key=True)
    state = peewee.CharField(max_length=10)
    usage_version = peewee.BigIntegerField(default=0)
    swept_version = peewee.BigIntegerField(default=0)
    closed_at = peewee.BigIntegerField(null=True)


class PeriodUsage(BaseModel):
    """Bytes in and out by direction, of a main subscriber in a period."""

    period = peewee.CharField(max_length=7)
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    in1 = peewee.BigIntegerField(default=0)
    out1 = peewee.BigIntegerField(default=0)
    in2 = peewee.BigIntegerField(default=0)
    out2 = peewee.BigIntegerField(default=0)
    in3 = peewee.BigIntegerField(default=0)
    out3 = peewee.BigIntegerField(default=0)
    in4 = peewee.BigIntegerField(default=0)
    out4 = peewee.BigIntegerField(default=0)

    class Meta:
        primary_key = peewee.CompositeKey("period", "subscriber")


class UsageRecord(BaseModel):
    """A record as a collector sent it; the key makes a repeat harmless."""

    record_key = peewee.CharField(max_length=100, primary_key=True)
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    at = peewee.BigIntegerField()
    period = peewee.CharField(max_length=7)
    direction = peewee.SmallIntegerField()
    bytes_in = peewee.BigIntegerField()
    bytes_out = peewee.BigIntegerField()


class LateUsage(BaseModel):
    """Usage that came after the close of its subscriber, and the period it was moved to."""

    id = peewee.BigAutoField()
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    from_period = peewee.CharField(max_length=7)
    to_period = peewee.CharField(max_length=7)
    in1 = peewee.BigIntegerField()
    out1 = peewee.BigIntegerField()
    in2 = peewee.BigIntegerField()
    out2 = peewee.BigIntegerField()
    in3 = peewee.BigIntegerField()
    out3 = peewee.BigIntegerField()
    in4 = peewee.BigIntegerField()
    out4 = peewee.BigIntegerField()
    moved_at = peewee.BigIntegerField()


class CarriedUsage(BaseModel):
    """Whole bytes left over from the period before, by direction."""

    period = peewee.CharField(max_length=7)
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+")
    bytes1 = peewee.BigIntegerField()
    bytes2 = peewee.BigIntegerField()
    bytes3 = peewee.BigIntegerField()
    bytes4 = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("period", "subscriber")
