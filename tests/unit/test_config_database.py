"""The configuration of MariaDB: one safe address, and a password that nobody else sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Secret, describe
from tests.unit.config_place import Place

PASSWORD = "s3cr;t#\u00e9"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("", "exactly one of socket and host; neither is set"),
        ("socket = /s\nhost = ::1", "exactly one of socket and host; both are set"),
        ("host = db.example.org", "is another machine: set tls_ca"),
        ("host = 10.0.0.1", "is another machine: set tls_ca"),
        ("host = 10.0.0.1\ntls_ca = /no/ca.pem", "tls_ca = /no/ca.pem cannot be read"),
    ],
)
def test_mariadb_needs_one_safe_address(place: Place, lines: str, problem: str) -> None:
    assert problem in place.refusal(f"[database]\nengine = mariadb\n{lines}\n")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_needs_no_tls(place: Place, host: str) -> None:
    database = place.load(f"[database]\nengine = mariadb\nhost = {host}\n").database
    assert (database.host, database.password) == (host, None)


def test_another_machine_with_tls(place: Place) -> None:
    authority = place.root / "ca.pem"
    authority.write_text("-")
    text = f"[database]\nengine = mariadb\nhost = db\ntls_ca = {authority}\n"
    assert place.load(text).database.tls_ca == authority


def mariadb(lines: str) -> str:
    return f"[database]\nengine = mariadb\nsocket = /s\n{lines}\n"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400, 0o440])
def test_a_password_in_a_private_file(place: Place, mode: int) -> None:
    config = place.load(mariadb(f"password = {PASSWORD}"), mode)
    assert config.database.password == Secret(PASSWORD)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604, 0o620, 0o601, 0o666])
def test_a_password_that_others_can_read_is_refused(place: Place, mode: int) -> None:
    message = place.refusal(mariadb(f"password = {PASSWORD}"), mode)
    assert f"has mode {mode:04o}" in message
    assert f"chmod 640 {place.file}" in message
    kept = place.root / "password"
    kept.write_text(PASSWORD)
    kept.chmod(mode)
    assert f"has mode {mode:04o}" in place.refusal(mariadb(f"password_file = {kept}"))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_file(place: Place, end: str) -> None:
    kept = place.root / "password"
    kept.write_text(f" {PASSWORD} {end}", encoding="utf-8", newline="")
    kept.chmod(0o640)
    config = place.load(mariadb(f"password_file = {kept}"))
    assert config.database.password == Secret(f" {PASSWORD} ")
    row = next(row for row in describe(config) if row.key == "password")
    assert (row.value, row.origin) == ("***", str(kept))


def test_a_credential_comes_before_the_password_file(place: Place) -> None:
    (place.root / "database-password").write_text("from-systemd\n")
    credentials = str(place.root)
    config = place.load(mariadb("password_file = /none"), CREDENTIALS_DIRECTORY=credentials)
    assert config.database.password == Secret("from-systemd")
    empty = place.root / "empty"
    empty.mkdir()
    message = place.refusal(mariadb("password_file = /none"), CREDENTIALS_DIRECTORY=str(empty))
    assert "cannot read the database password from /none" in message


def test_two_passwords_are_one_too_many(place: Place) -> None:
    text = mariadb(f"password = {PASSWORD}\npassword_file = /none")
    assert "both password" in place.refusal(text, 0o600)


def test_sqlite_reads_no_password_file(place: Place) -> None:
    assert place.load("[database]\npassword_file = /none\n").database.password is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", "тайна".encode(), b"\xff\xfe", b"a\nb\n", b"a\0b", b"x" * 4097]
)
def test_a_password_that_the_driver_cannot_send_is_refused(place: Place, content: bytes) -> None:
    kept = place.root / "password"
    kept.write_bytes(content)
    kept.chmod(0o600)
    message = place.refusal(mariadb(f"password_file = {kept}"))
    assert f"{kept} must hold a database password" in message
    assert "тайна" not in message


def test_a_secret_never_shows_itself(place: Place) -> None:
    config = place.load(mariadb(""), BILLDECK_DATABASE__PASSWORD=PASSWORD)
    assert config.database.password is not None
    assert config.database.password.reveal() == PASSWORD
    shown = f"{config!r} {config} {config.database.password:} {describe(config)}"
    assert PASSWORD not in shown
    assert "***" in shown


@pytest.mark.parametrize("password", ["тайна", "hid\x07den"])
def test_a_refused_secret_is_not_repeated(place: Place, password: str) -> None:
    messages = [
        place.refusal(mariadb(f"password = {password}"), 0o600),
        place.refusal(mariadb(""), BILLDECK_DATABASE__PASSWORD=password),
        place.refusal(f"[database]\npassword: {password}\n", 0o600),
    ]
    assert not [message for message in messages if password[:3] in message]
