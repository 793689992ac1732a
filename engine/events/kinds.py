"""The words of events and actions, as they stand in the tables. Pure."""

from __future__ import annotations

from typing import Literal

EventKind = Literal[
    "payment", "refund", "limit", "credit", "tariff_change", "freeze", "block", "unblock",
    "delete", "real_ip", "birthday", "reminder",
]  # fmt: skip
EVENT_KINDS: tuple[EventKind, ...] = (
    "payment", "refund", "limit", "credit", "tariff_change", "freeze", "block", "unblock",
    "delete", "real_ip", "birthday", "reminder",
)  # fmt: skip

ActionKind = Literal[
    "notice", "receipt", "top_up_bonus", "loyalty_bonus", "birthday_bonus", "discount_removal",
    "session_drop", "receipt_link",
]  # fmt: skip
ACTION_KINDS: tuple[ActionKind, ...] = (
    "notice", "receipt", "top_up_bonus", "loyalty_bonus", "birthday_bonus", "discount_removal",
    "session_drop", "receipt_link",
)  # fmt: skip

State = Literal[
    "waiting", "sending", "done", "retrying", "unknown", "dead", "cancelled", "expired",
    "suppressed",
]  # fmt: skip
STATES: tuple[State, ...] = (
    "waiting", "sending", "done", "retrying", "unknown", "dead", "cancelled", "expired",
    "suppressed",
)  # fmt: skip
OPEN_STATES: tuple[State, ...] = ("waiting", "sending", "retrying", "unknown")
"""What is not over: somebody or something still has to see to it."""

Source = Literal["ledger", "change", "close", "hook", "mikbill", "job"]
"""Where an event came from: our ledger, a change of a subscriber, the month close, a hook script,
MikBill's payments, a job."""

By = Literal["subscriber", "staff", "system"]
"""Who caused a tariff change."""

Promise = Literal["idempotent", "reconcilable", "at_most_once"]
"""What a channel can promise after an answer that tells nothing: to take the same action again
without a second effect, to say whether it took it, or neither."""

# Channels that are not a provider's.
BONUS = "bonus"
OWN = "own"
NAS_PREFIX = "nas:"
