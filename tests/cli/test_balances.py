"""Balance mails on the command line: import, export, a number, the alert."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from engine.database import Database
from tests.balances.letters import letter, mail
from tests.balances.office import say
from tests.cli.conftest import NOW, Shell


@pytest.fixture
def numbers(books: Database) -> Database:
    """Three numbers of Megafon."""
    with books.transaction():
        books.execute("INSERT INTO operator (id, name) VALUES (1, 'Megafon')")
        books.execute("INSERT INTO operator_tariff VALUES (1, 1, 'Единый')")
        for place in range(3):
            books.execute(
                "INSERT INTO number (number, operator_id, tariff_id, created_at)"
                " VALUES (?, 1, 1, 0)",
                (str(9_260_000_000 + place),),
            )
    return books


def month() -> list[bytes]:
    """Ten days of mails about the first number, two about the second."""
    first = [say(0, f"{day:02d}.11.2026", f"{day * day}.00") for day in range(1, 11)]
    return [*first, say(1, "01.11.2026", "-5.00"), say(1, "09.11.2026", "-5.00")]


def save(folder: Path, mails: list[bytes]) -> Path:
    folder.mkdir()
    for number, raw in enumerate(mails):
        (folder / f"{number:03d}.eml").write_bytes(raw)
    return folder


@pytest.mark.parametrize("form", ["folder", "mbox", "maildir"])
def test_saved_mails(ivan: Shell, numbers: Database, tmp_path: Path, form: str) -> None:
    path = tmp_path / "mails"
    if form == "folder":
        save(path, month())
    elif form == "mbox":
        kept = mailbox.mbox(path)
        for raw in month():
            kept.add(raw)
        kept.flush()
    else:
        inbox = mailbox.Maildir(path)
        for raw in month():
            inbox.add(raw)
    answer = ivan("import-mail", str(path))
    assert answer.out == "Mails: 12 processed, 0 skipped.\n"
    again = ivan("import-mail", str(path), "--json")
    assert (again.json["processed"], again.json["known"]) == (0, 12)
    assert numbers.integer("SELECT COUNT(*) FROM number_balance") == 12


def test_what_is_no_mail_is_left_out_of_a_folder(
    ivan: Shell, numbers: Database, tmp_path: Path
) -> None:
    folder = save(tmp_path / "mails", month()[:2])
    (folder / "expected.json").write_text("{}")
    (folder / ".hidden").write_text("x")
    answer = ivan("import-mail", str(folder))
    assert answer.out == "Mails: 2 processed, 0 skipped.\n"
    assert f"left out {folder / 'expected.json'}: it does not begin as a mail does" in answer.err
    assert ".hidden" not in answer.err


def test_one_file_and_no_file(ivan: Shell, numbers: Database, tmp_path: Path) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(month()[0])
    assert ivan("import-mail", str(file)).out == "Mails: 1 processed, 0 skipped.\n"
    answer = ivan("import-mail", str(tmp_path / "none.eml"))
    assert answer.status == 2
    assert "there is no file or folder" in answer.err


def test_what_is_skipped_is_told_and_exported(
    ivan: Shell, numbers: Database, tmp_path: Path
) -> None:
    bad = mail(letter(balance="1.2.3"), message_id="<bad@example>")
    answer = ivan("import-mail", str(save(tmp_path / "mails", [bad, say(7, "01.11.2026", "1.00")])))
    assert answer.status == 1
    assert answer.out.splitlines() == [
        "Mails: 1 processed, 1 skipped, 1 of unknown numbers.",
        "Why some were skipped: `billdeck export skipped-mails`.",
    ]
    exported = ivan("export", "skipped-mails", "--format", "json").json
    assert exported["reason"] == "its balance cannot be read"
    assert "На счете 1.2.3 руб" in exported["text"]


def test_the_export_of_balances(ivan: Shell, numbers: Database, tmp_path: Path) -> None:
    ivan("import-mail", str(save(tmp_path / "mails", month())))
    lines = ivan("export", "balances").out.splitlines()
    assert lines[0] == (
        "number,status,status_since,balance,last_report,operator,tariff,personal_account,login"
    )
    since = "2026-11-12T12:00:00+03:00"
    assert lines[1:] == [
        f"9260000000,positive_dynamics,{since},100.00,2026-11-10,Megafon,Единый,1000001,",
        f"9260000001,negative_static,{since},-5.00,2026-11-09,Megafon,Единый,1000001,",
        "9260000002,,,,,Megafon,Единый,,",
    ]
    below = ivan("export", "balances", "--filter", "balance<0", "--format", "json").json
    assert (below["number"], below["status"]) == ("9260000001", "negative_static")


def test_one_number(ivan: Shell, numbers: Database, tmp_path: Path) -> None:
    ivan("import-mail", str(save(tmp_path / "mails", month())))
    said = ivan("balances", "9260000000").out
    assert "balance status    positive dynamics, since 2026-11-12T12:00:00+03:00" in said
    assert "balances          ▁▁▁▂▂▃▄▅▆█" in said
    assert "2026-11-10  100.00" in said.replace("\u00a0", " ")
    other = ivan("balances", "9260000001", "--days", "3", "--json").json
    assert other["reports"] == [
        {"day": "2026-11-10", "balance": None},
        {"day": "2026-11-09", "balance": "-5.00"},
        {"day": "2026-11-08", "balance": None},
    ]
    assert "·▄·" in ivan("balances", "9260000001", "--days", "3").out
    assert "Уважаемый абонент!" in ivan("balances", "9260000001", "--mail").out
    assert ivan("balances", "5").status == 2
    assert ivan("balances", "9260000001", "--days", "0").status == 2


def skip_mails(numbers: Database, skipped: int, good: int) -> None:

    with numbers.transaction():
        for number in range(skipped + good):
            state = "skipped" if number < skipped else "processed"
            numbers.execute(
                "INSERT INTO balance_mail (mail_key, content_hash, state, reason, taken_at, size,"
                " number, said_at, body) VALUES (?, '', ?, 'it has no balance', ?, 1, '1', 1, '')",
                (f"{number:064d}", state, NOW - 1_000),
            )


@pytest.mark.parametrize(
    ("skipped", "good", "alert"), [(20, 179, True), (20, 180, False), (19, 0, False)]
)
def test_too_many_skipped_mails_raise_an_alert(
    ivan: Shell, numbers: Database, skipped: int, good: int, alert: bool
) -> None:
    skip_mails(numbers, skipped, good)
    sentence = f"{skipped} of {skipped + good} balance mails of the last 24 hours were skipped"
    assert (sentence in ivan().out) == alert
    checked = ivan("check", "balances")
    assert (checked.status, sentence in checked.out) == (int(alert), alert)
    assert f"{good} processed" in checked.out


def test_the_alert_ends_after_a_day(ivan: Shell, numbers: Database) -> None:
    skip_mails(numbers, 30, 0)
    numbers.execute("UPDATE balance_mail SET taken_at = taken_at - 86400000")
    assert ivan("check", "balances").status == 0


def test_jobs_without_a_mailbox(ivan: Shell, numbers: Database) -> None:
    assert "there is no mailbox" in ivan("run", "balance-import", "--yes").out
    assert "looked at 3 numbers" in ivan("run", "balance-status", "--yes").out
