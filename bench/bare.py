"""The limit of a month close: the same rows written by nothing but set-based SQL, without rating.

It is given what our close found out (amounts, terms, carried bytes) in tables beside the others and
writes the same number of entries' postings, close records, carried usage, balances and plan changes
in chunks of the same size as our first one.
"""

from __future__ import annotations

from engine.close.statements import BYTES
from engine.database import Database, Row
from engine.period import Period

CHUNK = 5_000
_BILLED = ", ".join(f"COALESCE(u.{column}, 0)" for column in BYTES)


def prepare(database: Database, charged: list[Row], others: list[Row], carried: list[Row]) -> None:
    """Writes down the known outcome; not measured. `charged` and `others` are rows of id, status,
    amount, block; `carried` of id and four numbers of bytes."""
    key = database.dialect.work_key
    database.execute(
        f"CREATE TABLE known (subscriber_id {key} PRIMARY KEY, line INTEGER,"
        " status VARCHAR(12) NOT NULL, amount BIGINT NOT NULL, block SMALLINT NOT NULL)"
    )
    database.execute(
        f"CREATE TABLE known_carried (subscriber_id {key} PRIMARY KEY, bytes1 BIGINT,"
        " bytes2 BIGINT, bytes3 BIGINT, bytes4 BIGINT)"
    )
    insert = "INSERT INTO known (line, subscriber_id, status, amount, block) VALUES (?, ?, ?, ?, ?)"
    rows: list[Row] = [(row[0] % CHUNK + 1, *row) for row in charged]
    rows += [(None, *row) for row in others]
    for table, part in ((insert, rows), (_CARRIED, carried)):
        for start in range(0, len(part), CHUNK):
            with database.transaction():
                database.write_many(table, part[start : start + CHUNK])
    database.execute("INSERT INTO charge_terms (id, digest, body) VALUES (1, 'bare', '{}')")


_CARRIED = "INSERT INTO known_carried VALUES (?, ?, ?, ?, ?)"


def close(database: Database, period: Period) -> int:
    """Writes all rows of a close; the number of commits."""
    first, last = database.row("SELECT MIN(id), MAX(id) FROM subscriber") or (0, 0)
    commits = 0
    for after in range(first - 1, last, CHUNK):
        with database.transaction():
            _chunk(database, str(period), str(period.next()), after, after + CHUNK)
        commits += 1
    return commits


def _chunk(database: Database, period: str, following: str, after: int, upto: int) -> None:
    dialect = database.dialect
    join = dialect.ordered_join
    span = (after, upto)
    entry = database.insert(
        "INSERT INTO journal_entry (kind, entry_key, content_hash, effective_at, recorded_at,"
        " actor) VALUES ('charge', ?, '', 0, 0, 'bare')",
        (f"bare:{after}",),
    )
    database.execute(
        dialect.update_from(
            "account",
            "known k",
            "account.id = k.subscriber_id",
            ["balance = account.balance - k.amount"],
            "k.subscriber_id > ? AND k.subscriber_id <= ? AND account.id > ? AND account.id <= ?",
        ),
        (*span, *span),
    )
    database.execute(
        "INSERT INTO posting (entry_id, line, account_id, amount)"
        " SELECT ?, line, subscriber_id, -amount FROM known"
        " WHERE subscriber_id > ? AND subscriber_id <= ? AND line IS NOT NULL",
        (entry, *span),
    )
    database.execute(
        "INSERT INTO posting (entry_id, line, account_id, amount)"
        " SELECT ?, ?, 10, SUM(amount) FROM known WHERE subscriber_id > ? AND subscriber_id <= ?",
        (entry, CHUNK + 1, *span),
    )
    database.execute(
        "INSERT INTO close_record (period, subscriber_id, status, amount, block, authorised,"
        " group_id, plan_id, addon_id, plan_after, addon_after, terms_id, entry_id, entry_line,"
        f" {', '.join(BYTES)}) SELECT b.period, s.id, k.status, k.amount, k.block,"
        " CASE WHEN u.subscriber_id IS NULL THEN 0 ELSE 1 END, s.group_id, s.plan_id, s.addon_id,"
        f" s.plan_id, s.addon_id, 1, ?, k.line, {_BILLED}"
        f" FROM billing_period b {join} known k {join} subscriber s ON s.id = k.subscriber_id"
        " LEFT JOIN period_usage u ON u.period = b.period AND u.subscriber_id = k.subscriber_id"
        " WHERE b.period = ? AND k.subscriber_id > ? AND k.subscriber_id <= ?",
        (entry, period, *span),
    )
    database.execute(
        "INSERT INTO carried_usage SELECT ?, subscriber_id, bytes1, bytes2, bytes3, bytes4"
        " FROM known_carried WHERE subscriber_id > ? AND subscriber_id <= ?",
        (following, *span),
    )
    database.execute(
        "UPDATE subscriber SET plan_id = ordered_plan_id, ordered_plan_id = NULL,"
        " ordered_plan_from = NULL"
        " WHERE id > ? AND id <= ? AND ordered_plan_from <= ?",
        (*span, following),
    )
