"""Questions before what changes something: the levels of danger, roles, read-only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from engine.errors import InputError
from tests.console.driving import check_snapshot, drive, new_console, table, text, until
from tui.actions import ActionCall, ActionRecord, Danger, Parameter, Question, Registry
from tui.app import Console
from tui.screens.confirm import Confirm, matches


def _action(danger: Danger, done: list[ActionCall], word: str = "") -> ActionRecord:
    return ActionRecord(
        name="block",
        title="Block",
        help="blocks subscribers",
        run=done.append,
        danger=danger,
        role="operator",
        question=lambda database, call: Question(
            f"Block {len(call.targets)} subscribers?", (("rows", str(len(call.targets))),), word
        ),
        needs_rows=True,
        headless="subscriber set LOGIN --state blocked",
    )


def _console(folder: Path, action: ActionRecord, **settings: Any) -> Console:
    console = new_console(folder, **settings)
    console.registry = Registry([*console.registry, action])
    return console


async def _asked(pilot: Pilot[int]) -> None:
    await pilot.press("space", "space", "colon", *"block", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))


@pytest.mark.parametrize(
    ("keys", "go_on"),
    [(("enter",), False), (("escape",), False), (("n",), False), (("т",), False), (("y",), True),
     (("н",), True), (("tab", "enter"), True), (("q",), None)],
)  # fmt: skip
def test_danger_1_has_the_focus_on_cancel(
    tmp_path: Path, keys: tuple[str, ...], go_on: bool | None
) -> None:
    done: list[ActionCall] = []

    async def steps(pilot: Pilot[int]) -> None:
        await _asked(pilot)
        assert pilot.app.screen.query_one("#cancel", Button).has_focus
        await pilot.press(*keys)
        if go_on is None:
            assert isinstance(pilot.app.screen, Confirm)
            return
        await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert [call.targets for call in done] == ([(1, 2)] if go_on else [])

    drive(_console(tmp_path, _action(1, done)), steps)


def test_the_question_as_it_looks(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[int]) -> None:
        await _asked(pilot)
        check_snapshot(pilot.app, "confirm-80x24")

    drive(_console(tmp_path, _action(3, [], "block 412")), steps)


@pytest.mark.parametrize(("danger", "word"), [(2, "month-close"), (3, "1\u00a0217.45")])
def test_danger_2_and_3_want_something_typed(tmp_path: Path, danger: Danger, word: str) -> None:
    done: list[ActionCall] = []

    async def steps(pilot: Pilot[int]) -> None:
        await _asked(pilot)
        line = pilot.app.screen.query_one(Input)
        await pilot.press("y", "enter")
        assert isinstance(pilot.app.screen, Confirm)
        assert "Nothing was done" in text(pilot.app)
        line.value = ""
        await pilot.press(*word.replace("\u00a0", "").replace("-", "\x2d"), "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert len(done) == 1

    drive(_console(tmp_path, _action(danger, done, word)), steps)


def test_escape_leaves_a_question_with_a_word(tmp_path: Path) -> None:
    done: list[ActionCall] = []

    async def steps(pilot: Pilot[int]) -> None:
        await _asked(pilot)
        await pilot.press(*"wo", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, Confirm))
        assert done == []
        assert table(pilot).has_focus

    drive(_console(tmp_path, _action(2, done, "word")), steps)


def test_a_word_matches_as_a_whole_and_never_when_empty() -> None:
    assert matches("1 217.45", "1\u00a0217.45")
    assert matches(" block 412", "block 412")
    assert not matches("41", "412")
    assert not matches("", "")


def test_read_only_hides_what_is_dangerous(tmp_path: Path) -> None:
    done: list[ActionCall] = []

    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        assert "read-only" in text(app)
        assert "block" not in [action.name for action in app.offered()]
        await pilot.press("colon", *"block", "enter")
        await until(pilot, lambda: "read-only is on" in text(app))
        assert done == []
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: not app.read_only)
        assert "block" in [action.name for action in app.offered()]

    drive(_console(tmp_path, _action(1, done), read_only="yes"), steps)


def test_a_viewer_is_offered_nothing_dangerous_and_stays_read_only(tmp_path: Path) -> None:
    console = new_console(tmp_path, role="viewer")
    console.registry.add(_action(1, []))

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "A viewer only looks" in text(console))
        assert console.read_only
        assert "block" not in [action.name for action in console.offered()]

    drive(console, steps)


def test_the_menu_runs_an_action_on_the_row(tmp_path: Path) -> None:
    done: list[ActionCall] = []

    async def steps(pilot: Pilot[int]) -> None:
        await pilot.press("j", "x")
        await until(pilot, lambda: "Block" in text(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: len(done) == 1)
        assert done[0].targets == (2,)

    drive(_console(tmp_path, _action(1, done)), steps)


def test_no_bare_letter_changes_anything(tmp_path: Path) -> None:
    """Every printable key is pressed; nothing dangerous runs, whatever they open."""
    done: list[ActionCall] = []

    async def steps(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Console)
        for key in "abcdefghijklmnoprstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ034567":
            await app._check_bindings(key)
        await until(pilot, lambda: True)
        assert done == []
        assert not isinstance(app.screen, Confirm)

    drive(_console(tmp_path, _action(1, done)), steps)


def test_an_action_with_danger_must_have_a_question() -> None:
    with pytest.raises(ValueError, match="needs a question"):
        ActionRecord("x", "X", "x", print, danger=1)


def test_lines_are_parsed_like_the_command_line() -> None:
    seen: list[str] = []
    run = ActionRecord(
        "run",
        "Run",
        "a job",
        print,
        (
            Parameter("job", "the job", "choice", required=True, choices=("month-close",)),
            Parameter("period", "the period", "period", check=seen.append),
            Parameter("dry-run", "only look", "flag"),
        ),
    )
    look = ActionRecord("subs", "S", "s", print, (Parameter("filter", "f", "rest"),))
    registry = Registry([run, look])
    assert registry.parse("run month-close --period 2026-10 --dry-run") == (
        run, {"job": "month-close", "period": "2026-10", "dry-run": "yes"},
    )  # fmt: skip
    assert seen == ["2026-10"]
    assert registry.parse('subs balance<-5000 "Ленина') == (
        look,
        {"filter": 'balance<-5000 "Ленина'},
    )
    for line, part in [
        ("", "empty"),
        ("nope", "nope"),
        ("run", "the job is missing"),
        ("run other", "month-close, not other"),
        ("run month-close more", "more"),
        ("run month-close --period", "--period needs"),
        ("run month-close --x", "--x"),
        ('run "month', "quotation"),
        ("run \x1b[31m", r"\\x1b"),
    ]:
        with pytest.raises(InputError, match=part):
            registry.parse(line)
    assert registry.complete("r", [run, look]) == ["run"]
    leave = ActionRecord("quit", "Quit", "leaves", print)
    assert Registry([leave]).parse("q") == (leave, {})
    assert registry.complete("run m", [run]) == ["run month-close"]
    assert registry.complete("run month-close --d", [run]) == ["run month-close --dry-run"]
