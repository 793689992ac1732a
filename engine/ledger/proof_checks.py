"""The checks of the proof that are one statement each. A row of the answer is a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.database import Row
from engine.events.by_hand import MARKED_DONE
from engine.ledger.accounts import BONUS, CORRECTION, FIRST_SUBSCRIBER
from engine.money import format_amount
from engine.text import safe

# No amount that billdeck writes comes near it; sums of what lies below it fit into 64 bits.
_ABSURD = 10**17
_EXACT = 2**52


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `kind` is a fixed word, `subject` the object ('entry 17',
    'subscriber ivan'), `detail` a sentence with the numbers. All fit for a terminal."""

    kind: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Check:
    """`describe` makes the subject and the detail of a finding from a row of the statement."""

    kind: str
    sql: str
    describe: Callable[[Row], tuple[str, str]]
    parameters: tuple[int | str, ...] = ()


def _money(value: object) -> str:
    return format_amount(value) if isinstance(value, int) else f"not an amount ({safe(value, 40)})"


def _sum(value: object) -> str:
    return format_amount(int(str(value)))


def _who(login: object, number: object) -> str:
    return f"subscriber {safe(login)}" if login is not None else f"account {number}"


def _entry(number: object) -> str:
    return "no entry" if number is None else f"entry {number}"


# A number with a fraction, which SQLite stores where its checks are off, is always smaller than
# _EXACT; larger ones are whole, and ROUND would change them.
AMOUNT_CHECKS = (
    Check(
        "amount",
        "SELECT entry_id, line, amount FROM posting"
        " WHERE amount NOT BETWEEN ? AND ?"
        " OR (amount BETWEEN ? AND ? AND ROUND(amount) <> amount)",
        lambda row: (f"entry {row[0]}", f"line {row[1]} holds {_money(row[2])}"),
        (-_ABSURD, _ABSURD, -_EXACT, _EXACT),
    ),
)

