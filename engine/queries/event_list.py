"""The list of actions with the events they follow: columns, what is looked for by words, views.

Words are the beginning of a login. `is:open` asks for what is not over, `is:late` for actions of
events that were recorded late, `is:no_receipt` for receipts that are still to be made. An action's
kind, state, channel, login and receipt have an index, and so has the kind of its event; all else is
looked for row by row, the newest first.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from engine.events.kinds import ACTION_KINDS, EVENT_KINDS, OPEN_STATES, STATES
from engine.queries.clauses import Clause, Fragment, begins_with, compared
from engine.queries.columns import Column, Sort
from engine.queries.filters import Condition
from engine.queries.moments import within
from engine.queries.paging import PagedSource, Query, View
from engine.queries.walking import Shape, Walk

if TYPE_CHECKING:
    from engine.database import Database

NEWEST_FIRST = (Sort("id", descending=True),)
RECEIPT_STATES = ("new", "done", "error")

_COLUMNS = (
    Column("id", "Action", "a.id", "number", 7, sortable=True),
    Column("at", "Time", "a.created_at", "date", 16),
    Column("login", "Login", "s.login", "text", 9),
    Column("kind", "What", "a.kind", "choice", 12, sortable=True, choices=ACTION_KINDS),
    Column("channel", "Channel", "a.channel", "text", 8),
    Column("state", "State", "a.state", "choice", 12, sortable=True, choices=STATES),
    Column("event", "Event", "e.kind", "choice", 13, choices=EVENT_KINDS),
    Column("attempts", "Tries", "a.attempts", "number", 5),
    Column("next_at", "Next", "a.next_at", "date", 16),
    Column("reason", "Reason", "a.reason", "text", 24),
    Column("receipt", "Receipt", "r.state", "choice", 7, choices=RECEIPT_STATES),
)
_EVENT_ID = Column("event_id", "Number of the event", "a.event_id", "number", 0)
_IS = Column("is", "Is", "", "choice", 0, choices=("open", "late", "no_receipt"))
_BY_NAME = {column.name: column for column in (*_COLUMNS, _EVENT_ID)}

_FOUND = "SELECT id FROM action WHERE {}"
_BY_LOGIN = (
    "SELECT y.id AS id FROM subscriber x {join} action y ON y.subscriber_id = x.id WHERE {where}"
)
_BY_EVENT = "SELECT y.id AS id FROM event x {join} action y ON y.event_id = x.id WHERE x.kind = ?"
_BY_RECEIPT = "SELECT action_id AS id FROM receipt WHERE state = ?"
_EVENT_KIND = "(SELECT x.kind FROM event x WHERE x.id = a.event_id)"
_RECEIPT_STATE = "(SELECT x.state FROM receipt x WHERE x.action_id = a.id)"
# Not EXISTS: MariaDB would begin with the subscribers and sort all that it finds.
_OF_LOGIN = "(SELECT COUNT(*) FROM subscriber x WHERE x.id = a.subscriber_id AND {}) = 1"
_LATE = "(SELECT x.is_late FROM event x WHERE x.id = a.event_id) = 1"
_MOMENTS = ("at", "next_at")
# By which index the actions of a kind or a state are in the order of their numbers.
_BY_ID = {"kind": "action_kind", "state": "action_state"}
# Nearly all are done: then the kind tells more.
_COMMON_STATE = "done"


class ActionList(PagedSource):
    """All actions. A row is the number and the columns above; times are epoch milliseconds. Days of
    a filter are those of `zone`."""

    name = "actions"
    title = "Actions"
    columns: tuple[Column, ...] = _COLUMNS
    filters = (_EVENT_ID, _IS)
    views = (
        View("all", "All", "", NEWEST_FIRST),
        View("open", "Not over", "is:open", NEWEST_FIRST),
        View("dead", "Dead", "state:dead", NEWEST_FIRST),
        View("unknown", "Unknown", "state:unknown", NEWEST_FIRST),
        View("retrying", "Retrying", "state:retrying", NEWEST_FIRST),
        View("receipts_wrong", "Receipts in error", "receipt:error", NEWEST_FIRST),
        View("no_receipt", "Receipts to be made", "is:no_receipt", NEWEST_FIRST),
        View("late", "Of late events", "is:late", NEWEST_FIRST),
    )
    shape = Shape({"a": "action a"}, {})
    walks = (
        Walk("id", "a", "a.id", None, unique=True),
        Walk("kind", "a", "a.kind", "action_kind"),
        Walk("state", "a", "a.state", "action_state"),
    )
    joins = (
        "JOIN event e ON e.id = a.event_id JOIN subscriber s ON s.id = a.subscriber_id"
        " LEFT JOIN receipt r ON r.action_id = a.id"
    )

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def query(self, text: str, sorts: tuple[Sort, ...] = NEWEST_FIRST) -> Query:
        """What was typed as a query; the newest first unless said otherwise. Raises InputError."""
        return super().query(text, sorts)

    def walk(self, column: str, query: Query) -> Walk:
        """See `PagedSource.walk`: the actions of a kind or a state have indexes of their own."""
        if column != "id":
            return super().walk(column, query)
        fixed = {one.column: one.value for one in query.conditions if _fixes(one)}
        rare = fixed.get("state", _COMMON_STATE) != _COMMON_STATE
        chosen = "state" if rare or "kind" not in fixed else "kind"
        index = _BY_ID[chosen] if chosen in fixed else None
        return Walk("id", "a", "a.id", index, unique=True)

    def clause(self, database: Database, condition: Condition) -> Clause:
        """See the module's text."""
        name = condition.column
        join = database.dialect.ordered_join
        if name in ("", "login"):
            return _login(condition, join)
        if name == _IS.name:
            return _is(str(condition.value))
        if name in _MOMENTS and condition.value != "":
            sql, parameters = within(_BY_NAME[name].sql, condition, self._zone)
            return Clause(sql, parameters, frozenset("a"))
        column = _BY_NAME[name]
        seen = {"event": _EVENT_KIND, "receipt": _RECEIPT_STATE}.get(name, column.sql)
        sql, parameters = compared(column, seen, condition)
        pinned = column.sql if _fixes(condition) else None
        return Clause(sql, parameters, frozenset("a"), _ids(condition, join), pinned)


