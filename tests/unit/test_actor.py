"""The person behind the process."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from engine.actor import current_actor

NAMES = {0: "root", 998: "billdeck", 1001: "olga"}


@pytest.mark.parametrize(
    ("sudo_uid", "login_uid", "actor"),
    [
        ("1001", "1001\n", "olga"),
        ("1001", "1002", "billdeck"),
        ("0", "1001", "billdeck"),
        ("1001", "4294967295", "billdeck"),
        ("4294967295", "4294967295", "billdeck"),
        ("", "1001", "billdeck"),
        (None, "1001", "billdeck"),
        ("olga", "1001", "billdeck"),
        ("-1", "1001", "billdeck"),
        ("\u0661\u0660\u0660\u0661", "1001", "billdeck"),
        ("1001", "", "billdeck"),
        ("1001", None, "billdeck"),
        ("1003", "1003", "uid:1003"),
    ],
)
def test_sudo_counts_only_with_the_login_uid(
    tmp_path: Path, sudo_uid: str | None, login_uid: str | None, actor: str
) -> None:
    file = tmp_path / "loginuid"
    if login_uid is not None:
        file.write_text(login_uid)
    environ = {} if sudo_uid is None else {"SUDO_UID": sudo_uid, "SUDO_USER": "mallory"}
    found = current_actor(
        environ=environ, loginuid_file=file, process_uid=998, name_of=NAMES.get
    )  # fmt: skip
    assert found == actor


def test_a_hostile_account_name_is_shown_harmlessly(tmp_path: Path) -> None:
    found = current_actor(
        environ={}, loginuid_file=tmp_path / "none", process_uid=1, name_of=lambda uid: "x\x1b[m"
    )
    assert found == "x\\x1b[m"


def test_the_real_process_has_an_actor() -> None:
    try:
        expected = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        expected = f"uid:{os.getuid()}"
    assert current_actor(environ={}) == expected
