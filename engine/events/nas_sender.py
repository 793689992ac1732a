"""Session drops on one NAS, one after the other over the connection that is kept to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from engine.errors import BilldeckError, ConfigError
from engine.events.kinds import Promise
from engine.events.outbox import Handed
from engine.events.outcome import Outcome
from engine.events.sender import Tell
from engine.nas.fleet import Fleet
from engine.nas.outcome import DropResult


class NasSender:
    """The sender of one NAS. A drop can be repeated: what is gone is not dropped twice."""

    promise: Promise = "idempotent"
    parallel = 2
    per_second = 50.0

    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet = fleet
        self._name = name
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"nas-{name}")

    def send(self, action: Handed, tell: Tell) -> None:
        """Drops the sessions of all logins of the action."""
        self._thread.submit(self._drop, action, tell)

    def ask(self, action: Handed, tell: Tell) -> None:
        """A NAS cannot be asked: a drop is sent again instead, by whoever hands it out."""
        tell(Outcome("ambiguous", "a NAS cannot be asked"))

    def close(self) -> None:
        """Ends the thread when it has done what it was given."""
        self._thread.shutdown(wait=False)

    def _drop(self, action: Handed, tell: Tell) -> None:
        try:
            dropped = 0
            for login in action.payload["logins"]:
                (result,) = self._fleet.drop(login, only=[self._name])
                if result.failed:
                    tell(_failure(result))
                    return
                dropped += result.sessions
            tell(Outcome("done", f"{dropped} sessions dropped" if dropped else "no such session"))
        except ConfigError as error:
            # A file of host keys that cannot be read.
            tell(Outcome("denied", error.message))
        except BilldeckError as error:
            # A login that cannot be sent.
            tell(Outcome("refused", error.message))
        except Exception as error:  # noqa: BLE001 - an action without an answer would never end
            tell(Outcome("ambiguous", f"internal error {type(error).__name__}"))


def _failure(result: DropResult) -> Outcome:
    if result.passing:
        return Outcome("retry", result.words, is_outage=result.outcome == "unreachable")
    return Outcome("denied", result.words)
