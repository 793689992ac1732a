"""What waits when the events are no longer on: nothing of it leaves us until they are again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.spec import SECTIONS
from engine.config.values import BadValue
from engine.database import Database
from jobs.registry import job_named, read_config, schedules
from tests.cli.conftest import Shell
from tests.servers.smspilot_server import SmspilotServer


@pytest.mark.parametrize("mode", ["dry", "off"])
def test_a_mode_that_is_not_on_sends_nothing(
    ivan: Shell, books: Database, tmp_path: Path, mode: str
) -> None:
    with SmspilotServer() as server:
        key = tmp_path / "key"
        key.touch(mode=0o600)
        key.write_text(server.key, encoding="utf-8")
        text = (
            "[events]\nlinger_seconds = 0\npayment = notice\nmode = {}\n[notices]\nsms = smspilot\n"
            f"[smspilot]\nurl = {server.url}\nkey_file = {key}\n"
        )
        ivan.configure(text.format("on"))
        assert ivan("subscriber", "set", "ivan", "--phone", "8 999 123-45-67").status == 0
        assert ivan("payment", "ivan", "100").status == 0
        set_mode(ivan, "on", mode)
        answer = ivan("run", "event-delivery", "--yes")
        assert (answer.status, f"mode = {mode} in [events]" in answer.out) == (0, True)
        assert books.value("SELECT state FROM action") == "waiting"
        assert schedules(read_config(ivan.config_file))["event-delivery"].kind == "off"
        set_mode(ivan, mode, "on")
        assert ivan("run", "event-delivery", "--yes").status == 0
        assert books.value("SELECT state FROM action") == "done"


def set_mode(shell: Shell, before: str, now: str) -> None:
    text = shell.config_file.read_text(encoding="utf-8")
    text = text.replace(f"mode = {before}\n", f"mode = {now}\n")
    shell.config_file.write_text(text, encoding="utf-8")


def test_a_delivery_that_waits_for_the_longest_deadline_is_not_taken_to_hang() -> None:
    settings = [one for section in SECTIONS for one in section.settings]
    deadlines = [one for one in settings if one.key == "deadline_seconds"]
    assert deadlines
    for one in deadlines:
        with pytest.raises(BadValue):
            one.parse(str(job_named("event-delivery").silence_seconds))
