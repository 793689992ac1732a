"""What the conditions of actions are decided on: a subscriber at the moment of an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.events.kinds import By, EventKind, Source


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a subscriber, to be recorded once by its `key`.

    `at` is when it happened, epoch milliseconds. `amount` is positive minor units: the payment, the
    refund, the credit limit, the fee of a reminder. `entry_id` is the journal entry, if it is one
    of ours, and `moved` what it changed on the balance, with its sign. `is_api`: a payment that a
    program made, of which no notice is sent. `discounts` are those that there were before and still
    are, None where the event changed none. `facts` are given where our own tables do not know them
    (MikBill); else they are read in the transaction."""

    kind: EventKind
    subscriber_id: int
    key: str
    at: int
    source: Source
    actor: str
    amount: int | None = None
    entry_id: int | None = None
    moved: int = 0
    by: By = "staff"
    is_api: bool = False
    comment: str = ""
    discounts: tuple[tuple[str, str, int], ...] | None = None
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A subscriber. `logins` are its own and those of its aliases. `balance_before` is without the
    event's own money, `balance` with it; `allowed_minus` is how far below zero it may be, positive.
    `monthly_fee` is the plan's. `discounts` are rows (scope, kind, value) of our own table as they
    were before the event; `has_discount` says whether any is in force. `last_top_up` is when the
    last top-up bonus was recorded, epoch milliseconds. `is_blocked`: the line of an active
    subscriber is off, as MikBill does for want of money. Money is minor units."""

    subscriber_id: int
    login: str
    logins: tuple[str, ...]
    name: str = ""
    state: str = "active"
    phone: str = ""
    email: str = ""
    contract_number: str = ""
    contract_date: date | None = None
    plan: str = ""
    monthly_fee: int = 0
    balance_before: int = 0
    balance: int = 0
    credit_limit: int = 0
    allowed_minus: int = 0
    fee_day: int | None = None
    has_discount: bool = False
    discounts: tuple[tuple[str, str, int], ...] = ()
    last_top_up: int | None = None
    is_blocked: bool = False
