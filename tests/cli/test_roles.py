"""The least role that each command asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.roles import groups_of
from tests.cli.conftest import Shell

LOOKING = (("jobs",), ("subscriber", "show", "ivan"), ("check",), ())
WRITING = (
    ("payment", "ivan", "5"),
    ("refund", "ivan", "5"),
    ("correct", "ivan", "-5"),
    ("writeoff", "ivan", "5"),
    ("reverse", "1"),
    ("subscriber", "add", "olga", "--group", "people", "--plan", "home"),
    ("subscriber", "set", "ivan", "--name", "x"),
)
RULING = (("init",), ("migrate",), ("backup", "/nowhere/x"), ("import", "/nowhere"))


@pytest.fixture
def engine_name() -> str:
    """Roles are a matter of the configuration: one engine is enough."""
    return "sqlite"


def refused(shell: Shell, words: tuple[str, ...], role: str) -> bool:
    answer = shell(*words)
    if answer.status == 4 and f"needs the role {role}" in answer.err:
        return True
    assert "needs the role" not in answer.err
    return False


@pytest.mark.parametrize("words", WRITING)
def test_a_viewer_may_not_write(ivan: Shell, words: tuple[str, ...]) -> None:
    ivan.configure("[roles]\nviewer = *")
    assert refused(ivan, words, "operator")


@pytest.mark.parametrize("words", LOOKING)
def test_a_viewer_may_look(ivan: Shell, words: tuple[str, ...]) -> None:
    ivan.configure("[roles]\nviewer = *")
    assert ivan(*words).status == 0


@pytest.mark.parametrize("words", WRITING)
def test_an_operator_may_write(ivan: Shell, words: tuple[str, ...]) -> None:
    ivan.configure("[roles]\noperator = *")
    assert not refused(ivan, words, "operator")


@pytest.mark.parametrize("words", RULING)
def test_an_operator_may_not_rule(ivan: Shell, words: tuple[str, ...]) -> None:
    ivan.configure("[roles]\noperator = *")
    assert refused(ivan, words, "admin")


@pytest.mark.parametrize("words", LOOKING)
def test_a_stranger_may_nothing(ivan: Shell, words: tuple[str, ...]) -> None:
    ivan.configure("[roles]\nadmin = nobody-of-this-name")
    answer = ivan(*words)
    assert answer.status == 4
    assert "has no role" in answer.err
    assert answer.out == ""


def test_the_schema_may_be_read_by_all(ivan: Shell, tmp_path: Path) -> None:
    ivan.configure("[roles]\nadmin = nobody-of-this-name")
    assert ivan("schema", "--engine", "sqlite").status == 0


def test_groups_of_a_user() -> None:
    assert "root" in groups_of("root")
    assert groups_of("uid:4711") == set()
