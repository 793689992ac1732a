"""What a process that slept still has in its hands is not sent when it wakes up."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time

import pytest

from engine.config import Config, Secret, load_config
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.senders import open_senders
from engine.integrations.loop import PrivateLoop
from engine.integrations.provider_settings import SmscConfig
from tests.servers.smsc_server import LOGIN, PASSWORD, SmscServer

PAYLOAD = {
    "template": "Paid: {{ amount }}",
    "values": {"amount": "500.00"},
    "phone": "+7 999 123-45-67",
    "region": "RU",
}
ACTION = Handed(1, 1, 1000, "notice", "smsc", "6a1f0b1e-0000-4000-8000-000000000001", PAYLOAD, 1, 0)
DEADLINE = 5


def smsc_config(server: SmscServer) -> Config:
    smsc = SmscConfig(
        url=server.url, login=LOGIN, password=Secret(PASSWORD), deadline_seconds=DEADLINE
    )
    return dataclasses.replace(load_config(environ={}), smsc=smsc)


@pytest.mark.parametrize("what", ["send", "ask"])
def test_what_waited_too_long_is_not_sent(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop of the requests stands still, as all threads of a stopped process do."""
    awake, stopped = threading.Event(), threading.Event()
    loops: list[PrivateLoop] = []
    begin = PrivateLoop.__enter__

    def enter(loop: PrivateLoop) -> PrivateLoop:
        loops.append(loop)
        return begin(loop)

    async def stand_still() -> None:
        stopped.set()
        awake.wait()

    monkeypatch.setattr(PrivateLoop, "__enter__", enter)
    told: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    with SmscServer() as server, open_senders(smsc_config(server)) as senders:
        carry_out = getattr(senders["smsc"], what)
        carry_out(ACTION, told.put)
        assert told.get().verdict == ("done" if what == "send" else "retry")
        loops[0].submit(stand_still())
        stopped.wait()
        carry_out(ACTION, told.put)
        later = time.monotonic() + DEADLINE + 1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        awake.set()
        outcome = told.get()
        monkeypatch.undo()
        assert (outcome.verdict, outcome.is_outage) == ("retry", True)
        assert "nothing was sent" in outcome.detail
        assert len(server.heard) == 1
