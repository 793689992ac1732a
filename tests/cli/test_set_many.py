"""`billdeck subscriber set-many`: the same change for many, wholly or not at all for each."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cli.main import build_parser
from cli.output import Output
from cli.session import Session
from engine.database import Database
from engine.subscribers import Changes, many
from engine.subscribers.store import Changed, Refusal, Writer, change_some
from tests.cli.conftest import MOSCOW, NOW, Shell

WRITER = Writer("olga", NOW, MOSCOW)


@pytest.fixture
def three(shell: Shell, tmp_path: Path) -> Path:
    """ivan, who is blocked, maria, and oleg, her alias; the file of their logins and one more."""
    add = ("subscriber", "add")
    shell(*add, "ivan", "--group", "people", "--plan", "home", "--state", "blocked")
    shell(*add, "maria", "--group", "people", "--plan", "home")
    shell(*add, "oleg", "--alias-of", "maria")
    shell("correct", "maria", "-12.50")
    file = tmp_path / "logins"
    file.write_text("ivan\nmaria\noleg\nmaria\nno\x1b[2Jbody\n", encoding="utf-8")
    return file


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(shell: Shell, file: Path, typed: str) -> tuple[int, str]:
    """Runs it at a terminal where somebody types; the exit status and what was asked."""
    words = ["subscriber", "set-many", str(file), "--state", "frozen"]
    args = build_parser("subscriber", words).parse_args(words)
    out = Output(stdout=io.StringIO(), stderr=io.StringIO())
    session = Session(out, shell.config_file, shell.clock, Terminal(typed))
    try:
        status = args.handler(args, session)
    finally:
        session.close()
    return status, out.stderr.getvalue()


def states(books: Database) -> dict[str, str]:
    return dict(books.rows("SELECT login, state FROM subscriber"))


def test_some_are_changed_and_the_others_named(shell: Shell, three: Path, books: Database) -> None:
    answer = shell("subscriber", "set-many", str(three), "--state", "blocked", "--yes")
    assert answer.status == 1
    assert answer.out.splitlines() == [
        "Changed 2 subscribers. 1 were so already. 1 were refused:",
        "  no\\x1b[2Jbody: there is no subscriber 'no\\x1b[2Jbody'. Check the login.",
    ]
    assert set(states(books).values()) == {"blocked"}
    lines = books.rows(
        "SELECT object, state_before, state_after FROM audit WHERE action = 'subscriber set'"
        " ORDER BY id"
    )
    before, after = {"state": "active"}, {"state": "blocked"}
    assert [(name, json.loads(old), json.loads(new)) for name, old, new in lines] == [
        ("subscriber:maria", before, after), ("subscriber:oleg", before, after),
    ]  # fmt: skip
    again = shell("--json", "subscriber", "set-many", str(three), "--state", "blocked", "--yes")
    assert again.json["changed"] == 0
    assert again.json["unchanged"] == 3
    assert [one["login"] for one in again.json["refused"]] == ["no\x1b[2Jbody"]


def test_what_one_cannot_have_is_refused_for_that_one(
    shell: Shell, three: Path, books: Database
) -> None:
    three.write_text("ivan\noleg\nmaria\n", encoding="utf-8")
    answer = shell("subscriber", "set-many", str(three), "--order-plan", "fast", "--yes")
    assert answer.status == 1
    assert "Changed 2 subscribers. 1 were refused:" in answer.out
    assert "oleg: an alias shares the plan" in answer.out
    ordered = books.rows("SELECT login FROM subscriber WHERE ordered_plan_from = '2026-12'")
    assert sorted(ordered) == [("ivan",), ("maria",)]


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [((), 4, "Use --yes"), (("--yes", "--state", "gone"), 2, "no state 'gone'"),
     (("--yes", "--plan", "none-such"), 2, "no plan 'none-such'"),
     (("--yes", "--group", "x"), 2, "no group 'x'"),
     (("--yes", "--order-plan", "fast", "--from", "2026-11"), 2, "cannot take effect"),
     (("--yes", "--phone", "1"), 2, "--phone")],
)  # fmt: skip
def test_refused_before_anybody_is_changed(
    shell: Shell, three: Path, books: Database, words: tuple[str, ...], status: int, part: str
) -> None:
    setting = () if "--yes" in words else ("--state", "frozen")
    answer = shell("subscriber", "set-many", str(three), *words, *setting)
    assert answer.status == status
    assert part in answer.err
    assert states(books) == {"ivan": "blocked", "maria": "active", "oleg": "active"}


def test_nothing_to_change_nobody_and_too_many(shell: Shell, three: Path) -> None:
    assert "nothing to change" in shell("subscriber", "set-many", str(three), "--yes").err
    three.write_text("\n", encoding="utf-8")
    words = ("subscriber", "set-many", str(three), "--state", "frozen", "--yes")
    assert "0 subscribers are nobody" in shell(*words).err
    three.write_text("".join(f"u{n}\n" for n in range(many.MOST + 1)), encoding="utf-8")
    assert "too many" in shell(*words).err


def test_the_count_has_to_be_typed(shell: Shell, three: Path, books: Database) -> None:
    from engine.errors import NeedsConfirmation

    with pytest.raises(NeedsConfirmation, match="not the count"):
        asked(shell, three, "y\n")
    assert states(books)["maria"] == "active"
    status, question = asked(shell, three, "3\n")
    assert status == 1
    assert "3 subscribers, balances of -12.50" in question.replace("\u00a0", " ")
    assert "state: frozen" in question
    assert "1 more are named that there are not" in question
    assert set(states(books).values()) == {"frozen"}


def test_a_refusal_in_a_unit_leaves_the_others_whole(three: Path, books: Database) -> None:
    """The service does not exist, which shows only after the old ones were taken away: that too is
    undone, and so is nothing of the others."""
    change_some(books, ["ivan"], Changes(add_services=("ip",)), WRITER)
    changes = Changes(services="ghost", state="frozen")
    answers = change_some(books, ["ivan", "nobody"], changes, WRITER)
    assert [type(one) for one in answers] == [Refusal, Refusal]
    assert books.integer("SELECT COUNT(*) FROM subscriber_service") == 1
    (answer,) = change_some(books, ["maria"], Changes(state="frozen"), WRITER)
    assert isinstance(answer, Changed)
    assert states(books) == {"ivan": "blocked", "maria": "frozen", "oleg": "active"}


def test_a_unit_whose_answer_was_lost_is_not_done_twice(
    three: Path, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through, its answer did not come: the repeat tells what was done."""
    import peewee

    commit, lost = books.handle.commit, [True]

    def lose() -> None:
        commit()
        if lost.pop() if lost else False:
            books.close()
            raise peewee.OperationalError(2013, "Lost connection")

    monkeypatch.setattr(books.handle, "commit", lose)
    monkeypatch.setattr("engine.retry.is_lost", lambda error: True)
    answers = change_some(books, ["maria", "ivan"], Changes(state="frozen"), WRITER)
    assert [isinstance(one, Changed) and one.after for one in answers] == [{"state": "frozen"}] * 2
    assert books.integer("SELECT COUNT(*) FROM audit WHERE action = 'subscriber set'") == 2


def test_stopped_it_goes_on_later(three: Path, books: Database) -> None:
    import threading

    from engine.errors import Interrupted

    stop = threading.Event()
    books.execute("UPDATE subscriber SET state = 'active'")
    logins = ["ivan"] * many.UNIT + ["maria"]
    with pytest.raises(Interrupted, match=r"after 50 of 51: 1 were changed"):
        many.change_many(
            books, logins, Changes(state="blocked"), WRITER, lambda _: stop.set(), stop
        )
    assert states(books) == {"ivan": "blocked", "maria": "active", "oleg": "active"}
