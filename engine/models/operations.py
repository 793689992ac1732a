"""What ran and who did what: leases, job runs, system events, the audit."""

from __future__ import annotations

import peewee

from engine.models.base import BaseModel


class Lease(BaseModel):
    """The right to run a job; the token only grows."""

    name = peewee.CharField(max_length=40, primary_key=True)
    holder = peewee.CharField(max_length=150, null=True)
    token = peewee.BigIntegerField(default=0)
    expires_at = peewee.BigIntegerField(default=0)


class JobRun(BaseModel):
    """A run of a job and its progress."""

    id = peewee.BigAutoField()
    job = peewee.CharField(max_length=40)
    subject = peewee.CharField(max_length=40, default="")
    state = peewee.CharField(max_length=12)
    holder = peewee.CharField(max_length=150)
    actor = peewee.CharField(max_length=64)
    started_at = peewee.BigIntegerField()
    heartbeat_at = peewee.BigIntegerField()
    finished_at = peewee.BigIntegerField(null=True)
    done = peewee.BigIntegerField(default=0)
    total = peewee.BigIntegerField(default=0)
    already = peewee.BigIntegerField(default=0)
    note = peewee.CharField(max_length=300, default="")


class SystemEvent(BaseModel):
    """What the system itself reports; `details` is JSON."""

    id = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    kind = peewee.CharField(max_length=40)
    subject = peewee.CharField(max_length=40)
    details = peewee.TextField()


class Audit(BaseModel):
    """A change made by a person, with the object before and after as JSON. Only ever added to."""

    id = peewee.BigAutoField()
    at = peewee.BigIntegerField()
    actor = peewee.CharField(max_length=64)
    action = peewee.CharField(max_length=40)
    object = peewee.CharField(max_length=100)
    state_before = peewee.TextField(null=True)
    state_after = peewee.TextField(null=True)
