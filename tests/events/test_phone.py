"""Phone numbers as people write them into one field."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events.phone import is_known, normalised


@pytest.mark.parametrize(
    ("field", "digits"),
    [
        ("+79991234567", "79991234567"),
        ("89991234567", "79991234567"),
        ("79991234567", "79991234567"),
        ("9991234567", "79991234567"),
        ("+7 999 123-45-67", "79991234567"),
        ("8 (999) 123 45 67", "79991234567"),
        ("8 999 123 - 45 - 67", "79991234567"),
        ("8\u2011999\u2011123\u201345\u201367", "79991234567"),
        ("+7\u00a0999\u00a01234567", "79991234567"),
        ("тел. 8(999)1234567 мама", "79991234567"),
        ("84951234567", "74951234567"),
        ("+49 1512 3456789", "4915123456789"),
        ("+996 700 123 456", "996700123456"),
        # Two in one field: the mobile one wins, else the first.
        ("89991234567,89997654321", "79991234567"),
        ("89991234567; 89997654321", "79991234567"),
        ("84951234567/89991234567", "79991234567"),
        ("84951234567 89991234567", "79991234567"),
        ("8 495 123 45 67 8 999 123 45 67", "79991234567"),
        ("84951234567, 84997654321", "74951234567"),
        ("+79991234567+79997654321", "79991234567"),
        ("12345, 89991234567", "79991234567"),
        ("123 8999 1234567", "79991234567"),
        ("", None),
        ("нет", None),
        ("12345", None),
        ("8999123456", None),
        ("899912345678", None),
        ("00000000000", None),
        ("+", None),
        ("(((((((((", None),
    ],
)
def test_in_russia(field: str, digits: str | None) -> None:
    assert normalised(field, "RU") == digits


def test_the_region_completes_a_number() -> None:
    assert normalised("01512 3456789", "DE") == "4915123456789"
    assert normalised("01512 3456789", "RU") is None
    assert normalised("030 123 456 78", "DE") == "493012345678"
    assert normalised("0700 123 456", "KG") == "996700123456"
    assert normalised("+79991234567", "XX") == "79991234567"
    assert normalised("89991234567", "XX") is None


@pytest.mark.parametrize(
    ("field", "known"),
    [("+7 999 123-45-67", True), ("1234567", True), ("123456", False), ("", False), ("-", False)],
)
def test_known(field: str, known: bool) -> None:
    assert is_known(field) is known


@given(st.text(alphabet="0123456789+()- ,;/8797a\x00", max_size=400))
def test_any_field_gives_digits_or_nothing(field: str) -> None:
    digits = normalised(field, "RU")
    if digits is not None:
        assert is_known(field)
        assert digits.isascii()
        assert digits.isdigit()
        assert normalised(f"+{digits}", "XX") == digits


def test_the_library_is_not_loaded_to_see_whether_a_number_is_known() -> None:
    code = (
        "import sys, engine.events.bonus, engine.events.phone as p; p.is_known('89991234567');"
        "print(sorted({'phonenumbers', 'jinja2'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
