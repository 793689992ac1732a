"""What a chunk of mails does to the database, on both engines."""

from __future__ import annotations

from typing import Any

import peewee
import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from engine.hooks import WorkHooks
from engine.period import parse_when
from tests.balances.letters import letter, mail
from tests.balances.office import (
    NOON,
    READER,
    ZONE,
    Office,
    everything,
    number_of,
    open_office,
    say,
)

NUMBER = (
    "SELECT a.code, t.title, n.reported_at, n.status, n.status_since FROM number n"
    " LEFT JOIN personal_account a ON a.id = n.personal_account_id"
    " LEFT JOIN operator_tariff t ON t.id = n.tariff_id WHERE n.id = 1"
)
BALANCES = "SELECT number_id, day, balance FROM number_balance ORDER BY number_id, day"
HISTORY = (
    "SELECT what, value_before, value_after FROM number_history WHERE what <> 'status' ORDER BY id"
)


def states(office: Office) -> list[Any]:
    return office.rows("SELECT state, reason, messages FROM balance_mail ORDER BY id")


def test_a_mail_makes_the_report_of_its_day(office: Office) -> None:
    (taken,) = office.take([say(0, "20.10.2026", "-15.30")])
    assert (taken.state, taken.known) == ("processed", False)
    assert office.rows("SELECT operator_id, day, created_at FROM balance_report") == [
        (1, "2026-10-20", NOON)
    ]
    assert office.rows(BALANCES) == [(1, "2026-10-20", -1530)]
    at = parse_when("2026-10-20T09:15:00", ZONE)
    assert office.rows(NUMBER) == [("1000001", "Единый", at, "new", NOON)]
    assert states(office) == [("processed", None, "")]
    assert office.rows(HISTORY) == []
    assert office.rows("SELECT body FROM balance_mail")[0][0].startswith("Уважаемый абонент!")


def test_a_known_mail_is_only_known(office: Office) -> None:
    raw = say(0, "20.10.2026", "5.00")
    first, second = office.take([raw, raw])
    assert (first.known, second.known, second.state) == (False, True, "processed")
    before = everything(office.database)
    office.clock.advance(60_000)
    assert [one.known for one in office.take([raw])] == [True]
    assert everything(office.database) == before
    assert (office.importer.tally.processed, office.importer.tally.known) == (1, 2)


def test_a_mail_without_an_id_is_known_by_its_content(office: Office) -> None:
    raw = mail(letter(number=number_of(0)), message_id=None)
    assert [one.known for one in office.take([raw])] == [False]
    assert [one.known for one in office.take([raw])] == [True]


def test_another_mail_with_the_same_id_is_skipped(office: Office) -> None:
    first = mail(letter(number=number_of(0)))
    second = mail(letter(number=number_of(0), balance="7.00"))
    assert [one.state for one in office.take([first, second])] == ["processed", "skipped"]
    assert [(one.state, one.known) for one in office.take([second])] == [("skipped", True)]
    assert "Message-ID" in states(office)[1][1]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_the_later_time_of_a_day_wins(office: Office, newest_first: bool, at_once: bool) -> None:
    mails = [
        say(0, "20.10.2026", "1.00", at="08:00", account="2000001", tariff="Единый"),
        say(0, "20.10.2026", "2.00", at="08:01", account="2000002", tariff="Свой"),
    ]
    if newest_first:
        mails.reverse()
    for chunk in [mails] if at_once else [[one] for one in mails]:
        office.take(chunk)
    assert office.rows(BALANCES) == [(1, "2026-10-20", 200)]
    at = parse_when("2026-10-20T08:01:00", ZONE)
    assert office.rows(NUMBER)[0][:3] == ("2000002", "Свой", at)


def test_an_old_mail_changes_its_days_report_alone(office: Office) -> None:
    office.take([say(0, "20.10.2026", "1.00", account="2000001")])
    office.take([say(0, "19.09.2026", "9.00", account="3000001", tariff="Свой")])
    assert office.rows(BALANCES) == [(1, "2026-09-19", 900), (1, "2026-10-20", 100)]
    assert office.rows(NUMBER)[0][:2] == ("2000001", "Единый")


def test_a_mail_of_a_day_to_come(office: Office) -> None:
    office.take([say(0, "25.12.2026", "9.00", account="3000001")])
    assert office.rows(BALANCES) == [(1, "2026-12-25", 900)]
    assert office.rows(NUMBER) == [("1000001", "Единый", None, None, None)]
    office.take([say(0, "20.10.2026", "1.00", account="2000001")])
    assert office.rows(NUMBER)[0][0] == "2000001"
    assert office.rows(NUMBER)[0][3] == "new"


def test_changes_leave_a_note_each(office: Office) -> None:
    office.take([say(0, "19.10.2026", "1.00")])
    office.take([say(0, "20.10.2026", "1.00", account="7654321", tariff="Свой")])
    assert office.rows(HISTORY) == [
        ("personal_account", "1000001", "7654321"),
        ("tariff", "Единый", "Свой"),
    ]
    assert states(office)[1][2] == "personal account changed; tariff changed"
    keys = office.rows("SELECT DISTINCT mail_key FROM number_history WHERE what <> 'status'")
    assert keys == office.rows("SELECT mail_key FROM balance_mail WHERE id = 2")


def test_an_unknown_number_and_an_unknown_tariff(office: Office) -> None:
    office.take([say(99, "20.10.2026", "1.00"), say(1, "20.10.2026", "2.00", tariff="Чужой")])
    assert [one[2] for one in states(office)] == ["unknown number", "unknown tariff"]
    tally = office.importer.tally
    assert (tally.processed, tally.unknown_numbers, tally.unknown_tariffs) == (2, 1, 1)
    assert office.rows(BALANCES) == [(2, "2026-10-20", 200)]
    assert office.rows("SELECT COUNT(*) FROM operator_tariff") == [(2,)]
    assert office.rows("SELECT tariff_id FROM number WHERE id = 2") == [(1,)]


