"""Mails of every charset and shape, and those that nobody can use."""

from __future__ import annotations

import pytest

from engine.balances.mail import identify, read_mail
from engine.balances.mime import MAX_DEPTH, MAX_PARTS
from engine.balances.refusal import MailRefused
from tests.balances.letters import letter, mail, multipart, page, part
from tests.balances.test_golden_mails import MEGAFON, facts_of

RUSSIAN = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "utf-8")


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
@pytest.mark.parametrize("charset", [*RUSSIAN, "utf-16"])
def test_every_charset(charset: str, kind: str, encoding: str) -> None:
    if charset == "utf-16" and encoding == "8bit":
        encoding = "base64"  # it cannot go unwrapped
    text = letter(tariff="Всё включено с домом")
    raw = mail(page(text) if kind == "text/html" else text, charset, kind=kind, encoding=encoding)
    assert facts_of(raw).tariff == "Всё включено с домом"


@pytest.mark.parametrize(
    "label", ["us-ascii", "utf-8", "iso-8859-1", "koi8-r", "cp866", "windows-1252", "", "idna",
              "undefined", "rot13", "x-unknown", "ISO-8859-5", "utf-16", '"'],
)  # fmt: skip
@pytest.mark.parametrize("charset", RUSSIAN)
def test_a_label_that_lies(charset: str, label: str) -> None:
    assert facts_of(mail(letter(), charset, label=label)).balance == -1530


@pytest.mark.parametrize("label", ["cp-1251", "win-1251", "WINDOWS-1251", "x-cp1251", '"cp1251"'])
def test_names_of_a_charset(label: str) -> None:
    assert facts_of(mail(letter(), "cp1251", label=label)).tariff == "Единый"


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("15", 1500), ("15,30", 1530), ("1 234.50", 123_450), ("1\u00a0234,5", 123_450),
        ("1\u2009234\u2009567.89", 123_456_789), ("\u221215.30", -1530), ("- 15.30", -1530),
        ("\u20138", -800), ("+8", 800), ("0.00", 0), ("-0.00", 0), ("0012.5", 1250),
        ("9999999999999.99", 999_999_999_999_999),
    ],
)  # fmt: skip
def test_balances(written: str, minor: int) -> None:
    assert facts_of(mail(letter(balance=written))).balance == minor


@pytest.mark.parametrize(
    "written",
    ["1.2.3", "--5", "1,234.50", "1,234", "15.", ".5", "12 34", "1 23.50", "5-", "1e3", "",
     "пять", "99999999999999.00", "1.234", "+-5", "\u0661\u0662"],
)  # fmt: skip
def test_what_is_no_balance(written: str) -> None:
    with pytest.raises(MailRefused) as refused:
        facts_of(mail(letter(balance=written)))
    assert refused.value.missing == "balance"


@pytest.mark.parametrize(
    "written",
    ["+79261234567", "89261234567", "8 (926) 123-45-67", "+7 926 123 45 67", "9261234567"],
)
def test_numbers(written: str) -> None:
    assert facts_of(mail(letter(number=written))).number == "9261234567"


@pytest.mark.parametrize("written", ["926123456", "99261234567", "92612345678", "+9261234567", "x"])
def test_what_is_no_number(written: str) -> None:
    with pytest.raises(MailRefused) as refused:
        facts_of(mail(letter(number=written)))
    assert refused.value.missing == "number"


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ({"account": "123456"}, "personal account"),
        ({"account": "123456789"}, "personal account"),
        ({"time": "31.02.2013 12:30"}, "time"),
        ({"time": "12.03.2013 24:00"}, "time"),
        ({"time": "12.03.1913 10:00"}, "time"),
        ({"time": "12.03.2013"}, "time"),
        ({"tariff": " "}, "tariff"),
        ({"tariff": "Ед\ufffdный"}, "tariff"),
        ({"tariff": "долгий " * 40}, "tariff"),
    ],
)
def test_what_lacks_a_fact(facts: dict[str, str], missing: str) -> None:
    with pytest.raises(MailRefused) as refused:
        facts_of(mail(letter(**facts)))
    assert refused.value.missing == missing


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Связь с домом", "Связь с домом"),
        ("Акция с 01.01.2012 года", "Акция с 01.01.2012 года"),
        ("«Всё\nвключено» S", "«Всё включено» S"),
        ("Класс", "Класс"),
    ],
)
def test_titles_of_tariffs(written: str, title: str) -> None:
    assert facts_of(mail(letter(tariff=written))).tariff == title


def test_a_fact_with_two_values_is_none() -> None:
    with pytest.raises(MailRefused, match="two values for the balance"):
        facts_of(mail(letter() + "На счете 7.00 руб.\n"))
    assert facts_of(mail(letter() + letter())).balance == -1530


