"""The configuration of the providers of messages and receipts."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Secret, describe
from engine.integrations.provider_settings import KomtetConfig, SmscConfig, SmspilotConfig
from tests.unit.config_place import Place

KEY = "ключ-1234"
SECRETS = [("smspilot", "key"), ("smsc", "password"), ("komtet", "secret")]
REST = {"smspilot": "", "smsc": "login = telecom\n", "komtet": "shop_id = s7\nqueue = 3\n"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_settings_nobody_is_set_up(place: Place) -> None:
    config = place.load("[smspilot]\nsender = TELECOM\n[smsc]\n[komtet]\nper_second = 3\n")
    assert config.smspilot == SmspilotConfig(sender="TELECOM")
    assert config.smsc == SmscConfig()
    assert config.komtet == KomtetConfig(per_second=3)
    for provider in (config.smspilot, config.smsc, config.komtet):
        assert not provider.is_set_up


@pytest.mark.parametrize("by", ["text", "file", "credential", "environment"])
@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_a_key_comes_four_ways(place: Place, section: str, key: str, by: str) -> None:
    text, environ = f"[{section}]\n{REST[section]}", {}
    kept = place.root / f"{section}-{key}"
    if by in ("file", "credential"):
        kept.write_text(f"{KEY}\n")
        kept.chmod(0o640 if by == "file" else 0o644)
    match by:
        case "text":
            text += f"{key} = {KEY}\n"
        case "file":
            text += f"{key}_file = {kept}\n"
        case "credential":
            environ["CREDENTIALS_DIRECTORY"] = str(place.root)
            text += f"{key}_file = /none\n"
        case "environment":
            environ[f"BILLDECK_{section.upper()}__{key.upper()}"] = KEY
    config = place.load(text, 0o640, **environ)
    provider = getattr(config, section)
    assert provider.is_set_up
    assert getattr(provider, key) == Secret(KEY)
    row = next(row for row in describe(config) if (row.section, row.key) == (section, key))
    assert row.value == "***"
    if by in ("file", "credential"):
        assert row.origin == str(kept)
    assert KEY not in f"{config!r}{describe(config)}"


@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_keys_that_others_can_read_are_refused(place: Place, section: str, key: str) -> None:
    kept = place.root / "key"
    kept.write_text(KEY)
    kept.chmod(0o644)
    named = f"[{section}]\n{REST[section]}{key}_file = {kept}\n"
    assert f"chmod 640 {kept}" in place.refusal(named)
    itself = f"[{section}]\n{REST[section]}{key} = {KEY}\n"
    assert f"chmod 640 {place.file}" in place.refusal(itself)
    kept.unlink()
    assert f"check [{section}] {key}_file" in place.refusal(named)
    both = place.refusal(f"{itself}{key}_file = /none\n", 0o600)
    assert f"[{section}] has both {key}" in both
    for message in (place.refusal(itself), both):
        assert KEY not in message


def test_a_key_is_one_line(place: Place) -> None:
    kept = place.root / "key"
    kept.write_text(f"{KEY}\nmore\n")
    kept.chmod(0o600)
    message = place.refusal(f"[smspilot]\nkey_file = {kept}\n")
    assert f"{kept} must hold a smspilot key" in message
    assert KEY not in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[smsc]\nlogin = telecom\n", "[smsc] has login but not password: set it too"),
        ("[smsc]\npassword = x\n", "[smsc] has password but not login: set it too"),
        ("[komtet]\nqueue = 3\n", "[komtet] has queue but not shop_id and secret: set them too"),
        ("[komtet]\nshop_id = s\nsecret = x\n", "has shop_id and secret but not queue"),
    ],
)
def test_half_of_the_settings_is_too_little(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text, 0o600)


@pytest.mark.parametrize("section", REST)
@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example.com",
        "http://192.168.0.7",
        "sms.example.com",
        "ftp://example.com",
        "https://",
        "https://user:word@example.com",
        "https://example.com/?key=1",
        "https://example.com/#here",
        "https://пример.рф",
        "https://example.com/a b",
        "https://[::1",
        "https://example.com:port",
    ],
)
def test_addresses_that_cannot_be(place: Place, section: str, url: str) -> None:
    assert "allowed is https://HOST" in place.refusal(f"[{section}]\nurl = {url}\n")


@pytest.mark.parametrize(
    "url", ["https://sms.example.com:8443/api", "http://127.0.0.1:8080", "http://[::1]:80"]
)
def test_addresses_that_can_be(place: Place, url: str) -> None:
    assert place.load(f"[smsc]\nurl = {url}\n").smsc.url == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[smspilot]\nsender = ТЕЛЕКОМ\n", "at most 40 ASCII characters"),
        ("[smspilot]\nper_second = 0\n", "a whole number from 1 to 1000"),
        ("[smsc]\nparallel = 65\n", "a whole number from 1 to 64"),
        ("[smsc]\nvalid_hours = 25\n", "a whole number from 1 to 24"),
        ("[komtet]\nqueue = ../1\n", "letters, digits, dot, _ and -"),
        ("[komtet]\nshop_id = один\n", "letters, digits, dot, _ and -"),
        ("[komtet]\ncallback_url = http://example.com/\n", "allowed is https://HOST"),
        ("[komtet]\ndeadline_seconds = 301\n", "a whole number from 1 to 300"),
    ],
)
def test_what_cannot_be(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text)


def test_the_example_of_the_docs(place: Place) -> None:
    page = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
    start = page.index("[smspilot]")
    text = page[start : page.index("```", start)]
    for section, key in SECRETS:
        kept = place.root / f"{section}-{key}"
        kept.write_text(KEY)
        kept.chmod(0o640)
        text = text.replace(f"/etc/billdeck/{section}-{key}", str(kept))
    config = place.load(text)
    assert config.smspilot.is_set_up
    assert config.smsc.is_set_up
    assert config.komtet.is_set_up
