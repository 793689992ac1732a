"""The golden mails: what each says, or which fact it lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.balances.mail import read_mail
from engine.balances.profile import Facts, Profile, megafon, read_facts
from engine.balances.refusal import MailRefused
from engine.money import format_amount

FOLDER = Path(__file__).parents[1] / "data" / "golden-balance-mail"
EXPECTED: dict[str, dict[str, str]] = json.loads((FOLDER / "expected.json").read_text())
MEGAFON = Profile(megafon(ZoneInfo("Europe/Moscow")))


def facts_of(raw: bytes) -> Facts:
    return read_facts(read_mail(raw, MEGAFON.words).texts, [MEGAFON])


def outcome(raw: bytes) -> dict[str, Any]:
    try:
        facts = facts_of(raw)
    except MailRefused as refused:
        return {"outcome": "skipped", "missing": refused.missing}
    return {
        "outcome": "parsed",
        "personal_account": facts.personal_account,
        "number": facts.number,
        "time": facts.time.isoformat(timespec="minutes"),
        "balance": format_amount(facts.balance),
        "tariff": facts.tariff,
    }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_comes_out_as_expected(name: str) -> None:
    assert outcome((FOLDER / f"{name}.eml").read_bytes()) == EXPECTED[name]


def test_each_golden_mail_is_expected() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(EXPECTED)


def test_the_time_is_the_operators() -> None:
    """Moscow was four hours ahead in 2013."""
    facts = facts_of((FOLDER / "plain-cp1251.eml").read_bytes())
    assert facts.at == 1_363_065_300_000
    assert facts.day == "2013-03-12"