def test_an_unknown_number_alone_makes_no_report(office: Office) -> None:
    """Its report would lack everybody."""
    office.take([say(99, "20.10.2026", "1.00")])
    assert office.rows("SELECT * FROM balance_report") == []


def test_tariffs_are_added_where_that_is_wished(database_config: DatabaseConfig) -> None:
    database = open_office(database_config)
    office = Office(database, add_tariffs=True)
    office.take([say(1, "20.10.2026", "2.00", tariff="Чужой")])
    assert office.rows("SELECT title FROM operator_tariff ORDER BY id")[2:] == [("Чужой",)]
    assert office.rows("SELECT tariff_id FROM number WHERE id = 2") == [(3,)]
    database.close()


@pytest.mark.parametrize("operator", ["megafon", "МЕГАФОН", "МегаФон"])
def test_the_operator_is_known_by_other_names(
    database_config: DatabaseConfig, operator: str
) -> None:
    database = open_office(database_config, operator=operator)
    office = Office(database)
    office.take([say(0, "20.10.2026", "2.00")])
    assert office.rows("SELECT name FROM operator") == [(operator,)]
    assert office.rows(HISTORY) == []
    database.close()


def test_a_number_that_went_to_another_operator(database_config: DatabaseConfig) -> None:
    database = open_office(database_config, operator="Beeline")
    office = Office(database)
    office.take([say(0, "20.10.2026", "2.00")])
    assert office.rows(HISTORY)[0] == ("operator", "Beeline", "Megafon")
    assert states(office) == [
        ("processed", None, "unknown tariff; operator changed; personal account changed")
    ]
    database.close()


def test_what_was_skipped_is_taken_again_when_asked(office: Office) -> None:
    good = READER.read(say(0, "20.10.2026", "2.00"))
    bad = good.refused("its balance cannot be read")
    assert office.importer.take([bad])[0].state == "skipped"
    assert [(one.state, one.known) for one in office.importer.take([good])] == [("skipped", True)]
    assert office.rows(BALANCES) == []
    taken = office.importer.take([good], again=True)
    assert [(one.state, one.known) for one in taken] == [("processed", False)]
    assert office.rows(BALANCES) == [(1, "2026-10-20", 200)]
    assert len(states(office)) == 1
    assert [one.known for one in office.importer.take([good], again=True)] == [True]


def test_mail_that_the_database_refuses_does_not_stop_the_others(
    office: Office,
) -> None:
    """A rule of this test's own stands for whatever a database may have against a row."""
    message = "refuse_balance"
    if office.database.dialect.name == "sqlite":
        office.database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON number_balance WHEN NEW.balance = 666"
            f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
    else:
        office.database.execute(
            f"ALTER TABLE number_balance ADD CONSTRAINT {message} CHECK (balance <> 666)"
        )
    balances = ["1.00", "6.66", "2.00"]
    taken = office.take(say(place, "20.10.2026", text) for place, text in enumerate(balances))
    assert [one.state for one in taken] == ["processed", "skipped", "processed"]
    assert office.rows(BALANCES) == [(1, "2026-10-20", 100), (3, "2026-10-20", 200)]
    assert message in states(office)[1][1]


def test_the_right_to_write_is_proved_in_the_transaction(office: Office) -> None:
    def prove() -> None:
        assert office.database.handle.in_transaction()
        raise RuntimeError("lost")

    office.importer.hooks = WorkHooks(prove=prove)
    with pytest.raises(RuntimeError, match="lost"):
        office.take([say(0, "20.10.2026", "2.00")])
    assert states(office) == []


def statements(database: Database, work: Any) -> int:
    """How many statements the work sends."""
    count = 0
    plain, many = database.handle.execute_sql, database.write_many

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return plain(*arguments)

    def counted_many(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return many(*arguments)

    database.handle.execute_sql, database.write_many = counted, counted_many  # type: ignore
    try:
        work()
    finally:
        del database.handle.execute_sql, database.write_many
    return count


def test_a_chunk_takes_as_many_statements_as_one_mail(database_config: DatabaseConfig) -> None:
    database = open_office(database_config, numbers=200)
    office = Office(database)

    def chunk(day: str, count: int) -> list[bytes]:
        return [
            say(place, day, f"{place}.00", account=f"{2_000_000 + place + count}", tariff="Свой")
            for place in range(count)
        ]

    office.take(chunk("18.10.2026", 200))
    one = statements(database, lambda: office.take(chunk("19.10.2026", 1)))
    many = statements(database, lambda: office.take(chunk("20.10.2026", 200)))
    later = [say(place, "20.10.2026", "7.00", at="10:00") for place in range(200)]
    again = statements(database, lambda: office.take(later))
    assert max(many, again) <= one + 8  # a statement for each status that numbers change to
    database.close()


def test_the_database_is_not_asked_for_nothing(office: Office) -> None:
    assert office.take([]) == []


def test_errors_of_the_connection_are_not_taken_for_bad_mail(
    office: Office,
) -> None:
    def gone(work: Any) -> None:
        raise peewee.OperationalError(2013, "Lost connection")

    office.importer.hooks = WorkHooks(unit=gone)
    with pytest.raises(peewee.OperationalError):
        office.take([say(0, "20.10.2026", "2.00"), say(1, "20.10.2026", "2.00")])