SHAPES = {
    "forwarded": mail("Смотри:\n" + "".join(f"> {line}\n" for line in letter().splitlines())),
    "forwarded twice": mail("".join(f"> >> {line}\n" for line in letter().splitlines())),
    "alternative": multipart("alternative", part(letter()), part("<p>same</p>", "text/html")),
    "html alone has it": multipart(
        "alternative", part("Ваша почта не знает HTML"), part(page(letter()), "text/html")
    ),
    "with an attachment": multipart(
        "mixed", part(letter()),
        part("%PDF", "application/pdf", more="Content-Disposition: attachment; filename=a.pdf\r\n"),
    ),
    "attached": multipart(
        "mixed", part("Смотри вложение"),
        part(letter(), more="Content-Disposition: attachment; filename=a.txt\r\n"),
    ),
    "in two halves": multipart(
        "mixed", *(part("\n".join(half)) for half in
                   (letter().splitlines()[:4], letter().splitlines()[4:])),
    ),
    "a mail in a mail": multipart(
        "mixed", part("Fwd"), b"Content-Type: message/rfc822\r\n\r\n" + mail(letter(), "koi8-r")
    ),
    "not closed": multipart("mixed", part(letter()), closed=False),
    "with a wrong boundary": multipart("mixed", part(letter())).replace(b'"b1"', b'"zz"'),
    "without headers": ("\n" + letter()).encode(),
    "of an mbox file": b"From operator Tue Mar 12 2013\n" + mail(letter()),
    "with LF alone": mail(letter()).replace(b"\r\n", b"\n"),
    "with invisible signs": mail(letter().replace("счете", "сче\u00adте").replace(":", ":\u200b")),
    "in one table row": mail(
        "<table><tr>" + "".join(f"<td>{line}</td>" for line in letter().splitlines()) + "</table>",
        kind="text/html",
    ),
    "with style and script": mail(
        f"<style>Л/С: 1111111</style><script>'Л/С: 2222222'</script>{page(letter())}",
        kind="text/html",
    ),
    "with a style never closed": mail("<style>p {}" + page(letter()), kind="text/html"),
    "with comments": mail(
        f"<!-- Л/С: 1111111 <p> -->{page(letter())}<!-- never closed", kind="text/html"
    ),
    "with a title never closed": mail(
        page(letter()).replace("</title>", ""), kind="text/html"
    ),
    "with entities": mail(
        page(letter()).replace("Единый", "&#1045;&#x434;иный").replace(" руб", "&nbsp;руб"),
        "koi8-r", kind="text/html",
    ),
    "in capitals": mail(letter().upper()),
    "with ё": mail(letter().replace("счете", "счёте")),
    "with Latin twins": mail(letter().replace("Л/С", "Л/C")),
    "a charset with a language": mail(letter(), label="utf-8").replace(
        b"charset=utf-8", b"charset*=utf-8'ru'utf-8"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_shapes(name: str) -> None:
    facts = facts_of(SHAPES[name])
    assert (facts.personal_account, facts.number, facts.balance) == (
        "12345678",
        "9261234567",
        -1530,
    )
    assert facts.tariff.lower() == "единый"


def deep(levels: int) -> bytes:
    raw = part(letter())
    for level in range(levels):
        raw = multipart("mixed", raw, boundary=f"level{level}")
    return raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no text"),
        (b"\x00" * 1000, "NUL"),
        (mail(letter().replace("уваж", "\0")), "NUL"),
        (multipart("mixed", *[part("x")] * (MAX_PARTS + 1)), f"more than {MAX_PARTS} parts"),
        (deep(MAX_DEPTH), f"more than {MAX_DEPTH} deep"),
        (deep(3_000), f"more than {MAX_DEPTH} deep"),
        (b"X: " + b"y" * 70_000 + b"\n\n", "headers are longer"),
        (multipart("mixed", part("x", "image/png")), "no text"),
        (mail("x", label="utf-8").replace(b"\r\nx", b"\r\n\x98\x98\x98\xff"), "charset"),
    ],
)
def test_what_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(MailRefused, match=reason):
        read_mail(raw, MEGAFON.words)


def test_a_mail_is_known_by_its_id_or_else_its_content() -> None:
    first, again = mail(letter()), mail(letter(), more="Received: by another way")
    other = mail(letter(balance="7.00"))
    assert identify(first) == identify(again)
    assert identify(first).key == identify(other).key
    assert identify(first).content != identify(other).content
    nameless = identify(mail(letter(), message_id=None))
    assert nameless.key == nameless.content == identify(first).content
    assert identify(mail(letter(), message_id="<>")) == nameless
