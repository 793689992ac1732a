"""Operators, numbers, the balances reported of them, and the mails that said so."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel
from engine.models.subscribers import Subscriber


class Operator(BaseModel):
    """An operator whose numbers we use."""

    id = peewee.BigAutoField()
    name = peewee.CharField(max_length=60)


class PersonalAccount(BaseModel):
    """A personal account of ours at an operator."""

    id = peewee.BigAutoField()
    operator = peewee.ForeignKeyField(Operator, backref="+")
    code = peewee.CharField(max_length=40)


class OperatorTariff(BaseModel):
    """A tariff of an operator, by its title."""

    id = peewee.BigAutoField()
    operator = peewee.ForeignKeyField(Operator, backref="+")
    title = peewee.CharField(max_length=150)


class Number(BaseModel):
    """A number (a SIM's) with its balance status, and when that changed last."""

    id = peewee.BigAutoField()
    number = peewee.CharField(max_length=20)
    operator = peewee.ForeignKeyField(Operator, backref="+")
    personal_account = peewee.ForeignKeyField(PersonalAccount, backref="+", null=True)
    tariff = peewee.ForeignKeyField(OperatorTariff, backref="+", null=True)
    subscriber = peewee.ForeignKeyField(Subscriber, backref="+", null=True)
    reported_at = peewee.BigIntegerField(null=True)
    status = peewee.CharField(max_length=20, null=True)
    status_since = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()


class NumberHistory(BaseModel):
    """A change of a number, and the mail that brought it."""

    id = peewee.BigAutoField()
    number = peewee.ForeignKeyField(Number, backref="+")
    at = peewee.BigIntegerField()
    what = peewee.CharField(max_length=20)
    value_before = peewee.CharField(max_length=150, null=True)
    value_after = peewee.CharField(max_length=150, null=True)
    mail_key = peewee.CharField(max_length=64, null=True)


class BalanceReport(BaseModel):
    """The balance report of an operator for a day."""

    id = peewee.BigAutoField()
    operator = peewee.ForeignKeyField(Operator, backref="+")
    day = peewee.CharField(max_length=10)
    created_at = peewee.BigIntegerField()


class NumberBalance(BaseModel):
    """A number's balance (minor units) in the report of a day."""

    number = peewee.ForeignKeyField(Number, backref="+")
    day = peewee.CharField(max_length=10)
    report = peewee.ForeignKeyField(BalanceReport, backref="+")
    balance = peewee.BigIntegerField()
    at = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("number", "day")


class BalanceMail(BaseModel):
    """A balance mail, taken once by its key, with what it says and what became of it."""

    id = peewee.BigAutoField()
    mail_key = peewee.CharField(max_length=64)
    content_hash = peewee.CharField(max_length=64)
    state = peewee.CharField(max_length=10)
    reason = peewee.CharField(max_length=200, null=True)
    taken_at = peewee.BigIntegerField()
    size = peewee.BigIntegerField()
    operator = peewee.ForeignKeyField(Operator, backref="+", null=True)
    said_number = peewee.CharField(max_length=20, null=True, column_name="number")
    number = peewee.ForeignKeyField(Number, backref="+", null=True)
    personal_account = peewee.CharField(max_length=40, null=True)
    said_at = peewee.BigIntegerField(null=True)
    balance = peewee.BigIntegerField(null=True)
    said_tariff = peewee.CharField(max_length=150, null=True, column_name="tariff")
    tariff = peewee.ForeignKeyField(OperatorTariff, backref="+", null=True)
    messages = peewee.CharField(max_length=500, default="")
    body = peewee.TextField()