def _fixes(condition: Condition) -> bool:
    """Whether it leaves one kind, or one state."""
    known = condition.column in _BY_ID and condition.operator == "="
    return known and condition.value != "" and not condition.negated


def _ids(condition: Condition, join: str) -> tuple[Fragment, ...]:
    """Where an index tells which actions fulfil a condition."""
    name, value = condition.column, condition.value
    if value == "" or condition.operator == "~":
        return ()
    if name == "event":
        return ((_BY_EVENT.format(join=join), (value,)),)
    if name == "receipt":
        return ((_BY_RECEIPT, (value,)),)
    if name in ("id", "event_id", "kind", "state", "channel"):
        sql, parameters = compared(_BY_NAME[name], name, condition)
        return ((_FOUND.format(sql), parameters),)
    return ()


def _login(condition: Condition, join: str) -> Clause:
    """By the login of the subscriber."""
    if not condition.column:
        where, parameters = begins_with("x.login", str(condition.value))
    else:
        where, parameters = compared(_BY_NAME["login"], "x.login", condition)
    ids: tuple[Fragment, ...] = ()
    if condition.operator != "~" and condition.value != "":
        ids = ((_BY_LOGIN.format(join=join, where=where), parameters),)
    return Clause(_OF_LOGIN.format(where), parameters, frozenset("a"), ids)


def _is(what: str) -> Clause:
    """What `is:` asks for."""
    if what == "late":
        return Clause(_LATE, (), frozenset("a"))
    is_open = f"state IN ({', '.join('?' * len(OPEN_STATES))})"
    ids = (_FOUND.format(is_open), OPEN_STATES)
    if what == "open":
        return Clause(f"a.{is_open}", OPEN_STATES, frozenset("a"), (ids,))
    sql = f"a.kind = 'receipt' AND (a.{is_open} OR COALESCE({_RECEIPT_STATE}, '') = 'new')"
    return Clause(sql, OPEN_STATES, frozenset("a"), (ids, (_BY_RECEIPT, ("new",))))
