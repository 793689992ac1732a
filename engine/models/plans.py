"""What we sell: plans, add-on plans, services."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel


class Plan(BaseModel):
    """A plan and its monthly fee (millionths)."""

    id = peewee.BigAutoField()
    code = peewee.CharField(max_length=40, unique=True)
    name = peewee.CharField(max_length=200)
    monthly_fee = peewee.BigIntegerField()
    direction2_ratio = peewee.BigIntegerField(default=0)
    carry_over = peewee.SmallIntegerField(default=0)


class PlanDirection(BaseModel):
    """What a plan includes in one direction of traffic, and what a megabyte beyond it costs."""

    plan = peewee.ForeignKeyField(Plan, backref="+")
    plan_id: int  # made by peewee for the line above
    direction = peewee.SmallIntegerField()
    included_bytes = peewee.BigIntegerField(null=True)
    overage_price = peewee.BigIntegerField()
    counts = peewee.CharField(max_length=3)

    class Meta:
        primary_key = peewee.CompositeKey("plan", "direction")


class Addon(BaseModel):
    """An add-on plan and its monthly fee (millionths)."""

    id = peewee.BigAutoField()
    code = peewee.CharField(max_length=40, unique=True)
    name = peewee.CharField(max_length=200)
    monthly_fee = peewee.BigIntegerField()


class Service(BaseModel):
    """A service or the rent of a device, with its monthly fee (millionths)."""

    id = peewee.BigAutoField()
    code = peewee.CharField(max_length=40, unique=True)
    name = peewee.CharField(max_length=200)
    kind = peewee.CharField(max_length=10, default="service")
    monthly_fee = peewee.BigIntegerField()
