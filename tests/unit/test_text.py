"""Text from outside: terminal, log, CSV, phone numbers."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest

from engine.text import _PLAIN, csv_cell, mask_phone, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Иванов № 5 — «Дом»", "Иванов № 5 — «Дом»"),
        ("a\nb\tc\0", "a\\x0ab\\x09c\\x00"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("\u202eabc\u2066\u200f\u061c", "\\u202eabc\\u2066\\u200f\\u061c"),
        ("a\u200bb\u200dc\ufeff\u2060", "a\\u200bb\\u200dc\\ufeff\\u2060"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\udc80", "\\udc80"),
        ("\ue000\U000e0041\uffff", "\\ue000\\U000e0041\\uffff"),
        ("soft\u00adhyphen", "soft\\xadhyphen"),
        ("\u3164", "\\u3164"),
        ("1\u00a0217.45", "1\u00a0217.45"),
        ("й = и\u0306", "й = и\u0306"),
        ("日本 😀", "日本 😀"),
        ("\\x1b", "\\x1b"),
        ("", ""),
    ],
)
def test_what_could_act_becomes_visible(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_any_object_is_taken_as_its_text() -> None:
    assert safe(42) == "42"
    assert safe(Path("/a\nb")) == "/a\\x0ab"
    assert safe(ValueError("bad\x1b")) == "bad\\x1b"
    assert safe(None) == "None"


def test_combining_marks_are_capped() -> None:
    assert safe("e" + "\u0301" * 50 + "x") == "e" + "\u0301" * 3 + "x"


def test_a_long_text_is_cut() -> None:
    assert safe("a" * 200) == "a" * 200
    assert safe("a" * 201) == "a" * 199 + "…"
    assert safe("abc", 1) == "…"
    assert safe("a", 1) == "a"


def test_an_escape_is_never_halved() -> None:
    assert safe("ab\ncd", 6) == "ab…"
    assert safe("ab\ncd", 7) == "ab\\x0a…"
    assert safe("ab\ncd", 8) == "ab\\x0acd"


def test_the_limit_must_leave_room() -> None:
    with pytest.raises(ValueError, match="limit"):
        safe("a", 0)


def test_the_quick_way_lets_only_printable_unmarked_characters_through() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if _PLAIN.fullmatch(char):
            category = unicodedata.category(char)
            assert category[0] not in "CM", hex(code)
            assert category not in ("Zl", "Zp"), hex(code)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1+2", "'-1+2"),
        ("-", "'-"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("-12.50", "-12.50"),
        ("+79161234567", "+79161234567"),
        ("-1\n", "'-1\n"),
        ("-\u0661", "'-\u0661"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+79161234567", "+*******4567"),
        ("8 (916) 123-45-67", "*******4567"),
        ("1234567", "*****67"),
        ("112", "***"),
        ("", ""),
        ("Anna, +7 916 123 45 67", "*******4567"),
        ("Anna", ""),
    ],
)
def test_phone_is_masked(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked
