"""What MikBill knows of its subscribers, as facts of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from engine.events.facts import Facts
from engine.mikbill.amounts import day, exact, kopecks
from engine.mikbill.reader import MikbillReader

_STATES = {1: "active", 2: "frozen", 3: "blocked", 4: "deleted"}
_TABLES = {1: "users", 2: "usersfreeze", 3: "usersblok", 4: "usersdel"}
_CONTRACT = "ext_date_fiz_contract_conclusion"
_DISCOUNTS = {
    name: f"ext_discount_{name}" for name in ("global", "extended", "packet", "subs", "device")
}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber of MikBill. `deposit` is exact, other money minor units. `is_blocked`: the line
    of an active subscriber is off, for want of money mostly."""

    login: str
    state: str
    is_blocked: bool
    deposit: Decimal
    credit: int
    phone: str
    fee_day: int | None
    plan: str
    monthly_fee: int
    allowed_minus: int
    contract_date: date | None = None
    has_discount: bool = False


def read_persons(reader: MikbillReader, uids: Sequence[int]) -> dict[int, Person]:
    """The subscribers of these uids; one that MikBill does not have is not in the answer."""
    found: dict[int, Person] = {}
    for start in range(0, len(uids), _AT_ONCE):
        part = uids[start : start + _AT_ONCE]
        fields = _fields(reader, part)
        tables = [("u.state", "users")]
        if not reader.has_states:
            tables = [(str(state), table) for state, table in _TABLES.items()]
        for state, table in tables:
            for uid, person in _read_table(reader, state, table, part).items():
                found.setdefault(
                    uid,
                    replace(
                        person,
                        contract_date=day(fields[uid].get(_CONTRACT, "")),
                        has_discount=has_discount(fields[uid]),
                    ),
                )
    return found


def _read_table(
    reader: MikbillReader, state: str, table: str, uids: Sequence[int]
) -> dict[int, Person]:
    marks = ", ".join("?" * len(uids))
    money = ", ".join(
        f"CAST(CAST({column} AS DECIMAL(20, 6)) AS CHAR)"
        for column in ("u.deposit", "u.credit", "p.fixed_cost", "p.razresh_minus")
    )
    persons = {}
    for row in reader.rows(
        f"SELECT u.uid, u.user, {state}, u.blocked, u.sms_tel, CAST(u.date_abonka AS CHAR),"
        f" p.packet, {money} FROM {table} u LEFT JOIN packets p ON p.gid = u.gid"
        f" WHERE u.uid IN ({marks})",
        uids,
    ):
        uid, login, number, blocked, phone, fee_day, plan, deposit, credit, fee, minus = row
        persons[int(uid)] = Person(
            str(login),
            _STATES.get(int(number or 0), "deleted"),
            bool(int(blocked or 0)),
            exact(deposit),
            abs(kopecks(exact(credit))),
            str(phone or ""),
            _fee_day(fee_day),
            str(plan or ""),
            kopecks(exact(fee)),
            abs(kopecks(exact(minus))),
        )
    return persons


def _fee_day(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 31:
        return None
    return int(text)


def _fields(reader: MikbillReader, uids: Sequence[int]) -> dict[int, dict[str, str]]:
    keys = (_CONTRACT, *_DISCOUNTS.values())
    fields: dict[int, dict[str, str]] = defaultdict(dict)
    for uid, key, value in reader.rows(
        "SELECT uid, `key`, value FROM users_custom_fields"
        f" WHERE uid IN ({', '.join('?' * len(uids))}) AND `key` IN ({', '.join('?' * len(keys))})",
        (*uids, *keys),
    ):
        fields[int(uid)][str(key)] = str(value or "")
    return fields


def has_discount(fields: Mapping[str, str]) -> bool:
    """Whether a discount is in force: the global one, or in its place those of plan, subscriptions
    and rent where the extended discounts are on. `..._fixed` says only that a value is an amount
    and not percent, which is all the same here."""
    names = ("packet", "subs", "device") if _is_set(fields, "extended") else ("global",)
    return any(_is_set(fields, name) for name in names)


def _is_set(fields: Mapping[str, str], name: str) -> bool:
    text = fields.get(_DISCOUNTS[name], "").strip().replace(",", ".")
    try:
        return bool(text) and Decimal(text) != 0
    except InvalidOperation:
        # No number: better no bonus than one beside a discount.
        return True


def facts_with(own: Facts, person: Person, before: int | None = None) -> Facts:
    """Our facts with what MikBill knows better; `before` is the balance before the event, if that
    is another than now."""
    balance = kopecks(person.deposit)
    others = (login for login in own.logins if login != person.login)
    return replace(
        own,
        login=person.login,
        logins=(person.login, *others),
        state=person.state,
        is_blocked=person.is_blocked,
        phone=person.phone,
        contract_date=person.contract_date,
        plan=person.plan,
        monthly_fee=person.monthly_fee,
        balance=balance,
        balance_before=balance if before is None else before,
        credit_limit=person.credit,
        allowed_minus=person.allowed_minus,
        fee_day=person.fee_day,
        has_discount=person.has_discount,
    )
