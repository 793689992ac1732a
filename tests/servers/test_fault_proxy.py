"""The fault proxy: cuts exactly the K-th statement, before or after the server carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from tests.servers.fault_proxy import FaultProxy, Mode
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer

pytestmark = pytest.mark.mariadb

BOOKS = "proxy_books"


@pytest.fixture
def server(mariadb_server: MariaDBServer) -> Iterator[MariaDBServer]:
    mariadb_server.create_database(BOOKS)
    connection = mariadb_server.connect(BOOKS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (n BIGINT PRIMARY KEY, body LONGTEXT) ENGINE = InnoDB")
    connection.close()
    yield mariadb_server
    mariadb_server.drop_database(BOOKS)


def connect(proxy: FaultProxy) -> Any:
    return pymysql.connect(
        host="127.0.0.1", port=proxy.port, user=USER, password=PASSWORD, database=BOOKS
    )


def insert(proxy: FaultProxy, n: int, body: str = "") -> None:
    """A whole unit of work: connects, inserts a row, commits."""
    connection = connect(proxy)
    try:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (%s, %s)", (n, body))
        connection.commit()
    finally:
        connection.close()


def rows(server: MariaDBServer) -> list[int]:
    connection = server.connect(BOOKS)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT n FROM t ORDER BY n")
            return [n for (n,) in cursor.fetchall()]
    finally:
        connection.close()


def count_statements(server: MariaDBServer) -> int:
    with FaultProxy(server.socket) as proxy:
        insert(proxy, 0)
        assert proxy.cut_statement is None
        return proxy.statements


def test_without_a_cut_it_only_counts(server: MariaDBServer) -> None:
    statements = count_statements(server)
    assert rows(server) == [0]
    with FaultProxy(server.socket) as proxy:
        insert(proxy, 1)
        insert(proxy, 2)
        assert proxy.statements == 2 * statements


@pytest.mark.parametrize("mode", ["before", "after"])
def test_the_commit_is_carried_out_only_if_cut_after_it(server: MariaDBServer, mode: Mode) -> None:
    commit = count_statements(server)
    with FaultProxy(server.socket, cut_at=commit, mode=mode) as proxy:
        with pytest.raises(pymysql.err.OperationalError):
            insert(proxy, 1)
        assert proxy.cut_statement == "COMMIT"
        assert rows(server) == ([0, 1] if mode == "after" else [0])
        insert(proxy, 2)  # only the one statement was cut
    assert 2 in rows(server)


@pytest.mark.parametrize("mode", ["before", "after"])
def test_every_other_cut_leaves_no_row(server: MariaDBServer, mode: Mode) -> None:
    commit = count_statements(server)
    for k in range(1, commit):
        with FaultProxy(server.socket, cut_at=k, mode=mode) as proxy:
            with pytest.raises(pymysql.err.OperationalError):
                insert(proxy, k)
            assert proxy.cut_statement not in (None, "COMMIT")
    assert rows(server) == [0]


@pytest.mark.parametrize("mode", ["before", "after"])
def test_a_statement_of_several_packets_is_one(server: MariaDBServer, mode: Mode) -> None:
    connection = server.connect(root=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        (limit,) = cursor.fetchone()
        cursor.execute("SET GLOBAL max_allowed_packet = 67108864")
    try:
        with FaultProxy(server.socket) as proxy:
            insert(proxy, 5, "x" * 0x1100000)
            alone = proxy.statements
        with FaultProxy(server.socket, cut_at=alone - 1, mode=mode) as proxy:
            with pytest.raises(pymysql.err.OperationalError):
                insert(proxy, 6, "x" * 0x1100000)
            assert proxy.cut_statement is not None
            assert proxy.cut_statement.startswith("INSERT INTO t VALUES (6")
        assert rows(server) == [5]
        assert alone == count_statements(server)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL max_allowed_packet = %s", (limit,))
        connection.close()


def test_closing_it_cuts_whoever_is_connected(server: MariaDBServer) -> None:
    with FaultProxy(server.socket) as proxy:
        connection = connect(proxy)
    with pytest.raises(pymysql.err.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
