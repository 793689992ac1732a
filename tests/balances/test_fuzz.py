"""Whatever comes, the two steps of parsing end in time and raise nothing but their own refusal.

tests/balances/fuzz_by_hand.py does the same with atheris, for as long as one likes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.balances.mail import MAX_TEXT, identify, read_mail
from engine.balances.profile import Profile, read_facts
from engine.balances.refusal import MailRefused
from engine.balances.template import compile_pattern
from engine.errors import InputError
from tests.balances.letters import letter, mail, multipart, page, part
from tests.balances.test_golden_mails import FOLDER, MEGAFON

GOLDEN = [path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))]
SCRAPS = [
    b"\r\n", b"\n\n", b"\0", b"--b", b"--b--", b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"charset=idna",
    b"=?utf-8?B?", b"=D0=", b"<![CDATA[", b"<!--", b"&#x110000;", b"<![", b"\xff\xfe", b"<script>",
    "Л/С: ".encode(), "На счете ".encode(), "\u2212\u2009".encode(), b"9" * 500,
]  # fmt: skip


def read(raw: bytes) -> None:
    """Both steps; the refusal is the one thing that may come."""
    identify(raw)
    try:
        texts = read_mail(raw, MEGAFON.words).texts
        assert all(0 < len(text) <= MAX_TEXT for text in texts)
        facts = read_facts(texts, [MEGAFON])
    except MailRefused:
        return
    assert facts.number.isdigit()
    assert len(facts.number) == 10
    assert abs(facts.balance) < 10**15


@given(st.binary(max_size=3000))
def test_any_bytes(raw: bytes) -> None:
    read(raw)


@given(st.sampled_from(GOLDEN), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 60),
       st.sampled_from(SCRAPS) | st.binary(max_size=20)), max_size=8))  # fmt: skip
def test_golden_mails_spoilt(raw: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for place, length, scrap in changes:
        raw = raw[:place] + scrap + raw[place + length :]
    read(raw)


@given(st.text(max_size=400), st.booleans())
def test_any_text_in_a_letter(text: str, as_page: bool) -> None:
    text = text.encode("utf-8", "replace").decode()
    for place in range(0, len(letter()), 37):
        spoilt = letter()[:place] + text + letter()[place:]
        kind = "text/html" if as_page else "text/plain"
        read(mail(page(spoilt) if as_page else spoilt, kind=kind))


@given(st.recursive(st.binary(max_size=50), lambda inner: st.lists(inner, max_size=3)))
def test_any_nesting(tree: list[object] | bytes) -> None:
    def build(node: list[object] | bytes, level: int) -> bytes:
        if isinstance(node, bytes):
            return part(letter()) + node
        inner = [build(one, level + 1) for one in node]  # type: ignore[arg-type]
        return multipart("mixed", *inner, boundary=f"level{level}")

    read(build(tree, 0))


@pytest.mark.parametrize(
    "text",
    [
        "Тарифный план: " * 5_000,
        "Тарифный план:" + " с 01.02" * 10_000,
        "На счете " * 10_000,
        "На счете " + "1 " * 30_000,
        "Номер: " + "9" * 60_000,
        "> " * 60_000,
        ">" * 200_000,
        " \n" * 60_000,
        "<" * 200_000,
        "<!--" * 50_000,
        "<a " * 50_000,
        "<![CDATA[" * 20_000,
        "&#" * 60_000,
        "</" * 60_000,
        "<p a=" + "'\"" * 50_000,
        "<!" * 80_000,
        "<?" * 80_000,
        "<script>" * 30_000,
    ],
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_letters_made_to_last(text: str, kind: str) -> None:
    """Each of these took minutes, or would, with patterns or a parser that walk back."""
    read(mail(text, kind=kind))


@given(st.text(alphabet="aс {}|valuedtny.*+?()[]\\Л:", max_size=60), st.text(max_size=300))
def test_any_pattern(pattern: str, text: str) -> None:
    try:
        compiled = compile_pattern(pattern, r"([^\n]{1,80}?)", r"([^\n]{1,80})")
    except InputError:
        return
    for match in compiled.finditer(text):
        assert match[match.lastindex or 0]


@given(st.text(max_size=40))
def test_any_format_of_time(time_format: str) -> None:
    try:
        profile = Profile(replace(MEGAFON.config, time_format=time_format))
    except InputError:
        return
    with suppress(MailRefused):
        profile.read(letter())
