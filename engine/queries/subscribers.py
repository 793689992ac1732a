"""The list of subscribers: its columns, what is looked for by words, its saved views.

Words are the beginning of a login, a name, a phone or a contract number, as typed. A name is also
looked for with capitals at the beginning of its words and in capitals throughout, a phone also with
the plus that it may have been entered with. `is:` asks for what no single column tells:
`beyond_limit` (owes more than the credit limit), `failed` and `to_block` (by the last close, which
may still be going on).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.queries.clauses import (
    Clause,
    Fragment,
    any_of,
    begins_with,
    compared,
    spellings,
)
from engine.queries.columns import Column, Sort
from engine.queries.filters import Condition
from engine.queries.paging import PagedSource, View
from engine.queries.walking import Shape, Walk
from engine.text import safe

if TYPE_CHECKING:
    from engine.database import Database

STATES = ("active", "frozen", "blocked", "deleted")

_COLUMNS = (
    Column("login", "Login", "s.login", "text", 14, sortable=True),
    Column("name", "Name", "s.name", "text", 28, sortable=True, capitalised=True),
    Column("state", "State", "s.state", "choice", 8, sortable=True, choices=STATES),
    Column("balance", "Balance", "a.balance", "amount", 13, sortable=True),
    Column("credit_limit", "Limit", "s.credit_limit", "amount", 11),
    Column("plan", "Plan", "p.code", "choice", 12),
    Column("ordered_plan", "Ordered plan", "op.code", "choice", 12),
    Column("ordered_from", "From", "s.ordered_plan_from", "period", 7),
    Column("addon", "Add-on", "ad.code", "choice", 10),
    Column("group", "Group", "g.code", "choice", 10),
    Column("phone", "Phone", "s.phone", "text", 14, sortable=True),
    Column("contract_number", "Contract", "s.contract_number", "text", 12, sortable=True),
    Column("contract_date", "Signed", "s.contract_date", "date", 10),
    Column("active_since", "Since", "s.active_since", "date", 10),
    Column("alias_of", "Alias of", "m.login", "text", 14),
    Column("address", "Address", "s.address", "text", 36, capitalised=True),
    Column("email", "E-mail", "s.email", "text", 24),
    Column("external_uid", "UID", "s.external_uid", "text", 10),
    Column("id", "Number", "s.id", "number", 9, sortable=True),
)
_IS = Column("is", "Is", "", "choice", 0, choices=("beyond_limit", "failed", "to_block"))

# Columns that name a row of a small table: the column that refers to it, and that table.
_REFERENCES = {
    "plan": ("s.plan_id", "plan"),
    "ordered_plan": ("s.ordered_plan_id", "plan"),
    "addon": ("s.addon_id", "addon"),
    "group": ("s.group_id", "subscriber_group"),
}
# What an index finds, with the statement for it.
_FOUND_BY = {
    "login": "SELECT id FROM subscriber WHERE {}",
    "name": "SELECT id FROM subscriber WHERE {}",
    "phone": "SELECT id FROM subscriber WHERE {}",
    "contract_number": "SELECT id FROM subscriber WHERE {}",
    "external_uid": "SELECT id FROM subscriber WHERE {}",
    "state": "SELECT id FROM subscriber WHERE {}",
    "id": "SELECT id FROM subscriber WHERE {}",
    "balance": "SELECT id FROM account WHERE id >= 1000 AND {}",
}
_DEBTS_FIRST = (Sort("balance"),)


class Subscribers(PagedSource):
    """All subscribers, aliases and deleted ones included. A row is the id and the columns above;
    `balance` is that of the subscriber's own account."""

    name = "subscribers"
    title = "Subscribers"
    columns = _COLUMNS
    filters = (_IS,)
    views = (
        View("all", "All", ""),
        View("active", "Active", "state:active"),
        View("debtors", "Debtors", "balance<0", _DEBTS_FIRST),
        View("beyond_limit", "Beyond the limit", "is:beyond_limit", _DEBTS_FIRST),
        View("failed", "Failed at the last close", "is:failed"),
        View("to_block", "To block", "is:to_block"),
    )
    shape = Shape({"s": "subscriber s", "a": "account a"}, {"a": "a.id >= 1000"})
    walks = (
        Walk("id", "s", "s.id", None, unique=True),
        Walk("login", "s", "s.login", "subscriber_login", unique=True),
        Walk("name", "s", "s.name", "subscriber_name"),
        Walk("phone", "s", "s.phone", "subscriber_phone"),
        Walk("contract_number", "s", "s.contract_number", "subscriber_contract_number"),
        Walk("state", "s", "s.state", "subscriber_state"),
        Walk("balance", "a", "a.balance", "account_balance"),
    )
    joins = (
        "JOIN account a ON a.id = s.id JOIN subscriber_group g ON g.id = s.group_id"
        " LEFT JOIN plan p ON p.id = s.plan_id LEFT JOIN plan op ON op.id = s.ordered_plan_id"
        " LEFT JOIN addon ad ON ad.id = s.addon_id LEFT JOIN subscriber m ON m.id = s.alias_of"
    )

    def clause(self, database: Database, condition: Condition) -> Clause:
        """See the module's text; InputError for a plan or group that does not exist."""
        name = condition.column
        if not name:
            return _words(str(condition.value))
        if name == _IS.name:
            return _is(database, str(condition.value))
        if name in _REFERENCES:
            return _reference(database, condition)
        if name == "alias_of":
            return _alias(condition)
        column = next(column for column in _COLUMNS if column.name == name)
        alias = column.sql.partition(".")[0]
        sql, parameters = compared(column, column.sql, condition)
        ids: tuple[Fragment, ...] = ()
        if name in _FOUND_BY and condition.operator != "~" and condition.value != "":
            bare = compared(column, column.sql.removeprefix(f"{alias}."), condition)
            ids = ((_FOUND_BY[name].format(bare[0]), bare[1]),)
        pinned = column.sql if condition.operator == "=" and condition.value != "" else None
        return Clause(sql, parameters, frozenset(alias), ids, pinned)


