"""`billdeck action` and `billdeck channel`: what follows events, and what persons do about it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from cli.main import build_parser
from cli.output import Output
from cli.session import Session
from engine.database import Database
from engine.errors import NeedsConfirmation
from engine.ledger.operations import Ledger
from tests.cli.conftest import NOW, Shell
from tests.events.books import BILLING, Obedient, Outcome, deliver, rules

HOSTILE = "no\x1b]0;t\x07 such number"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def paid(ivan: Shell, books: Database) -> Shell:
    """Three payments of ivan whose notices were refused; their receipts are made."""
    ivan.configure("[events]\nmode = on\n[notices]\nsms = smspilot\n")
    assert ivan("subscriber", "set", "ivan", "--phone", "8 999 123-45-67").status == 0
    ledger = Ledger(books, BILLING, ivan.clock, "anna", 5, rules())
    for amount in (100_00, 200_00, 300_00):
        ledger.payment("ivan", amount)
    refused = Obedient(lambda _: Outcome("refused", HOSTILE, status=400, excerpt="<html>\x1b[2J"))
    taken = Obedient(lambda _: Outcome("done", "taken", "task-7"), "idempotent")
    deliver(books, {"sms": refused, "komtet": taken}, rules(), ivan.clock)
    return ivan


def ids(books: Database, kind: str = "notice") -> list[str]:
    """The numbers of the notices, or receipts, as they are typed: of the three payments and what
    was sent again. MariaDB leaves some out."""
    rows = books.rows("SELECT id FROM action WHERE kind = ? ORDER BY id", (kind,))
    return [str(number) for (number,) in rows]


def states(books: Database) -> list[str]:
    """The states of the notices."""
    rows = books.rows("SELECT state FROM action WHERE kind = 'notice' ORDER BY id")
    return [state for (state,) in rows]


def asked(shell: Shell, typed: str, *words: str) -> tuple[int, str]:
    """Runs a command at a terminal where somebody types; the exit status and what was asked."""
    args = build_parser(words[0], list(words)).parse_args(list(words))
    stderr = io.StringIO()
    out = Output(stdout=io.StringIO(), stderr=stderr)
    session = Session(out, shell.config_file, shell.clock, Terminal(typed))
    try:
        status = args.handler(args, session)
    finally:
        session.close()
    return status, stderr.getvalue()


def test_nothing_there(ivan: Shell) -> None:
    assert "no such actions" in ivan("action", "list").out
    assert ivan("--json", "channel", "list").json == {"channels": []}
    answer = ivan("action", "show", "5")
    assert answer.status == 2
    assert "there is no action 5" in answer.err


def test_a_list_of_actions(paid: Shell, books: Database) -> None:
    _, second, third = map(int, ids(books))
    rows = paid("--json", "action", "list", "--state", "dead", "--limit", "2").json["actions"]
    assert [(row["id"], row["login"], row["kind"], row["attempts"]) for row in rows] == [
        (third, "ivan", "notice", 1),
        (second, "ivan", "notice", 1),
    ]
    assert rows[0]["ended_at"].startswith("2026-11-12T12:00:00")
    answer = paid("action", "list", "--kind", "notice", "--login", "ivan")
    assert answer.out.count("dead") == 3
    assert "\x1b" not in answer.out
    assert len(paid("--json", "action", "list").json["actions"]) == 6
    for wrong in (("--limit", "0"), ("--state", "ded"), ("--kind", "sms")):
        assert paid("action", "list", *wrong).status == 2


def test_an_action_with_its_attempts(paid: Shell, books: Database) -> None:
    first, receipt_of_first = ids(books)[0], ids(books, "receipt")[0]
    card = paid("--json", "action", "show", first).json
    notice, receipt = card["actions"]
    assert (card["amount"], card["login"], notice["state"]) == ("100.00", "ivan", "dead")
    assert notice["attempts"][0]["verdict"] == "refused"
    assert "100.00" in notice["text"]
    assert receipt["remote_id"] == "task-7"
    shown = paid("action", "show", receipt_of_first).out
    assert f"action {first}: notice by sms: dead" in shown
    assert "1. 2026-11-12 12:00:00 send: refused (400) in 0.0 s no\\x1b]0;t" in shown
    assert "\x1b" not in shown


def test_retry(paid: Shell, books: Database) -> None:
    first, second, _ = ids(books)
    made = ids(books, "receipt")[0]
    answer = paid("action", "retry", first, made, second)
    assert answer.status == 1
    assert answer.out.splitlines() == [
        "2 actions set to be tried again. 1 left as they are:",
        f"  {made}: it is done",
    ]
    assert states(books) == ["waiting", "waiting", "dead"]


def test_retrying_what_may_have_come_asks(paid: Shell, books: Database) -> None:
    first = ids(books)[0]
    books.execute("UPDATE action SET state = 'unknown' WHERE id = ?", (int(first),))
    answer = paid("action", "retry", first)
    assert answer.status == 4
    assert "a message may come twice" in answer.err
    assert "--yes" in answer.err
    assert states(books)[0] == "unknown"
    with pytest.raises(NeedsConfirmation):
        asked(paid, "n\n", "action", "retry", first)
    assert asked(paid, "y\n", "action", "retry", first)[0] == 0
    assert states(books)[0] == "waiting"


@pytest.mark.parametrize(
    ("words", "state"),
    [(("cancel",), "cancelled"), (("mark-done", "--reason", "told by phone"), "done")],
)
def test_cancel_and_mark_done(
    paid: Shell, books: Database, words: tuple[str, ...], state: str
) -> None:
    first, second, _ = ids(books)
    assert paid("action", *words, first).status == 4
    assert states(books) == ["dead"] * 3
    with pytest.raises(NeedsConfirmation, match="nothing was done"):
        asked(paid, "\n", "action", *words, first)
    answer = paid("--json", "action", *words, first, second, "--yes")
    assert answer.status == 0
    assert answer.json == {"changed": [int(first), int(second)], "added": [], "refused": []}
    assert states(books) == [state, state, "dead"]


def test_a_reason_is_asked_for(paid: Shell, books: Database) -> None:
    assert paid("action", "mark-done", ids(books)[0], "--yes").status == 2
    assert paid("action", "mark-done", ids(books)[0], "--yes", "--reason", " ").status == 2
    assert paid("channel", "pause", "sms").status == 2


def test_sending_again_in_bulk(paid: Shell, books: Database) -> None:
    dry = paid("--json", "action", "resend", "--dry-run").json
    assert dry == {
        "count": 3,
        "groups": [{"state": "dead", "channel": "sms", "reason": "no\\x1b]0;t\\x07 such number",
                    "count": 3}],
        "first_logins": ["ivan"],
    }  # fmt: skip
    answer = paid("action", "resend")
    assert answer.status == 4
    assert "3 notices to send again." in answer.err
    with pytest.raises(NeedsConfirmation, match="not the count"):
        asked(paid, "2\n", "action", "resend")
    assert states(books) == ["dead"] * 3
    status, question = asked(paid, "3\n", "action", "resend")
    assert status == 0
    assert "3 dead on sms" in question
    assert states(books) == ["cancelled"] * 3 + ["waiting"] * 3
    rows = books.rows("SELECT channel, round FROM action WHERE state = 'waiting'")
    assert [tuple(row) for row in rows] == [("smspilot", 2)] * 3
    assert "Nothing was sent." in paid("action", "resend").out


def test_some_are_chosen_to_be_sent_again(paid: Shell, books: Database) -> None:
    def count(*words: str) -> int:
        found: int = paid("--json", "action", "resend", "--dry-run", *words).json["count"]
        return found

    assert count("--until", "2026-11-12") == 0
    assert count("--channel", "x") == 0
    assert count("--state", "cancelled") == 0
    paid.clock.advance(8 * 86_400_000)
    assert count() == 0
    assert count("--since", "2026-11-12") == 3
    first, made = ids(books)[0], ids(books, "receipt")[0]
    assert paid("action", "resend", first, "--since", "2026-11-12").status == 2
    answer = paid("--json", "action", "resend", first, made, "--yes")
    assert answer.status == 1
    assert answer.json["changed"] == [int(first)]
    assert answer.json["refused"] == [{"id": int(made), "reason": "it is done"}]


def test_channels(paid: Shell) -> None:
    assert paid("channel", "pause", "smz", "--reason", "no money").status == 2
    assert paid("channel", "pause", "sms", "--reason", "no money").status == 0
    komtet, sms = paid("--json", "channel", "list").json["channels"]
    assert (sms["name"], sms["reason"], sms["dead"]) == ("sms", "no money", 3)
    assert sms["paused_at"] is not None
    assert komtet["paused_at"] is None
    assert "until it is lifted" in paid("channel", "list").out
    assert "not paused any more" in paid("channel", "lift", "sms").out
    assert "was not paused" in paid("channel", "lift", "sms").out


ROLES: dict[tuple[str, ...], str] = {
    ("action", "list"): "viewer",
    ("action", "show", "1"): "viewer",
    ("action", "retry", "1"): "operator",
    ("action", "cancel", "1"): "operator",
    ("action", "mark-done", "1", "--reason", "x"): "admin",
    ("action", "resend"): "admin",
    ("channel", "list"): "viewer",
    ("channel", "pause", "sms", "--reason", "x"): "admin",
    ("channel", "lift", "sms"): "admin",
}


@pytest.mark.parametrize("words", ROLES)
def test_roles(words: tuple[str, ...]) -> None:
    args: Any = build_parser(words[0], list(words)).parse_args(list(words))
    assert args.role == ROLES[words]


def test_what_was_done_is_audited(paid: Shell, books: Database) -> None:
    first, second, _ = ids(books)
    paid("action", "retry", first)
    paid("action", "cancel", second, "--yes", "--reason", "a mistake")
    rows = books.rows("SELECT at, action, object FROM audit WHERE object LIKE 'action:%'")
    assert [tuple(row) for row in rows] == [
        (NOW, "action retry", f"action:{first}"),
        (NOW, "action cancel", f"action:{second}"),
    ]