CHECKS = (
    Check(
        "entry-sum",
        "SELECT entry_id, SUM(amount), COUNT(*) FROM posting GROUP BY entry_id"
        " HAVING SUM(amount) <> 0 ORDER BY entry_id",
        lambda row: (
            f"entry {row[0]}",
            f"its {row[2]} postings sum to {_sum(row[1])}, not to 0.00",
        ),
    ),
    Check(
        "entry-lines",
        "SELECT e.id, COUNT(p.line) FROM journal_entry e LEFT JOIN posting p ON p.entry_id = e.id"
        " GROUP BY e.id HAVING COUNT(p.line) < 2 ORDER BY e.id",
        lambda row: (f"entry {row[0]}", f"it has {row[1]} postings; an entry has at least two"),
    ),
    Check(
        "posting-entry",
        "SELECT p.entry_id, p.line, p.account_id, p.amount FROM posting p"
        " WHERE NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = p.entry_id)"
        " ORDER BY p.entry_id, p.line",
        lambda row: (
            f"entry {row[0]}",
            f"there is no such entry, yet line {row[1]} posts {_money(row[3])} to account {row[2]}",
        ),
    ),
    Check(
        "posting-account",
        "SELECT p.entry_id, p.line, p.account_id, p.amount FROM posting p"
        " WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = p.account_id)"
        " ORDER BY p.entry_id, p.line",
        lambda row: (
            f"entry {row[0]}",
            f"line {row[1]} posts {_money(row[3])} to account {row[2]}, which does not exist",
        ),
    ),
    Check(
        "balance",
        "SELECT s.login, b.id, b.balance, b.total FROM (SELECT a.id, a.balance, COALESCE("
        "(SELECT SUM(p.amount) FROM posting p WHERE p.account_id = a.id), 0) AS total"
        " FROM account a WHERE a.id >= ?) b LEFT JOIN subscriber s ON s.id = b.id"
        " WHERE b.balance IS NULL OR b.balance <> b.total",
        lambda row: (
            _who(row[0], row[1]),
            f"the kept balance is {_money(row[2])}, its postings sum to {_sum(row[3])}",
        ),
        (FIRST_SUBSCRIBER,),
    ),
    Check(
        "own-balance",
        "SELECT id, code, balance FROM account WHERE id < ? AND balance IS NOT NULL",
        lambda row: (
            f"account {safe(row[1])}",
            f"it keeps a balance of {_money(row[2])}; our own accounts keep none",
        ),
        (FIRST_SUBSCRIBER,),
    ),
    Check(
        "subscriber-account",
        "SELECT s.login, s.id FROM subscriber s"
        " WHERE s.id < ? OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = s.id)",
        lambda row: (f"subscriber {safe(row[0])}", f"there is no account {row[1]} for it"),
        (FIRST_SUBSCRIBER,),
    ),
    Check(
        "account-subscriber",
        "SELECT a.id, a.balance FROM account a WHERE a.id >= ?"
        " AND NOT EXISTS (SELECT 1 FROM subscriber s WHERE s.id = a.id)",
        lambda row: (f"account {row[0]}", f"it has no subscriber; it keeps {_money(row[1])}"),
        (FIRST_SUBSCRIBER,),
    ),
    Check(
        "reversal-row",
        "SELECT e.id FROM journal_entry e WHERE e.kind = 'reversal'"
        " AND NOT EXISTS (SELECT 1 FROM reversal r WHERE r.entry_id = e.id)",
        lambda row: (f"entry {row[0]}", "it is a reversal, but does not name what it reverses"),
    ),
    Check(
        "reversal-kind",
        "SELECT r.entry_id, r.reversed_entry, e.kind, o.kind FROM reversal r"
        " LEFT JOIN journal_entry e ON e.id = r.entry_id"
        " LEFT JOIN journal_entry o ON o.id = r.reversed_entry"
        " WHERE e.kind IS NULL OR e.kind <> 'reversal' OR o.kind IS NULL OR o.kind = 'reversal'",
        lambda row: (
            f"entry {row[0]}",
            f"it is a {row[2] or 'missing entry'} that reverses entry {row[1]},"
            f" a {row[3] or 'missing entry'}",
        ),
    ),
    Check(
        "reversal-twice",
        "SELECT r.reversed_entry, COUNT(*) FROM reversal r"
        " JOIN journal_entry o ON o.id = r.reversed_entry"
        " WHERE o.kind <> 'charge' GROUP BY r.reversed_entry HAVING COUNT(*) > 1",
        lambda row: (f"entry {row[0]}", f"it was reversed {row[1]} times"),
    ),
    # The lines of a whole reversal stand in the order of the lines they turn round.
    Check(
        "reversal-lines",
        "SELECT x.id, x.reversed_entry, x.total, x.there, x.opposite FROM ("
        "SELECT r.entry_id AS id, r.reversed_entry,"
        " (SELECT COUNT(*) FROM posting p WHERE p.entry_id = r.entry_id) AS total,"
        " (SELECT COUNT(*) FROM posting p WHERE p.entry_id = r.reversed_entry) AS there,"
        " (SELECT COUNT(*) FROM posting p JOIN posting q ON q.entry_id = r.entry_id"
        " AND q.line = p.line AND q.account_id = p.account_id AND q.amount = -p.amount"
        " WHERE p.entry_id = r.reversed_entry) AS opposite"
        " FROM reversal r JOIN journal_entry o ON o.id = r.reversed_entry AND o.kind <> 'charge'"
        ") x WHERE x.total <> x.there OR x.total <> x.opposite",
        lambda row: (
            f"entry {row[0]}",
            f"it has {row[2]} lines and entry {row[1]}, which it reverses, {row[3]};"
            f" {row[4]} of them are opposite",
        ),
    ),
    Check(
        "reversal-lines",
        "SELECT x.id, x.reversed_entry, x.reversed_line, x.total FROM ("
        "SELECT r.entry_id AS id, r.reversed_entry, r.reversed_line,"
        " (SELECT COUNT(*) FROM posting p WHERE p.entry_id = r.entry_id) AS total,"
        " (SELECT COUNT(*) FROM posting p JOIN posting q ON q.entry_id = r.entry_id"
        " AND q.amount = CASE q.line WHEN 1 THEN -p.amount ELSE p.amount END"
        " AND q.account_id = CASE q.line WHEN 1 THEN p.account_id ELSE ? END"
        " WHERE p.entry_id = r.reversed_entry AND p.line = r.reversed_line"
        " AND p.account_id >= ?) AS opposite"
        " FROM reversal r JOIN journal_entry o ON o.id = r.reversed_entry AND o.kind = 'charge'"
        ") x WHERE x.total <> 2 OR x.opposite <> 2",
        lambda row: (
            f"entry {row[0]}",
            f"it is not the opposite of line {row[2]} of charge {row[1]}, which it reverses"
            f" ({row[3]} lines)",
        ),
        (CORRECTION, FIRST_SUBSCRIBER),
    ),
)

