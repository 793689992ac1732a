"""To whom: groups, subscribers, their services and discounts."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel
from engine.models.ledger import Account
from engine.models.plans import Addon, Plan, Service


class SubscriberGroup(BaseModel):
    """A group; one with `charge` 0 is exempt from the month close."""

    id = peewee.BigAutoField()
    code = peewee.CharField(max_length=40, unique=True)
    name = peewee.CharField(max_length=200)
    charge = peewee.SmallIntegerField(default=1)


class Subscriber(BaseModel):
    """A subscriber. Its number is that of its account. Dates are ISO text, periods 'YYYY-MM'."""

    account = peewee.ForeignKeyField(Account, column_name="id", primary_key=True, backref="+")
    login = peewee.CharField(max_length=64, unique=True)
    name = peewee.CharField(max_length=200, default="")
    group = peewee.ForeignKeyField(SubscriberGroup, backref="+")
    plan = peewee.ForeignKeyField(Plan, null=True, backref="+")
    ordered_plan = peewee.ForeignKeyField(Plan, null=True, backref="+")
    ordered_plan_from = peewee.CharField(max_length=7, null=True)
    addon = peewee.ForeignKeyField(Addon, null=True, backref="+")
    ordered_addon = peewee.ForeignKeyField(Addon, null=True, backref="+")
    ordered_addon_from = peewee.CharField(max_length=7, null=True)
    active_since = peewee.CharField(max_length=10, null=True)
    first_month_day = peewee.SmallIntegerField(null=True)
    state = peewee.CharField(max_length=10, default="active")
    alias_of = peewee.ForeignKeyField("self", column_name="alias_of", null=True, backref="aliases")
    credit_limit = peewee.BigIntegerField(default=0)
    fee_day = peewee.SmallIntegerField(null=True)
    external_uid = peewee.CharField(max_length=40, unique=True, null=True)
    phone = peewee.CharField(max_length=40, default="")
    email = peewee.CharField(max_length=200, default="")
    contract_number = peewee.CharField(max_length=40, default="")
    contract_date = peewee.CharField(max_length=10, null=True)
    birth_date = peewee.CharField(max_length=10, null=True)
    address = peewee.CharField(max_length=300, default="")
    created_at = peewee.BigIntegerField()


class SubscriberService(BaseModel):
    """A service that a subscriber has."""

    subscriber = peewee.ForeignKeyField(Subscriber, backref="services")
    service = peewee.ForeignKeyField(Service, backref="+")

    class Meta:
        primary_key = peewee.CompositeKey("subscriber", "service")


class Discount(BaseModel):
    """A discount: percent in millionths of a percent, or a fixed sum in minor units."""

    subscriber = peewee.ForeignKeyField(Subscriber, backref="discounts")
    scope = peewee.CharField(max_length=10)
    kind = peewee.CharField(max_length=10)
    value = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("subscriber", "scope", "kind")
