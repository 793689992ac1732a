"""The models against billing.db.sql as either engine has it: drift between them fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import peewee
import pytest

from engine import schema
from engine.config import DatabaseConfig
from engine.database import Database, open_database
from engine.models import all_models
from engine.models.base import BaseModel
from engine.models.ledger import Account, JournalEntry, Posting
from engine.models.operations import Lease
from engine.models.subscribers import Subscriber, SubscriberGroup


@pytest.fixture
def database(database_config: DatabaseConfig) -> Iterator[Database]:
    database = open_database(database_config, create=True)
    schema.create(database)
    yield database
    database.close()


def table_of(model: type[BaseModel]) -> str:
    return str(model._meta.table_name)


def family(kind: str) -> str:
    """Integer or text: the engines have several names for each."""
    kind = kind.lower()
    if "int" in kind or kind in ("bool", "bigauto", "auto"):
        return "integer"
    assert "char" in kind or "text" in kind, kind
    return "text"


def test_every_table_has_a_model(database: Database) -> None:
    tables = {name for name in database.handle.get_tables() if "migration" not in name}
    assert {table_of(model) for model in all_models()} == tables


def test_every_model_is_its_table(database: Database) -> None:
    different = [line for model in all_models() for line in differences(database, model)]
    assert different == []


def differences(database: Database, model: type[BaseModel]) -> Iterator[str]:
    """Where a model and its table are not the same: columns, key, and each column."""
    table = table_of(model)
    columns = {column.name: column for column in database.handle.get_columns(table)}
    fields = {field.column_name: field for field in model._meta.sorted_fields}
    for name in set(fields) ^ set(columns):
        yield f"{table}.{name} is in only one of model and table"
    key = [field.column_name for field in model._meta.get_primary_keys()]
    handle: Any = database.handle
    if key != list(handle.get_primary_keys(table)):
        yield f"{table} has another primary key than {key}"
    references = {
        found.column: (found.dest_table, found.dest_column)
        for found in database.handle.get_foreign_keys(table)
    }
    for name in set(fields) & set(columns):
        for what in column_differences(fields[name], columns[name], references.get(name)):
            yield f"{table}.{name}: {what}"


def column_differences(field: Any, column: Any, reference: tuple[str, str] | None) -> Iterator[str]:
    if column.name not in primary_key(field) and field.null != column.null:
        yield f"the model has null={field.null}"
    if family(_column_kind(field)) != family(column.data_type):
        yield f"the model has {_column_kind(field)}, the table {column.data_type}"
    if isinstance(field, peewee.ForeignKeyField):
        if reference != (table_of(field.rel_model), field.rel_field.column_name):
            yield f"the table references {reference}"
    elif isinstance(field, peewee.CharField):
        full = str(column.full_type or column.data_type).lower()
        if f"({field.max_length})" not in full:
            yield f"the model has length {field.max_length}, the table {full}"
    default = None if column.default in (None, "NULL") else str(column.default).strip("'")
    if default != (None if field.default is None else str(field.default)):
        yield f"the model has default {field.default!r}, the table {column.default!r}"


def primary_key(field: Any) -> set[str]:
    return {part.column_name for part in field.model._meta.get_primary_keys()}


def test_drift_is_seen(database: Database) -> None:
    database.execute("ALTER TABLE lease ADD COLUMN colour VARCHAR(9)")
    database.execute("DROP TABLE discount")
    changes = "code VARCHAR(41) UNIQUE, name BIGINT NOT NULL DEFAULT 7, charge SMALLINT"
    if database.dialect.name == "mariadb":
        database.execute("SET FOREIGN_KEY_CHECKS = 0")
    else:
        database.execute("PRAGMA foreign_keys = OFF")
    database.execute("DROP TABLE subscriber_group")
    database.execute(f"CREATE TABLE subscriber_group (id BIGINT PRIMARY KEY, {changes})")
    assert list(differences(database, Lease)) == ["lease.colour is in only one of model and table"]
    assert "discount" not in database.handle.get_tables()
    found = "\n".join(differences(database, SubscriberGroup))
    for part in ("code: the model has null=False", "length 40", "name: the model has VARCHAR",
                 "the table '7'", "charge: the model has null=False", "default 1"):  # fmt: skip
        assert part in found


def _column_kind(field: peewee.Field) -> str:
    if isinstance(field, peewee.ForeignKeyField):
        return _column_kind(field.rel_field)
    return str(field.field_type)


def test_models_read_and_join(database: Database) -> None:
    with database.transaction():
        database.execute("INSERT INTO subscriber_group (id, code, name) VALUES (1, 'g', 'G')")
        database.execute("INSERT INTO account (id, balance) VALUES (1000, 5)")
        database.execute(
            "INSERT INTO subscriber (id, login, group_id, created_at) VALUES (1000, 'ivan', 1, 0)"
        )
    query = Subscriber.select(Subscriber, Account, SubscriberGroup).join(Account)
    (ivan,) = database.objects(query.switch(Subscriber).join(SubscriberGroup))
    assert (ivan.account.id, ivan.account.balance, ivan.group.code, ivan.alias_of) == (
        1000,
        5,
        "g",
        None,
    )
    assert database.objects(Posting.select().join(JournalEntry)) == []


def test_two_open_databases_do_not_mix(
    engine_name: str, new_database: Callable[[str], DatabaseConfig]
) -> None:
    """Neither the one opened last nor any other takes what was meant for another."""
    opened = [open_database(new_database(name), create=True) for name in (engine_name, "sqlite")]
    for number, database in enumerate(opened):
        schema.create(database)
        with database.transaction():
            for other in range(number + 2):
                group = SubscriberGroup.insert(code=f"{number}-{other}", name="G")
                assert database.write(group) == other + 1
    first, second = opened
    with first.transaction():
        assert first.write(SubscriberGroup.update(name="changed")) == 2
        assert first.write(SubscriberGroup.delete().where(SubscriberGroup.code == "0-1")) == 1
    groups = SubscriberGroup.select().order_by(SubscriberGroup.id)
    assert [(row.code, row.name) for row in first.objects(groups)] == [("0-0", "changed")]
    assert [(row.code, row.name) for row in second.objects(groups)] == [
        ("1-0", "G"),
        ("1-1", "G"),
        ("1-2", "G"),
    ]
    with first.transaction():
        first.write(SubscriberGroup.delete())
    assert first.objects(groups) == []
    for database in opened:
        database.close()


def test_nothing_is_read_behind_the_back_of_a_database(database: Database) -> None:
    """A model alone knows no database, so it cannot read from the wrong one."""
    with pytest.raises(peewee.InterfaceError, match="must be bound"):
        SubscriberGroup.get(SubscriberGroup.code == "g")
