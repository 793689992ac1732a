"""A call of the provider that tells what became of a receipt: verified, then kept like an answer.

Calls may come twice, late, before we know that the receipt was accepted, or from somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.database import Database
from engine.errors import ConfigError, InputError, NeedsConfirmation
from engine.events.receipt_rows import COLUMNS, accept, known
from engine.events.receipts import Books, Effect, add_links, settle
from engine.integrations.komtet import Task, read_callback, receipt_link, verify_callback
from engine.retry import run_unit
from engine.text import safe

MOST_BYTES = 65_536
"""The longest body of a call."""

# Of an action in these states it was not known yet that the provider has taken it.
_OPEN = ("waiting", "retrying", "unknown", "dead")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came: `url` is the one that the provider was given, `signature` its header
    X-HMAC-Signature."""

    method: str
    url: str
    signature: str
    body: bytes


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What came of a call about the receipt of an action. `sending`: it is being sent at this
    moment, so nothing was kept; its state will be asked for."""

    action: int
    state: str
    effect: Effect | Literal["sending"]


def take_call(database: Database, call: Call, books: Books, wait_seconds: float) -> CallAnswer:
    """Keeps what a call tells. Raises NeedsConfirmation for one that is not signed by the provider,
    InputError for one that names no receipt of ours; then nothing was changed."""
    secret = books.komtet.secret
    if secret is None:
        raise ConfigError(
            "[komtet] has no secret, so no call can be verified; set secret_file. No receipt was"
            " changed."
        )
    if len(call.body) > MOST_BYTES:
        raise InputError(
            f"the call is longer than {MOST_BYTES} bytes, as none from Komtet is. No receipt was"
            " changed."
        )
    if not verify_callback(secret, call.method, call.url, call.body, call.signature):
        raise NeedsConfirmation(
            f"the call to {safe(call.url, 200)} is not signed with the secret of [komtet]: it is"
            " not from Komtet, or --url is not just what [komtet] callback_url says. No receipt"
            " was changed; its state is asked for in any case."
        )
    task = read_callback(call.body)

    def work() -> CallAnswer:
        with database.transaction():
            return _apply(database, task, books)

    return run_unit(database, work, wait_seconds)


def _apply(database: Database, task: Task, books: Books) -> CallAnswer:
    # Locked: of a call and an answer at the same moment the second one sees the first.
    row = database.row(
        "SELECT a.id, a.state, r.action_id FROM action a LEFT JOIN receipt r ON r.action_id = a.id"
        f" WHERE a.action_key = ? AND a.kind = 'receipt' {database.dialect.lock_rows}",
        (task.external_id,),
    )
    if row is None:
        raise InputError(
            f"there is no receipt {safe(task.external_id, 60)}: the call is about another shop's,"
            " or of another database. Nothing was changed."
        )
    action, state, receipt = row
    if receipt is None and state == "sending":
        return CallAnswer(action, task.state, "sending")
    if receipt is None:
        _accept(database, action, task, books.moment.now_ms)
    (found,) = known(
        database.rows(
            f"SELECT {COLUMNS} FROM action a JOIN receipt r ON r.action_id = a.id WHERE a.id = ?",
            (action,),
        )
    )
    effect = settle(database, found, task, books)
    if effect == "kept" and task.state == "done":
        add_links(database, [(found, receipt_link(task, books.komtet))], books)
    return CallAnswer(action, task.state, effect)


def _accept(database: Database, action: int, task: Task, now_ms: int) -> None:
    """Their answer was lost, but here it is: they have taken the receipt."""
    accept(database, [(action, safe(task.id, 100), now_ms)])
    marks = ", ".join(f"'{state}'" for state in _OPEN)
    database.execute(
        "UPDATE action SET state = 'done', reason = ?, remote_id = ?, next_at = NULL, ended_at = ?"
        f" WHERE id = ? AND state IN ({marks})",
        ("taken by Komtet, as their call tells", safe(task.id, 100), now_ms, action),
    )
