"""A billing server all of whose texts attack the terminal and the markup: logins, names, comments,
codes, notes, reasons. Only SQLite stores all of it."""

from __future__ import annotations

import json
from pathlib import Path

from engine.database import Database
from engine.events.texts import VARIABLES
from tests.console import close_books
from tests.console.people import HOSTILE

# A lone surrogate is no text for any database.
TEXTS = [text for text in HOSTILE if "\ud800" not in text]
PLAIN_LOGIN = "plain"
CLOSED = "2024-09"
_FIRST = 1000
_FAR = 32_503_680_000_000  # the year 3000: a heartbeat that is always fresh


def build(path: Path) -> None:
    """The books of `close_books`, each text in them replaced."""
    close_books.build(path)
    database = close_books.read(path)
    with database.transaction():
        _catalogue(database)
        _operators(database)
        for table in ("receipt", "attempt", "action", "channel", "event"):
            database.execute(f"DELETE FROM {table}")
        for number, text in enumerate(TEXTS):
            _subscriber(database, _FIRST + number, text)
            _entry(database, _FIRST, number, text)
            _runs(database, number, text)
            _number(database, number, text)
            _event(database, number, text)
        database.execute("UPDATE subscriber SET login = ? WHERE id = ?",
                         (PLAIN_LOGIN, _FIRST + len(TEXTS)))  # fmt: skip
        database.execute("UPDATE subscriber SET name = ? WHERE id = ?",
                         (" ".join(TEXTS), _FIRST + len(TEXTS)))  # fmt: skip
    database.close()


def _catalogue(database: Database) -> None:
    for table in ("plan", "addon", "service", "subscriber_group"):
        for (row,) in database.rows(f"SELECT id FROM {table}"):
            text = f"{row} {TEXTS[row % len(TEXTS)]}"
            database.execute(
                f"UPDATE {table} SET code = ?, name = ? WHERE id = ?", (text, text, row)
            )


def _subscriber(database: Database, row: int, text: str) -> None:
    """`h07`, `tel07` and `c07` tell which parts of the screen belong to one row."""
    mark = f"{row - _FIRST:02}"
    database.execute(
        "UPDATE subscriber SET login = ?, name = ?, address = ?, email = ?, phone = ?,"
        " contract_number = ?, external_uid = ? WHERE id = ?",
        (f"h{mark}{text}", text, text, text, f"tel{mark} {text}", f"c{mark} {text}",
         f"{mark} {text}", row),
    )  # fmt: skip
    database.execute(
        "UPDATE close_record SET status = 'failed', amount = 0, reason = ?"
        " WHERE period = ? AND subscriber_id = ?",
        (text, CLOSED, row),
    )


def _entry(database: Database, account: int, number: int, text: str) -> None:
    entry = database.insert(
        "INSERT INTO journal_entry (kind, entry_key, content_hash, effective_at, recorded_at,"
        " actor, comment) VALUES ('payment', ?, '', ?, ?, ?, ?)",
        (f"{number} {text}", close_books.NOW, close_books.NOW, text, text),
    )
    database.write_many(
        "INSERT INTO posting (entry_id, line, account_id, amount) VALUES (?, ?, ?, ?)",
        [(entry, 1, account, 100), (entry, 2, 1, -100)],
    )


def _operators(database: Database) -> None:
    """In place of the demonstration's: one operator for each text, and a report of each."""
    for table in ("balance_mail", "number_history", "number_balance", "number", "balance_report",
                  "operator_tariff", "personal_account", "operator"):  # fmt: skip
        database.execute(f"DELETE FROM {table}")
    for number, text in enumerate(TEXTS, 1):
        database.execute("INSERT INTO operator (id, name) VALUES (?, ?)", (number, text))
        database.execute("INSERT INTO operator_tariff VALUES (?, ?, ?)", (number, number, text))
        database.execute("INSERT INTO personal_account VALUES (?, ?, ?)",
                         (number, number, text[:40]))  # fmt: skip
        database.execute("INSERT INTO balance_report VALUES (?, ?, '2024-09-01', 0)",
                         (number, number))  # fmt: skip


