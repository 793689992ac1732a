"""The section [mikbill]."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.config import Secret
from engine.mikbill.settings import MikbillConfig
from tests.unit.config_place import Place

LEAST = "[mikbill]\nsocket = /run/mysqld/mysqld.sock\nsince = 2026-11-26\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_the_section_there_is_no_mikbill(place: Place) -> None:
    config = place.load("").mikbill
    assert config == MikbillConfig()
    assert not config.is_there


def test_all_of_it(place: Place) -> None:
    password = place.root / "word"
    password.touch(mode=0o600)
    password.write_text("sécret\n", encoding="utf-8")
    config = place.load(
        f"{LEAST}timezone = Asia/Omsk\nbonus_types = 62, 110\nlook_back_days = 7\n"
        f"name = bill\nuser = reader\npassword_file = {password}\ntimeout = 3\n"
    ).mikbill
    assert config.is_there
    assert (config.since, config.timezone) == (date(2026, 11, 26), ZoneInfo("Asia/Omsk"))
    assert config.bonus_types == frozenset({62, 110})
    assert config.password == Secret("sécret")
    assert (config.look_back_days, config.timeout) == (7, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[mikbill]\nhost = 127.0.0.1\n", "[mikbill] needs since"),
        (LEAST + "host = 127.0.0.1\n", "exactly one of socket and host; both are set"),
        ("[mikbill]\nhost = bill\nsince = 2026-01-01\n", "is another machine: set tls_ca"),
        (LEAST + "tls_ca = /nowhere/ca.pem\n", "[mikbill] tls_ca = /nowhere/ca.pem cannot be read"),
        (LEAST.replace("-26", "-31"), "a date such as 2026-11-26"),
        (LEAST + "bonus_types = 62;110\n", "a comma list of numbers"),
        (LEAST + "timezone = Moscow\n", "a name of the time zone database"),
        (LEAST + "timeout = 0\n", "a whole number from 1 to 60"),
        (LEAST + "password_file = /nowhere/word\n", "cannot read the mikbill password"),
    ],
)
def test_what_cannot_be(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text)
