"""Every table has a primary key: a cluster cannot tell rows apart without one."""

from __future__ import annotations

from collections.abc import Callable

from engine import schema
from engine.config import DatabaseConfig
from engine.database import Database, open_database

_WITHOUT_KEY = {
    "sqlite": "SELECT name FROM sqlite_master m WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    " AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE pk > 0) ORDER BY name",
    "mariadb": "SELECT t.table_name FROM information_schema.tables t"
    " WHERE t.table_schema = DATABASE() AND NOT EXISTS (SELECT 1"
    " FROM information_schema.statistics s WHERE s.table_schema = t.table_schema"
    " AND s.table_name = t.table_name AND s.index_name = 'PRIMARY') ORDER BY t.table_name",
}


def without_key(database: Database) -> list[str]:
    return [name for (name,) in database.rows(_WITHOUT_KEY[database.dialect.name])]


def test_every_table_has_a_primary_key(
    engine_name: str, new_database: Callable[[str], DatabaseConfig]
) -> None:
    database = open_database(new_database(engine_name), create=True)
    schema.create(database)
    assert without_key(database) == []
    assert "journal_entry" in database.handle.get_tables()
    database.execute("CREATE TABLE loose (n BIGINT)")
    assert without_key(database) == ["loose"]
    database.close()
