"""A mail as it arrived and what was read out of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.balances.mail import Identity, identify, read_mail
from engine.balances.profile import Facts, Profile, read_facts
from engine.balances.refusal import MailRefused

KEPT_TEXT = 4_000
"""Characters of a mail's text that are kept."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail. `facts` is None when it could not be read, and then `reason` says why; `size` is in
    bytes, `text` what could be read of it, cut."""

    identity: Identity
    size: int
    text: str
    facts: Facts | None
    reason: str = ""

    def refused(self, reason: str) -> Arrival:
        """The same mail, not to be used for another reason."""
        return replace(self, facts=None, reason=reason)


class Reader:
    """Reads mails by some profiles; `limit` is the size in bytes beyond which none is read."""

    def __init__(self, profiles: Sequence[Profile], limit: int) -> None:
        self.limit = limit
        self._profiles = profiles
        self._words = tuple(word for profile in profiles for word in profile.words)

    def read(self, raw: bytes) -> Arrival:
        """A mail's bytes. Never raises."""
        if len(raw) > self.limit:
            return self.too_large(raw[:65_536], len(raw))
        text = ""
        try:
            mail = read_mail(raw, self._words)
            text = mail.texts[0][:KEPT_TEXT]
            facts = read_facts(mail.texts, self._profiles)
        except MailRefused as refused:
            return Arrival(identify(raw), len(raw), text, None, refused.reason)
        return Arrival(mail.identity, len(raw), text, facts)

    def too_large(self, head: bytes, size: int) -> Arrival:
        """A mail of which only the headers were loaded."""
        reason = f"it has {size} bytes; at most {self.limit} are read"
        return Arrival(identify(head, size), size, "", None, reason)
