"""The list of numbers with their balances: its columns, what is looked for by words, its views.

Words are the beginning of a number, of its personal account or of its login. `is:static`
asks for both statuses that stand still, `login:` for numbers without a subscriber. The balance is
that of the number's newest report; it has no index, so a filter by it looks at row after row.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from engine.balances.trend import STATUSES
from engine.errors import InputError
from engine.queries.clauses import Clause, Fragment, any_of, begins_with, compared
from engine.queries.columns import Column, Sort
from engine.queries.filters import Condition
from engine.queries.moments import within
from engine.queries.paging import PagedSource, View
from engine.queries.walking import Shape, Walk
from engine.text import safe

if TYPE_CHECKING:
    from engine.database import Database

_COLUMNS = (
    Column("number", "Number", "m.number", "text", 11, sortable=True),
    Column("status", "Status", "m.status", "choice", 19, choices=STATUSES),
    Column("status_since", "Since", "m.status_since", "date", 16, sortable=True),
    Column("balance", "Balance", "b.balance", "amount", 12),
    Column("last_report", "Report", "b.day", "date", 10),
    Column("operator", "Operator", "o.name", "choice", 10),
    Column("tariff", "Tariff", "t.title", "text", 14),
    Column("personal_account", "Account", "p.code", "text", 10),
    Column("login", "Subscriber", "s.login", "text", 14),
)
_IS = Column("is", "Is", "", "choice", 0, choices=("static",))
_BY_NAME = {column.name: column for column in _COLUMNS}
_STATIC = ("positive_static", "negative_static")
_LATEST_FIRST = (Sort("status_since", descending=True),)

_NEWEST = "SELECT MAX(l.day) FROM number_balance l WHERE l.number_id = m.id"
# What a column is compared as, where the list's rows have it from another table.
_BALANCE = (
    "(SELECT l.balance FROM number_balance l WHERE l.number_id = m.id ORDER BY l.day DESC LIMIT 1)"
)
_LINKED = {
    "personal_account": ("personal_account", "x.code", "m.personal_account_id"),
    "tariff": ("operator_tariff", "x.title", "m.tariff_id"),
    "login": ("subscriber", "x.login", "m.subscriber_id"),
}
_BY_NUMBER = "SELECT id FROM number WHERE {}"
# The operators are few; with them the index of the accounts finds a code.
_BY_ACCOUNT = (
    "SELECT y.id AS id FROM personal_account x {join} number y ON y.personal_account_id = x.id"
    " WHERE x.operator_id IN (SELECT id FROM operator) AND {where}"
)
_BY_LOGIN = (
    "SELECT y.id AS id FROM subscriber x {join} number y ON y.subscriber_id = x.id WHERE {where}"
)


class NumberList(PagedSource):
    """All numbers. A row is the id and the columns above; `balance` and `last_report` (its day) are
    of the newest report that has the number, `status_since` is in epoch milliseconds. Days of a
    filter are those of `zone`."""

    name = "balances"
    title = "Numbers"
    columns: tuple[Column, ...] = _COLUMNS
    filters = (_IS,)
    views = (
        View("all", "All", ""),
        View("no_data", "Missing from reports", "status:no_data", _LATEST_FIRST),
        View("terminated", "Terminated", "status:terminated", _LATEST_FIRST),
        View("static", "Standing still", "is:static"),
        View("new", "New", "status:new", _LATEST_FIRST),
        View("below_zero", "Below zero", "balance<0"),
        View("without_subscriber", "Without a subscriber", "login:"),
    )
    shape = Shape({"m": "number m"}, {})
    walks = (
        Walk("id", "m", "m.id", None, unique=True),
        Walk("number", "m", "m.number", "number_number", unique=True),
        Walk("status_since", "m", "m.status_since", "number_status_since", nullable=True),
    )
    joins = (
        "JOIN operator o ON o.id = m.operator_id"
        " LEFT JOIN personal_account p ON p.id = m.personal_account_id"
        " LEFT JOIN operator_tariff t ON t.id = m.tariff_id"
        " LEFT JOIN subscriber s ON s.id = m.subscriber_id"
        f" LEFT JOIN number_balance b ON b.number_id = m.id AND b.day = ({_NEWEST})"
    )

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def clause(self, database: Database, condition: Condition) -> Clause:
        """See the module's text; InputError for an operator that does not exist."""
        name = condition.column
        join = database.dialect.ordered_join
        if not name:
            return _words(str(condition.value), join)
        if name == _IS.name:
            marks = ", ".join("?" * len(_STATIC))
            sql = f"status IN ({marks})"
            return Clause(f"m.{sql}", _STATIC, frozenset("m"), ((_BY_NUMBER.format(sql), _STATIC),))
        if name == "operator":
            return _operator(database, condition)
        if name in _LINKED:
            return _linked(condition, join)
        if name == "status_since" and condition.value != "":
            return _since(condition, self._zone)
        column = _BY_NAME[name]
        seen = {"balance": _BALANCE, "last_report": f"({_NEWEST})"}.get(name, column.sql)
        sql, parameters = compared(column, seen, condition)
        ids: tuple[Fragment, ...] = ()
        if name in ("number", "status") and condition.operator != "~" and condition.value != "":
            bare = compared(column, name, condition)
            ids = ((_BY_NUMBER.format(bare[0]), bare[1]),)
        pinned = column.sql if name == "number" and condition.operator == "=" else None
        return Clause(sql, parameters, frozenset("m"), ids, pinned)


