"""Logins that would like to do more than be looked up, and all others."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTILE = (
    "plain",
    'a"b',
    '"; /system reboot; :put "1',
    '"] ; /system/reboot',
    "$[/system/reboot]",
    "x[/system/reboot]",
    "$name",
    "$(1 + 1)",
    "$s",
    "back\\slash",
    "ends with \\",
    "\\",
    '\\"; /system reboot; "',
    "line\n/system reboot\n",
    "carriage\r/system reboot",
    "esc\x1b]0;title\x07",
    "nul\x00byte",
    "*",
    "*1",
    "?",
    "a b",
    " edges ",
    "Иван Ёж",
    "😀",
    "{/system reboot}",
    "name=other",
    "a;b",
    "'",
    "`/system reboot`",
    "-1",
    "\\41",
    "%s",
    "~.*",
)

_TRICKS = st.sampled_from(
    ['"', "\\", "$", "[", "]", "(", ")", "{", "}", ";", "\n", "\r", " ", "/system reboot", "?", "="]
)
NAMES = st.one_of(
    st.lists(_TRICKS | st.characters(codec="utf-8"), min_size=1, max_size=40)
    .map("".join)
    .filter(lambda name: len(name) <= 128),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=128),
)
