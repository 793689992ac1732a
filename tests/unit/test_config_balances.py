"""The configuration of the mailbox and of operators' profiles."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.balances.profile import Profile
from engine.balances.refusal import MailRefused
from engine.config import Secret
from engine.period import parse_when
from tests.unit.config_place import Place

MAILBOX = "[balance-import]\nhost = imap.example.com\nuser = balance\n"
PATTERNS = {
    "personal_account": "Account: {value}",
    "number": "Number: {value}",
    "time": "Time: {value}",
    "balance": "Balance: {value} RUB",
    "tariff": "Tariff: {value} since {date}",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def operator(name: str = "Other", **changes: str | None) -> str:
    settings = {**PATTERNS, **changes}
    lines = [f"{key} = {value}" for key, value in settings.items() if value is not None]
    return "\n".join([f"[operator {name}]", *lines, ""])


def test_without_a_host_there_is_no_mailbox(place: Place) -> None:
    config = place.load("[balance-import]\npassword_file = /none\n")
    assert (config.balance_import.host, config.balance_import.password) == (None, None)


@pytest.mark.parametrize("by", ["password", "file", "credential"])
def test_a_password_comes_three_ways(place: Place, by: str) -> None:
    kept = place.root / "balance-import-password"
    if by == "password":
        config = place.load(f"{MAILBOX}password = пароль\n", 0o640)
    else:
        kept.write_text("пароль\n")
        kept.chmod(0o600)
        if by == "file":
            config = place.load(f"{MAILBOX}password_file = {kept}\n")
        else:
            config = place.load(MAILBOX, CREDENTIALS_DIRECTORY=str(place.root))
    assert config.balance_import.password == Secret("пароль")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MAILBOX, "with a host needs password, password_file or a credential"),
        (MAILBOX.replace("user = balance\n", "password_file = /none\n"), "balance-import password"),
        (f"{MAILBOX}password_file = /none\n", "check [balance-import] password_file"),
        ("[balance-import]\ntls = maybe\n", "one of implicit, starttls, off"),
        ("[balance-import]\nkeep_processed = 0 days\n", "forever, no, or a number of days"),
        ("[balance-import]\nchunk = 501\n", "from 1 to 500"),
        ("[balance-status]\nno_data = 10\n", "no_data must be less than terminated"),
        ("[balance-status]\nwindow = 9\n", "no_data must be less than terminated"),
    ],
)
def test_what_cannot_be(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text)


def test_clear_text_is_for_this_machine(place: Place) -> None:
    text = f"{MAILBOX}tls = off\npassword = x\n"
    assert "tls must not be off" in place.refusal(text, 0o600)
    assert (
        place.load(text.replace("imap.example.com", "127.0.0.1"), 0o600).balance_import.tls == "off"
    )


@pytest.mark.parametrize(
    ("text", "days"), [("forever", None), ("no", 0), ("1 day", 1), ("30 days", 30)]
)
def test_how_long_mails_are_kept(place: Place, text: str, days: int | None) -> None:
    config = place.load(f"[balance-import]\nkeep_processed = {text}\n")
    assert config.balance_import.keep_processed == days


def test_megafon_is_built_in(place: Place) -> None:
    (megafon,) = place.load("[billing]\ntimezone = Asia/Omsk\n").operators
    assert (megafon.name, megafon.timezone) == ("Megafon", ZoneInfo("Asia/Omsk"))


def test_a_second_operator(place: Place) -> None:
    text = operator(timezone="Asia/Tomsk", account_digits="9", number_prefixes="", aliases="A, Б")
    other, megafon = place.load(text).operators
    assert (other.name, other.timezone) == ("Other", ZoneInfo("Asia/Tomsk"))
    assert (other.account_digits, other.number_prefixes) == ((9, 9), ())
    assert (other.aliases, other.decimal_sign) == (("A", "Б"), "either")
    assert megafon.name == "Megafon"


def test_a_section_may_stand_in_place_of_the_built_in_profile(place: Place) -> None:
    text = "[operator megafon]\nbalance = Остаток {value} руб\n"
    (megafon,) = place.load(text).operators
    assert (megafon.name, megafon.balance) == ("megafon", "Остаток {value} руб")
    assert megafon.number == "Номер: {value}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (operator(balance=None), "[operator Other] needs the setting balance"),
        (operator(balance="Balance"), "[operator Other] balance must have {value} just once"),
        (operator(balance="Balance {value}{sum}"), "balance has {sum}"),
        (operator(balance="B {value}"), "balance must have 3 letters"),
        (operator(balance="x" * 201 + "{value}"), "text of 1 to 200 characters"),
        (operator(time_format="DD.MM hh:mm"), "time_format must have each of"),
        (operator(time_format="DD.MM.YYYY o'clock hh:mm"), "no part of a time"),
        (operator(account_digits="8-7"), "a range such as 7-8"),
        (operator(number_prefixes="x"), "a comma list of digits"),
        (operator(colour="red"), "has no setting colour"),
        (operator() + operator("OTHER"), "[operator OTHER] is there twice"),
        ("[operator ]\n", "unknown section [operator ]"),
        ("[operator Empty]\n", "[operator Empty] needs the setting personal_account"),
    ],
)
def test_profiles_that_cannot_be(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text)


def test_the_second_operator_of_the_docs(place: Place) -> None:
    page = (Path(__file__).parents[2] / "docs" / "balances.md").read_text(encoding="utf-8")
    start = page.index("[operator Beeline]")
    profile = Profile(place.load(page[start : page.index("```", start)]).operators[0])
    facts = profile.read(
        "Договор № 123456789\nАбонентский номер: +7 903 123-45-67\n"
        "По состоянию на 05.10.2026 08:15:30\nОстаток: 1 234,50 р.\nВаш тариф «Всё моё»"
    )
    assert (facts.operator, facts.number, facts.personal_account, facts.balance, facts.tariff) == (
        "Beeline", "9031234567", "123456789", 123_450, "Всё моё",
    )  # fmt: skip
    assert facts.at == parse_when("2026-10-05T08:15:30+05:00", ZoneInfo("UTC"))
    with pytest.raises(MailRefused, match="balance cannot be read"):
        profile.read(
            "Договор № 123456789\nАбонентский номер: 9031234567\n"
            "По состоянию на 05.10.2026 08:15:30\nОстаток: 12.50 р.\nВаш тариф «Всё моё»"
        )