def _words(text: str, join: str) -> Clause:
    """A beginning of one of three."""
    number = begins_with("m.number", text)
    code, login = begins_with("x.code", text), begins_with("x.login", text)
    sql, parameters = any_of(
        [
            number,
            (_exists("personal_account", "m.personal_account_id", code[0]), code[1]),
            (_exists("subscriber", "m.subscriber_id", login[0]), login[1]),
        ]
    )
    bare = begins_with("number", text)
    ids = (
        (_BY_NUMBER.format(bare[0]), bare[1]),
        (_BY_ACCOUNT.format(join=join, where=code[0]), code[1]),
        (_BY_LOGIN.format(join=join, where=login[0]), login[1]),
    )
    return Clause(sql, parameters, frozenset("m"), ids)


def _linked(condition: Condition, join: str) -> Clause:
    """By a column of a row that the number refers to; with nothing behind it: no such row."""
    table, seen, link = _LINKED[condition.column]
    if condition.value == "" and condition.operator in (":", "="):
        empty = f"{link.removeprefix('m.')} IS NULL"
        return Clause(f"m.{empty}", (), frozenset("m"), ((_BY_NUMBER.format(empty), ()),))
    where, parameters = compared(_BY_NAME[condition.column], seen, condition)
    ids: tuple[Fragment, ...] = ()
    by = {"personal_account": _BY_ACCOUNT, "login": _BY_LOGIN}.get(condition.column)
    if by is not None and condition.operator in (":", "="):
        ids = ((by.format(join=join, where=where), parameters),)
    return Clause(_exists(table, link, where), parameters, frozenset("m"), ids)


def _exists(table: str, link: str, where: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} x WHERE x.id = {link} AND {where})"


def _operator(database: Database, condition: Condition) -> Clause:
    """An operator by its name. InputError when there is none such."""
    name = str(condition.value)
    known = {called: number for number, called in database.rows("SELECT id, name FROM operator")}
    if name not in known:
        names = ", ".join(safe(one, 60) for one in sorted(known)) or "there are none yet"
        raise InputError(f"there is no operator '{safe(name, 40)}': {names}.")
    return Clause("m.operator_id = ?", (known[name],), frozenset("m"))


def _since(condition: Condition, zone: tzinfo) -> Clause:
    """By the moment when the status changed last."""
    sql, parameters = within("m.status_since", condition, zone)
    ids = (_BY_NUMBER.format(sql.replace("m.", "")), parameters)
    return Clause(sql, parameters, frozenset("m"), (ids,))
