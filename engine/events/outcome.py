"""What came of one attempt to carry out an action. Pure: senders make it, the outbox reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["done", "refused", "retry", "denied", "ambiguous", "lost"]

MOST_EXCERPT = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """`verdict`:

    done       it was carried out, or accepted by who does it; `remote_id` is their name for it
    refused    it was not, and never will be: a bad number, a wrong request
    retry      it was certainly not carried out; it may be later (no connection, 429, no money)
    denied     it was not, because we are not let in (401, 403, a wrong key): a person is needed
    ambiguous  it may have been: the answer was cut off, late, or makes no sense
    lost       it may have been: whoever sent it is gone

    `detail` is one sentence for people, without secrets, not made safe. `status` is that of HTTP.
    `excerpt` is the beginning of the answer, at most MOST_EXCERPT characters. `after_seconds` is
    how long the other side asks us to wait. `is_outage` says that the whole channel is in trouble,
    not this one action: a run of them pauses it. `is_for_person`: it is ambiguous, and whatever we
    send or ask more will tell nothing new.
    """

    verdict: Verdict
    detail: str = ""
    remote_id: str = ""
    status: int | None = None
    excerpt: str = ""
    after_seconds: float | None = None
    is_outage: bool = False
    is_for_person: bool = False
