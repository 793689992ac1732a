"""`billdeck receipt`: lists, a receipt, a call from Komtet, one that is made again."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import build_parser
from cli.output import Output
from cli.session import Session
from engine.database import Database
from engine.errors import NeedsConfirmation
from tests.cli.conftest import Answer, Shell
from tests.cli.test_action import Terminal
from tests.events.receipt_office import CALLBACK
from tests.servers.komtet_server import KomtetServer

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
HOSTILE = "no paper \x1b]0;t\x07"


@pytest.fixture
def server() -> Iterator[KomtetServer]:
    with KomtetServer() as running:
        yield running


@pytest.fixture
def paid(ivan: Shell, server: KomtetServer, tmp_path: Path) -> Shell:
    """Two payments of ivan whose receipts are accepted; the second one fails."""
    secret = tmp_path / "komtet-secret"
    secret.touch(mode=0o600)
    secret.write_text(server.secret, encoding="utf-8")
    ivan.configure(
        "[events]\nmode = on\nlinger_seconds = 0\npayment = receipt\n"
        "[receipts]\nprovider = komtet\nlink_notice = yes\n[notices]\nsms = smspilot\n"
        f"[komtet]\nurl = {server.url}\nshop_id = {server.shop_id}\nqueue = {server.queue}\n"
        f"secret_file = {secret}\ncallback_url = {CALLBACK}\n"
    )
    assert ivan("subscriber", "set", "ivan", "--phone", "8 999 123-45-67").status == 0
    for amount in ("100", "200.05"):
        assert ivan("payment", "ivan", amount).status == 0
    assert ivan("run", "event-delivery", "--yes").status == 0
    return ivan


def actions(books: Database) -> list[str]:
    rows = books.rows("SELECT id FROM action WHERE kind = 'receipt' ORDER BY id")
    return [str(number) for (number,) in rows]


def keys(books: Database) -> list[str]:
    rows = books.rows("SELECT action_key FROM action WHERE kind = 'receipt' ORDER BY id")
    return [key for (key,) in rows]


def ask(shell: Shell) -> Answer:
    shell.clock.advance(5_000)
    return shell("--json", "run", "receipt-status", "--yes")


def call(shell: Shell, monkeypatch: pytest.MonkeyPatch, body: bytes, *words: str) -> Answer:
    """The command with the body of a call at its stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
    return shell("receipt", "callback", *words)


def test_lists_and_a_receipt(paid: Shell, books: Database, server: KomtetServer) -> None:
    first, second = actions(books)
    server.fails[keys(books)[1]] = HOSTILE
    answer = ask(paid)
    assert answer.status == 0, answer.err
    rows = paid("--json", "receipt", "list").json["receipts"]
    assert [(row["action"], row["amount"], row["state"]) for row in rows] == [
        (int(second), "200.05", "error"), (int(first), "100.00", "done"),
    ]  # fmt: skip
    assert rows[1]["link"] == f"{server.url}/receipts?id=1000&external_id={keys(books)[0]}"
    assert rows[1]["ended_at"] == "2026-11-12T12:00:05+03:00"
    shown = paid("receipt", "list", "--state", "error").out
    assert "200.05" in shown
    assert "100.00" not in shown
    assert "no paper \\x1b]0;t" in shown
    assert "no such receipts" in paid("receipt", "list", "--state", "new").out
    card = paid("receipt", "show", second).out
    assert "action      " in card
    assert "\x1b" not in card + shown
    assert paid("--json", "receipt", "show", first).json["detail"].startswith("drive 9999")
    missing = paid("receipt", "show", "999999")
    assert missing.status == 2
    assert "no receipt of action 999999 was accepted" in missing.err
    for wrong in (("--limit", "0"), ("--state", "made")):
        assert paid("receipt", "list", *wrong).status == 2


