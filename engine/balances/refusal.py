"""The one thing that reading a mail may raise."""

from __future__ import annotations


class MailRefused(Exception):
    """A mail that cannot be used. `reason` says why, `missing` which fact is not there (or empty);
    neither repeats what the mail says."""

    def __init__(self, reason: str, missing: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing
