"""What became of a session drop on one NAS."""

from __future__ import annotations

from typing import Literal, NamedTuple

Outcome = Literal[
    "dropped", "none", "unreachable", "key_changed", "not_trusted", "login_refused", "error"
]

_DONE = ("dropped", "none")
# Nothing but time is needed; the others want a person.
_PASSING = ("unreachable", "error")


class DropResult(NamedTuple):
    """`sessions` were dropped; `detail` says why it went wrong, made safe, else it is empty. After
    `error` it is not known whether they were dropped; after the others they were not."""

    nas: str
    outcome: Outcome
    sessions: int = 0
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether the sessions may still be there."""
        return self.outcome not in _DONE

    @property
    def passing(self) -> bool:
        """Whether to try again may help without a person: a drop can be repeated."""
        return self.outcome in _PASSING

    @property
    def words(self) -> str:
        """The outcome for people."""
        if self.outcome == "dropped":
            return (
                "1 session dropped" if self.sessions == 1 else f"{self.sessions} sessions dropped"
            )
        said = {
            "none": "no such session",
            "unreachable": "NOT REACHED",
            "key_changed": "REFUSED, ITS HOST KEY CHANGED",
            "not_trusted": "NOT TRUSTED YET",
            "login_refused": "LOGIN REFUSED",
            "error": "ERROR",
        }[self.outcome]
        return f"{said}: {self.detail}" if self.detail else said
