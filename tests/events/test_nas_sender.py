"""What keeps a session drop from a NAS: our own files pause it, a wrong login ends it."""

from __future__ import annotations

import queue
from pathlib import Path

from engine.events.nas_sender import NasSender
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.nas.fleet import Fleet
from engine.nas.settings import NasConfig, RouterosConfig

NAS = NasConfig(name="m1", host="127.0.0.1", port=9)


def drop(login: str, known_hosts: Path) -> Outcome:
    told: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    action = Handed(1, 1, 1000, "session_drop", "nas:m1", "key", {"logins": [login]}, 1, 0)
    with Fleet([NAS], RouterosConfig(known_hosts=known_hosts), environ={}) as fleet:
        sender = NasSender(fleet, "m1")
        sender.send(action, told.put)
        outcome = told.get(timeout=60)
        sender.close()
    return outcome


def test_host_keys_that_cannot_be_read_pause_the_channel(tmp_path: Path) -> None:
    assert drop("ivan", tmp_path).verdict == "denied"


def test_a_login_that_no_nas_can_be_sent_is_refused(tmp_path: Path) -> None:
    assert drop("x" * 200, tmp_path / "known_hosts").verdict == "refused"
