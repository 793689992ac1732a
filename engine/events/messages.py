"""From the frozen payload of an action to what its provider is given.

The text of a notice is made here and not when the event is recorded, from a template and values
that were frozen then: a payment must not wait for a template engine to be loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from engine.errors import InputError
from engine.events.outbox import Handed
from engine.events.phone import normalised
from engine.events.texts import render
from engine.integrations.komtet import Receipt
from engine.integrations.smsc import SmscMessage
from engine.integrations.smspilot import SmspilotMessage


def phone_of(payload: Mapping[str, Any]) -> str:
    """The number that a notice goes to, as digits, the country's first. Raises InputError."""
    phone = normalised(payload["phone"], payload["region"])
    if phone is None:
        raise InputError("the subscriber has no valid phone number")
    return phone


def text_of(payload: Mapping[str, Any]) -> str:
    """The text of a notice. Raises InputError for a template that cannot be used."""
    return render(payload["template"], payload["values"])


def number_of(action: Handed) -> int:
    """The number under which SMSC knows the message, the same at every attempt. Of 31 bits, so in
    many thousands two may share one by chance: SMSC is asked by number and phone."""
    return UUID(action.key).int % (2**31 - 1) + 1


def smspilot_message(action: Handed) -> SmspilotMessage:
    """A notice by SMSPilot. Raises InputError."""
    return SmspilotMessage(phone_of(action.payload), text_of(action.payload))


def smsc_message(action: Handed, is_social: bool) -> SmscMessage:
    """A notice by SMSC. Raises InputError."""
    payload = action.payload
    return SmscMessage(number_of(action), phone_of(payload), text_of(payload), is_social)


def komtet_receipt(action: Handed) -> Receipt:
    """A receipt by Komtet; without a valid phone it goes by e-mail. Raises InputError."""
    payload = action.payload
    cashier_name, cashier_inn = payload["cashier"] or ("", "")
    try:
        return Receipt(
            external_id=action.key,
            intent=payload["intent"],
            subject=payload["subject"],
            total=payload["total"],
            vat=payload["vat"],
            tax_system=payload["tax_system"],
            phone=normalised(payload["phone"], payload["region"]) or "",
            email=payload["email"],
            cashier_name=cashier_name,
            cashier_inn=cashier_inn,
        )
    except ValueError as error:
        raise InputError(f"no receipt can be made: {error}") from None
