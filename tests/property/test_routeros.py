"""What a RouterOS console is told: no name is ever anything but a name."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.integrations.routeros import (
    MAX_NAME_LENGTH,
    BadAnswer,
    drop_command,
    read_count,
    ros_quote,
)
from tests.nas.names import HOSTILE, NAMES
from tests.servers.routeros_console import Console

QUOTED = re.compile(r'"(?:[A-Za-z0-9@._-]|\\[0-9A-F]{2})+"')


@given(NAMES)
@example("Ё")
def test_nothing_but_safe_signs_and_escapes_goes_out(name: str) -> None:
    assert QUOTED.fullmatch(ros_quote(name))


@given(NAMES)
def test_the_console_reads_just_that_name(name: str) -> None:
    console = Console({})
    printed = console.run(f":put {ros_quote(name)}".encode())
    assert printed == name.encode() + b"\r\n"
    assert console.executed == []


@given(NAMES, st.lists(NAMES, max_size=4), st.integers(0, 3))
def test_all_sessions_of_the_name_go_and_no_others(
    name: str, others: list[str], count: int
) -> None:
    names = [*others, *([name] * count)]
    console = Console({f"*{number}": one for number, one in enumerate(names)})
    found = sum(one == name for one in names)
    assert read_count(console.run(drop_command(name).encode())) == found
    assert list(console.sessions.values()) == [one for one in names if one != name]
    assert [what.split()[0] for what in console.executed] == ["find", *["remove"] * found]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    console = Console({"*1": name, "*2": "other"})
    assert console.run(drop_command(name).encode()) == b"1\r\n"
    assert (console.sessions, console.executed) == ({"*2": "other"}, ["find", "remove *1"])


@pytest.mark.parametrize("name", ['"] ; /system reboot; :put ["', "$[/system/reboot]"])
def test_the_model_would_fall_for_a_name_that_is_not_quoted(name: str) -> None:
    console = Console({"*1": name})
    console.run(f'/ppp active remove [/ppp active find name="{name}"]'.encode())
    assert "reboot" in console.executed


def test_an_error_before_the_end_prints_no_count() -> None:
    console = Console({"*1": "ivan"})
    command = drop_command("ivan").replace("remove $s", 'remove "*9"')
    with pytest.raises(BadAnswer, match="no such item"):
        read_count(console.run(command.encode()))
    assert console.sessions == {"*1": "ivan"}


@pytest.mark.parametrize("name", ["", "x" * (MAX_NAME_LENGTH + 1), "half\ud800"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="nothing was sent"):
        drop_command(name)


def test_the_longest_name() -> None:
    assert len(ros_quote("😀" * MAX_NAME_LENGTH)) == 2 + 12 * MAX_NAME_LENGTH


@given(st.integers(0, 999_999_999))
def test_a_count_is_read(count: int) -> None:
    assert read_count(b"%d\r\n" % count) == count


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"1", b"12\r", b"-1\r\n", b"1.0\r\n", b"1\r\n2\r\n", b"1 2\r\n", b"no such item\r\n",
        b"1\r\nno such item\r\n", b"\xff\r\n", "١\r\n".encode(), b"1_0\r\n", b"1234567890\r\n",
        b"\x1b[m1\r\n",
    ],
)  # fmt: skip
def test_anything_else_is_an_error(answer: bytes) -> None:
    with pytest.raises(BadAnswer, match="it answered") as caught:
        read_count(answer)
    assert str(caught.value).isprintable()


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reader(answer: bytes) -> None:
    if not re.fullmatch(rb"\s*[0-9]{1,9}\r?\n\s*", answer):
        with pytest.raises(BadAnswer) as caught:
            read_count(answer)
        assert len(str(caught.value)) < 150
