"""`billdeck event`, as a hook script types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.event import duration
from engine.database import Database
from tests.cli.conftest import Shell

ROOT = Path(__file__).resolve().parents[2]
PAYMENT = ("--payment", "900", "--amount", "500.00", "--time", "2026-11-12T10:57:00")


def test_a_late_payment_with_what_follows(ivan: Shell) -> None:
    ivan.configure("[events]\nmode = on\n[receipts]\nprovider = komtet\n")
    answer = ivan("subscriber", "set", "ivan", "--phone", "+79991234567", "--external-uid", "17")
    assert answer.status == 0, answer.err
    answer = ivan("event", "payment", "17", *PAYMENT)
    assert answer.status == 0, answer.err
    assert answer.out.splitlines() == [
        "Event 1: payment 500.00\u00a0RUB, ivan, 2026-11-12T10:57:00+03:00.",
        "It was late: 1 h 3 min after the payment.",
        "What follows: receipt (komtet).",
    ]
    again = ivan("event", "payment", "17", *PAYMENT)
    assert again.out.startswith("This event was recorded before. Nothing was changed.\nEvent 1:")
    (event,) = ivan("--json", "event", "payment", "17", *PAYMENT).json["events"]
    assert event == {
        "event": 1,
        "repeated": True,
        "kind": "payment",
        "login": "ivan",
        "amount": "500.00",
        "at": "2026-11-12T10:57:00+03:00",
        "recorded_at": "2026-11-12T12:00:00+03:00",
        "late": True,
        "actions": [{"kind": "receipt", "channel": "komtet", "state": "waiting"}],
    }


def test_nothing_follows_while_events_are_off(ivan: Shell) -> None:
    answer = ivan("event", "tariff-change", "ivan", "--by", "subscriber")
    assert answer.out.splitlines()[-1] == "What follows: nothing."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("payment", "ivan"), "section [mikbill] of the configuration"),
        (("paymant", "ivan"), "it is one of payment, refund, limit, credit, tariff-change"),
        (("freeze", "1 OR 1=1"), "no subscriber with the external uid or the login '1 OR 1=1'"),
        (("payment", "ivan", "--payment", "9", "--amount", "1,5"), "is not an amount"),
        (("freeze", "ivan", "--time", "today"), "is not a date or time"),
        (("tariff-change", "ivan", "--by", "me"), "unknown by 'me'"),
    ],
)
def test_wrong_use_is_told(ivan: Shell, words: tuple[str, ...], message: str) -> None:
    answer = ivan("event", *words)
    assert answer.status == 2
    assert message in answer.err


def test_it_needs_the_role_operator(ivan: Shell) -> None:
    ivan.configure("[roles]\nadmin = nobody-else\nviewer = *\n")
    answer = ivan("event", "freeze", "ivan")
    assert answer.status == 4
    assert "operator" in answer.err


def test_the_command_loads_nothing_heavy(ivan: Shell, books: Database) -> None:
    ivan.configure("[events]\nmode = on\n[receipts]\nprovider = komtet\n")
    with books.transaction():
        books.execute("UPDATE subscriber SET phone = '+79991234567'")
    code = (
        "import sys\nfrom cli.main import main\n"
        f"status = main(['--config', {str(ivan.config_file)!r}, 'event', 'payment', 'ivan',"
        f" *{PAYMENT!r}])\nprint(*sys.modules)\nsys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"jinja2", "phonenumbers", "httpx", "textual", "paramiko", "imap_tools", "rich"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0, "0 min"), (63 * 60_000, "1 h 3 min"), (59 * 60_000, "59 min"),
     (26 * 3_600_000, "1 day 2 h"), (72 * 3_600_000 + 1, "3 days 0 h")],
)  # fmt: skip
def test_durations(ms: int, words: str) -> None:
    assert duration(ms) == words