CLOSE_CHECKS = (
    Check(
        "charge-posting",
        "SELECT c.period, s.login, c.subscriber_id, c.amount, c.entry_id, c.entry_line, p.amount"
        " FROM close_record c LEFT JOIN posting p ON p.entry_id = c.entry_id"
        " AND p.line = c.entry_line AND p.account_id = c.subscriber_id"
        " LEFT JOIN journal_entry e ON e.id = p.entry_id AND e.kind = 'charge'"
        " LEFT JOIN subscriber s ON s.id = c.subscriber_id"
        " WHERE c.status = 'charged'"
        " AND (p.amount IS NULL OR p.amount <> -c.amount OR e.id IS NULL)",
        lambda row: (
            _who(row[1], row[2]),
            f"the close of {row[0]} charged {_money(row[3])} by line {row[5]} of entry {row[4]},"
            + (
                " where there is no such charge"
                if row[6] is None
                else f" which posts {_money(row[6])}"
            ),
        ),
    ),
    Check(
        "uncharged-posting",
        "SELECT c.period, s.login, c.subscriber_id, c.status, c.entry_id, c.amount"
        " FROM close_record c LEFT JOIN subscriber s ON s.id = c.subscriber_id"
        " WHERE c.status <> 'charged'"
        " AND (c.entry_id IS NOT NULL OR c.entry_line IS NOT NULL OR c.amount <> 0)",
        lambda row: (
            _who(row[1], row[2]),
            f"the close of {row[0]} recorded it as {safe(row[3])}, yet names {_entry(row[4])} and"
            f" {_money(row[5])}",
        ),
    ),
)

# The amount of an action, NULL where its payload cannot be read.
_BONUS_AMOUNT = (
    "CASE WHEN JSON_VALID(a.payload) THEN CAST(JSON_EXTRACT(a.payload, '$.amount') AS SIGNED) END"
)

BONUS_CHECKS = (
    # A bonus that a person has marked as done was given in another way.
    Check(
        "bonus-entry",
        "SELECT b.id, b.login, b.subscriber_id, b.amount, b.entry FROM ("
        f"SELECT a.id, a.subscriber_id, s.login, {_BONUS_AMOUNT} AS amount, e.id AS entry"
        " FROM action a LEFT JOIN journal_entry e ON e.entry_key = 'bonus:' || a.id"
        " AND e.kind = 'bonus' LEFT JOIN subscriber s ON s.id = a.subscriber_id"
        " WHERE a.channel = 'bonus' AND a.state = 'done' AND a.reason NOT LIKE ?) b"
        " WHERE (SELECT COUNT(*) FROM posting p WHERE p.entry_id = b.entry) <> 2"
        # Counted: for NOT EXISTS MariaDB would put all postings there are into a table of its own.
        " OR (SELECT COUNT(*) FROM posting p WHERE p.entry_id = b.entry"
        " AND ((p.account_id = b.subscriber_id AND p.amount = b.amount)"
        " OR (p.account_id = ? AND p.amount = -b.amount))) <> 2",
        lambda row: (
            _who(row[1], row[2]),
            f"the bonus of action {row[0]}, {_money(row[3])}, is done, yet"
            + (
                " no entry credits it"
                if row[4] is None
                else f" entry {row[4]} does not credit it to them"
            ),
        ),
        (f"{MARKED_DONE} by %", BONUS),
    ),
    Check(
        "bonus-action",
        "SELECT e.id, e.kind, e.entry_key FROM journal_entry e"
        " WHERE (e.kind = 'bonus' OR e.entry_key LIKE 'bonus:%')"
        " AND NOT EXISTS (SELECT 1 FROM action a"
        " WHERE a.id = CAST(SUBSTR(e.entry_key, 7) AS SIGNED)"
        " AND e.entry_key = 'bonus:' || a.id AND e.kind = 'bonus' AND a.channel = 'bonus'"
        " AND a.state = 'done')",
        lambda row: (
            f"entry {row[0]}",
            f"it is a {safe(row[1])} with the key '{safe(row[2])}', to which no bonus that is done"
            " belongs",
        ),
    ),
)
