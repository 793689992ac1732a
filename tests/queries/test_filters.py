"""Filters as typed: what they mean, that they can be written down again, and their mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.queries.clauses import after_all, spellings
from engine.queries.columns import Column
from engine.queries.filters import Condition, Operator, filter_text, parse

COLUMNS = (
    Column("name", "Name", "s.name", "text", 9),
    Column("balance", "Balance", "a.balance", "amount", 9),
    Column("number", "Number", "s.id", "number", 9),
    Column("since", "Since", "s.active_since", "date", 9),
    Column("ordered_from", "From", "s.f", "period", 9),
    Column("state", "State", "s.state", "choice", 9, choices=("active", "frozen")),
    Column("plan", "Plan", "p.code", "choice", 9),
)
LETTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(LETTERS, min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", ()),
        ("  \t ", ()),
        ("Иванов", (Condition("", ":", "Иванов"),)),
        ("Иванов  Пётр", (Condition("", ":", "Иванов Пётр"),)),
        ('Иванов "Пётр"', (Condition("", ":", "Иванов"), Condition("", ":", "Пётр"))),
        (
            "a state:active b",
            (Condition("", ":", "a"), Condition("state", "=", "active"), Condition("", ":", "b")),
        ),
        ("!a b", (Condition("", ":", "a", True), Condition("", ":", "b"))),
        ("balance<-500", (Condition("balance", "<", -50_000),)),
        ("balance>=0.05", (Condition("balance", ">=", 5),)),
        ("balance:10", (Condition("balance", "=", 1000),)),
        ("number<=1005", (Condition("number", "<=", 1005),)),
        ('name:"Иванов ""Пётр"" "', (Condition("name", ":", 'Иванов "Пётр" '),)),
        ('!name~"x y"', (Condition("name", "~", "x y", True),)),
        ("name:", (Condition("name", ":", ""),)),
        ('name=""', (Condition("name", "=", ""),)),
        ("plan:", (Condition("plan", "=", ""),)),
        ("since>2026-10", (Condition("since", ">", "2026-10"),)),
        ("ordered_from:2026-11", (Condition("ordered_from", ":", "2026-11"),)),
        ("+7900 12/34", (Condition("", ":", "+7900 12/34"),)),
        ('"name:x"', (Condition("", ":", "name:x"),)),
        ("10:30", (Condition("", ":", "10:30"),)),
    ],
)
def test_meaning(text: str, meaning: tuple[Condition, ...]) -> None:
    assert parse(text, COLUMNS) == meaning


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("nothing:x", "no column 'nothing'"),
        ("balance<x", "'x' is not an amount"),
        ("balance<", "'balance<' lacks a value"),
        ("balance~5", "'balance~' has no meaning"),
        ("state<active", "'state<' has no meaning"),
        ("state:sleeping", "state is never 'sleeping': active, frozen"),
        ("number:x1", "'x1' is not a number"),
        ("number:" + "9" * 30, "is not a number"),
        ("since:october", "not with 'october'"),
        ('a "b', "a double quote is missing"),
        ('a"b', "a double quote is missing"),
        ('""', "nothing to look for"),
        ("!", "nothing to look for"),
        ("name:" + "x" * 301, "too long"),
        ("a\ud800b", "encoding is broken"),
        (" ".join(["number:1"] * 21), "at most 20 parts"),
        ("\x1b[31m_x:\ud800", "encoding is broken"),
    ],
)
def test_mistakes_name_the_part(text: str, part: str) -> None:
    with pytest.raises(InputError, match=part.replace("(", r"\(")) as caught:
        parse(text, COLUMNS)
    assert "\x1b" not in caught.value.message


def conditions() -> st.SearchStrategy[Condition]:
    operators: st.SearchStrategy[Operator] = st.sampled_from((":", "=", "<", "<=", ">", ">=", "~"))
    ordered: st.SearchStrategy[Operator] = st.sampled_from(("=", "<", "<=", ">", ">="))
    flag = st.booleans()
    return st.one_of(
        st.builds(Condition, st.just(""), st.just(":"), TEXTS.filter(lambda t: t != "!"), flag),
        st.builds(Condition, st.just("name"), operators, TEXTS, flag),
        st.builds(Condition, st.just("balance"), ordered, st.integers(-(10**14), 10**14), flag),
        st.builds(Condition, st.just("number"), ordered, st.integers(-(10**17), 10**17), flag),
        st.builds(Condition, st.just("since"), operators.filter(lambda o: o != "~"),
                  st.dates().map(str), flag),
        st.builds(Condition, st.just("state"), st.just("="), st.sampled_from(("active", "")), flag),
        st.builds(Condition, st.just("plan"), st.just("="), TEXTS, flag),
    )  # fmt: skip


@given(st.lists(conditions(), max_size=8))
def test_a_filter_can_be_written_down(chosen: list[Condition]) -> None:
    text = filter_text(chosen, COLUMNS)
    assert parse(text, COLUMNS) == tuple(chosen), text


@given(st.text(max_size=60) | st.text('ab:<>=~!" \n', max_size=30))
def test_any_text_is_a_filter_or_a_mistake(text: str) -> None:
    """Nothing else comes of it, and what is understood can be written down."""
    try:
        found = parse(text, COLUMNS)
    except InputError:
        return
    assert parse(filter_text(found, COLUMNS), COLUMNS) == found


NEAR_EDGES = st.text(
    st.sampled_from("aя\ud7ff\ue000\U0010fffe\U0010ffff") | LETTERS, min_size=1, max_size=4
)


@given(NEAR_EDGES, NEAR_EDGES | st.just(""))
def test_a_prefix_is_a_range(prefix: str, other: str) -> None:
    end = after_all(prefix)
    for text in (other, prefix + other, prefix[:-1] + other):
        assert text.startswith(prefix) == (prefix <= text and (end is None or text < end))


def test_spellings() -> None:
    assert spellings("иванов пётр", True) == ["иванов пётр", "Иванов Пётр", "ИВАНОВ ПЁТР"]
    assert spellings("ООО", True) == ["ООО", "Ооо"]
    assert spellings("ivan", False) == ["ivan"]