def _words(text: str) -> Clause:
    """A beginning of one of four columns."""
    phones = [text, f"+{text}"] if text[:1].isdigit() else [text]
    looked_for = {
        "login": [text],
        "name": spellings(text, capitalised=True),
        "phone": phones,
        "contract_number": [text],
    }
    branches = [(column, prefix) for column, texts in looked_for.items() for prefix in texts]
    sql, parameters = any_of([begins_with(f"s.{column}", prefix) for column, prefix in branches])
    ids = []
    for column, prefix in branches:
        bare, values = begins_with(column, prefix)
        ids.append((_FOUND_BY[column].format(bare), values))
    return Clause(sql, parameters, frozenset("s"), tuple(ids))


def _is(database: Database, what: str) -> Clause:
    """What `is:` asks for."""
    if what == "beyond_limit":
        ids = (_FOUND_BY["balance"].format("balance < 0"), ())
        sql = "a.balance < 0 AND a.balance + s.credit_limit < 0"
        return Clause(sql, (), frozenset("sa"), (ids,))
    # The index of close_record has status, period and block.
    status, block = ("failed", 0) if what == "failed" else ("charged", 1)
    period = last_closed(database) or ""
    of_close = "period = ? AND status = ? AND block = ?"
    values: tuple[Any, ...] = (period, status, block)
    ids = (f"SELECT subscriber_id AS id FROM close_record WHERE {of_close}", values)
    sql = f"EXISTS (SELECT 1 FROM close_record c WHERE c.subscriber_id = s.id AND {of_close})"
    return Clause(sql, values, frozenset("s"), (ids,))


def last_closed(database: Database) -> str | None:
    """The newest period whose close has begun or is done, None before the first."""
    found: str | None = database.value(
        "SELECT MAX(period) FROM billing_period WHERE state <> 'open'"
    )
    return found


def _reference(database: Database, condition: Condition) -> Clause:
    """A plan, an add-on plan or a group by its code. InputError when there is none such."""
    column, table = _REFERENCES[condition.column]
    code = str(condition.value)
    if not code:
        return Clause(f"{column} IS NULL", (), frozenset("s"))
    number = database.value(f"SELECT id FROM {table} WHERE code = ?", (code,))
    if number is None:
        raise InputError(f"there is no {condition.column.replace('_', ' ')} '{safe(code, 40)}'.")
    ids = (f"SELECT id FROM subscriber WHERE {column.removeprefix('s.')} = ?", (number,))
    return Clause(f"{column} = ?", (number,), frozenset("s"), (ids,))


def _alias(condition: Condition) -> Clause:
    """Aliases by the login of their main subscriber; `alias_of:` those who are no alias."""
    if condition.value == "" and condition.operator in (":", "="):
        return Clause("s.alias_of IS NULL", (), frozenset("s"))
    login = Column("login", "", "m.login", "text", 0)
    sql, values = compared(login, "m.login", condition)
    found = f"s.alias_of IN (SELECT m.id FROM subscriber m WHERE {sql})"
    ids = (
        "SELECT x.id FROM subscriber x WHERE x.alias_of IN"
        f" (SELECT m.id FROM subscriber m WHERE {sql})",
        values,
    )
    return Clause(found, values, frozenset("s"), (ids,))


SUBSCRIBERS = Subscribers()
