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


class JobSchedule(BaseModel):
    """Up to when the schedule of a job has been looked at."""

    job = peewee.CharField(max_length=40, primary_key=True)
    schedule = peewee.CharField(max_length=100)
    seen_until = peewee.BigIntegerField()


class JobRun(BaseModel):
    """A run of a job, from the moment it is asked for."""

    id = peewee.BigAutoField()
    job = peewee.CharField(max_length=40)
    slot = peewee.BigIntegerField(null=True)
    open_key = peewee.CharField(max_length=80, null=True, unique=True)
    subject = peewee.CharField(max_length=40, default="")
    parameters = peewee.CharField(max_length=2000, default="{}")
    state = peewee.CharField(max_length=12)
    exit_reason = peewee.CharField(max_length=20, default="")
    holder = peewee.CharField(max_length=150, default="")
    token = peewee.BigIntegerField(default=0)
    attempt = peewee.SmallIntegerField(default=0)
    actor = peewee.CharField(max_length=64)
    cancelled_by = peewee.CharField(max_length=64, null=True)
    asked_at = peewee.BigIntegerField()
    started_at = peewee.BigIntegerField(null=True)
    heartbeat_at = peewee.BigIntegerField(null=True)
    finished_at = peewee.BigIntegerField(null=True)
    done = peewee.BigIntegerField(default=0)
    total = peewee.BigIntegerField(default=0)
    already = peewee.BigIntegerField(default=0)
    note = peewee.CharField(max_length=300, default="")


class JobLog(BaseModel):
    """A line that a run had to say."""

    run = peewee.ForeignKeyField(JobRun, column_name="run_id")
    line = peewee.IntegerField()
    at = peewee.BigIntegerField()
    level = peewee.CharField(max_length=7)
    text = peewee.CharField(max_length=1000)

    class Meta:
        primary_key = peewee.CompositeKey("run", "line")


class Daemon(BaseModel):
    """Who runs the schedule."""

    holder = peewee.CharField(max_length=150, primary_key=True)
    version = peewee.CharField(max_length=20)
    state = peewee.CharField(max_length=10)
    started_at = peewee.BigIntegerField()
    heartbeat_at = peewee.BigIntegerField()
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