def _number(database: Database, number: int, text: str) -> None:
    """`n07` tells whose line it is; the history, the mail and a skipped one attack, too."""
    key = number + 1
    database.execute(
        "INSERT INTO number (id, number, operator_id, personal_account_id, tariff_id,"
        " subscriber_id, status, status_since, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
        (key, f"n{number:02}{text}"[:20], key, key, key, _FIRST + number,
         "terminated" if number % 2 else "ok"),
    )  # fmt: skip
    database.execute("INSERT INTO number_balance VALUES (?, '2024-09-01', ?, -1, 0)", (key, key))
    database.execute(
        "INSERT INTO number_history (number_id, at, what, value_before, value_after)"
        " VALUES (?, 0, 'tariff', ?, ?)",
        (key, text, text),
    )
    for state in ("processed", "skipped"):
        database.execute(
            "INSERT INTO balance_mail (mail_key, content_hash, state, reason, taken_at, size,"
            " number, number_id, said_at, body) VALUES (?, ?, ?, ?, 0, 5, ?, ?, 0, ?)",
            (f"{state} {number}", "", state, f"w{number:02} {text}"[:200], text[:20], key,
             "\n".join(TEXTS)),
        )  # fmt: skip


def _event(database: Database, number: int, text: str) -> None:
    """`a07` begins the reason, `r07` the reply; two actions of one event, a paused channel."""
    key = number + 1
    database.execute(
        "INSERT INTO event (id, event_key, content_hash, kind, subscriber_id, at, recorded_at,"
        " is_late, source, caused_by, actor, amount, comment) VALUES (?, ?, '', 'payment', ?, 0, 0,"
        " 1, 'hook', 'staff', ?, 5, ?)",
        (key, f"{number} {text}", _FIRST + number, text, text),
    )
    channel = f"{number:02}{text}"[:50]
    database.execute(
        "INSERT INTO channel (name, paused_at, paused_by, reason) VALUES (?, 0, ?, ?)",
        (channel, text, text),
    )
    payload = json.dumps(
        {"template": "{{ login }}", "values": dict.fromkeys(VARIABLES, text), "phone": text,
         "email": text, "logins": [text], "discounts": [[text, text, 1]], "amount": 5}
    )  # fmt: skip
    for action, kind, state in ((2 * key, "notice", "dead"), (2 * key + 1, "receipt", "done")):
        database.execute(
            "INSERT INTO action (id, event_id, subscriber_id, kind, channel, action_key, payload,"
            " state, reason, created_at, remote_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            (action, key, _FIRST + number, kind, channel, f"{action} {text}"[:36], payload, state,
             f"a{number:02} {text}"[:300], text[:100]),
        )  # fmt: skip
        database.execute(
            "INSERT INTO attempt (action_id, number, what, started_at, ended_at, verdict, status,"
            " detail, excerpt) VALUES (?, 1, 'send', 0, 5, 'refused', 200, ?, ?)",
            (action, text[:300], f"r{number:02} {text}"[:500]),
        )
    database.execute(
        "INSERT INTO receipt (action_id, task, state, accepted_at, link, detail)"
        " VALUES (?, ?, 'error', 0, ?, ?)",
        (2 * key + 1, text[:100], text, text[:300]),
    )


def _runs(database: Database, number: int, text: str) -> None:
    """One that failed, so that it needs attention; a close that goes on; a daemon."""
    for job, state in ((f"{number} {text}", "failed"), ("month-close", "running")):
        run = database.insert(
            "INSERT INTO job_run (job, subject, state, holder, actor, cancelled_by, asked_at,"
            " started_at, heartbeat_at, finished_at, done, total, note, parameters, exit_reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 5, 10, ?, ?, ?)",
            (job, text, state, text, text, text, close_books.NOW, close_books.NOW, _FAR,
             _FAR if state == "failed" else None, text, json.dumps({text: text}), text[:20]),
        )  # fmt: skip
        database.write_many(
            "INSERT INTO job_log (run_id, line, at, level, text) VALUES (?, ?, 0, 'warning', ?)",
            [(run, line, each) for line, each in enumerate(TEXTS, 1)],
        )
    database.execute(
        "INSERT INTO daemon (holder, version, state, started_at, heartbeat_at, note)"
        " VALUES (?, '1', 'active', 0, ?, ?)",
        (f"{number}{text}", _FAR + number, text),
    )