def test_a_call(
    paid: Shell, books: Database, server: KomtetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.polls = 0
    body, signed = server.callback(keys(books)[0], CALLBACK)
    answer = call(paid, monkeypatch, body, "--url", CALLBACK, "--signature", signed)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out == f"What became of receipt {actions(books)[0]} is done now.\n"
    again = call(paid, monkeypatch, body, f"--signature={signed}", "--json")
    assert again.json == {"action": int(actions(books)[0]), "state": "done", "effect": "known"}
    assert books.rows("SELECT COUNT(*) FROM action WHERE kind = 'receipt_link'") == [(1,)]


@pytest.mark.parametrize(
    ("body", "signature", "status"),
    [(None, "0" * 32, 4), (b"", None, 4), (b"x" * 100_000, None, 2), (None, "--yes", 4)],
)
def test_a_call_that_is_not_theirs(
    paid: Shell,
    books: Database,
    server: KomtetServer,
    monkeypatch: pytest.MonkeyPatch,
    body: bytes | None,
    signature: str | None,
    status: int,
) -> None:
    server.polls = 0
    good, signed = server.callback(keys(books)[0], CALLBACK)
    seen = books.rows("SELECT * FROM receipt"), books.rows("SELECT * FROM audit")
    given = good if body is None else body
    answer = call(paid, monkeypatch, given, f"--signature={signature or signed}")
    assert (answer.status, answer.out) == (status, "")
    assert "eceipt was changed" in answer.err
    assert server.secret not in answer.err
    assert (books.rows("SELECT * FROM receipt"), books.rows("SELECT * FROM audit")) == seen


def test_a_call_at_a_terminal_is_none(paid: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("{}"))
    answer = paid("receipt", "callback", "--signature", "x")
    assert answer.status == 2
    assert "read from stdin" in answer.err


@pytest.mark.parametrize(("is_good", "line"), [(True, "200 OK"), (False, "403 Forbidden")])
def test_the_script_of_the_docs(
    paid: Shell, books: Database, server: KomtetServer, tmp_path: Path, is_good: bool, line: str
) -> None:
    server.polls = 0
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    script = tmp_path / "komtet-call"
    script.write_text(found[1], encoding="utf-8")
    script.chmod(0o700)
    body, signed = server.callback(keys(books)[0], CALLBACK)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BILLDECK_CONFIG": str(paid.config_file),
        "REQUEST_METHOD": "POST",
        "HTTP_X_HMAC_SIGNATURE": signed if is_good else "$(touch harm); --help",
    }
    done = subprocess.run(
        [script], input=body, env=environment, capture_output=True, check=True, cwd=tmp_path
    )  # fmt: skip
    assert done.stdout == f"Status: {line}\r\nContent-Type: text/plain\r\n\r\n".encode()
    assert not (tmp_path / "harm").exists()
    states = [state for (state,) in books.rows("SELECT state FROM receipt ORDER BY action_id")]
    assert states == ["done" if is_good else "new", "new"]


def test_again(paid: Shell, books: Database, server: KomtetServer) -> None:
    first, second = actions(books)
    server.fails[keys(books)[1]] = HOSTILE
    ask(paid)
    assert paid("receipt", "again", first, "--yes").status == 2
    refused = paid("receipt", "again", second)
    assert refused.status == 4
    assert "200.05\u00a0RUB is made for ivan" in refused.err
    assert "Use --yes" in refused.err
    assert "\x1b" not in refused.err
    with pytest.raises(NeedsConfirmation):
        typed(paid, "n\n", "receipt", "again", second)
    assert actions(books) == [first, second]
    status, question = typed(paid, "y\n", "receipt", "again", second)
    assert (status, "no paper" in question) == (0, True)
    third = actions(books)[2]
    assert paid("run", "event-delivery", "--yes").status == 0
    ask(paid)
    shown = paid("--json", "receipt", "show", third).json
    assert (shown["state"], shown["round"], shown["amount"]) == ("done", 2, "200.05")
    assert paid("--json", "receipt", "show", second).json["action_state"] == "cancelled"


def typed(shell: Shell, answer: str, *words: str) -> tuple[int, str]:
    """Runs a command at a terminal where somebody types; the exit status and what was asked."""
    args = build_parser(words[0], list(words)).parse_args(list(words))
    out = Output(stdout=io.StringIO(), stderr=io.StringIO())
    session = Session(out, shell.config_file, shell.clock, Terminal(answer))
    try:
        return args.handler(args, session), out.stderr.getvalue()  # type: ignore[attr-defined]
    finally:
        session.close()


def test_the_job_without_a_provider(ivan: Shell) -> None:
    answer = ivan("run", "receipt-status", "--yes")
    assert answer.status == 2
    assert "[komtet] is not set up" in answer.err
