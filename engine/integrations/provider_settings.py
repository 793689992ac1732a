"""Where the providers of messages and receipts are and how they are talked to, as frozen values.

Of each: at most `per_second` requests, `parallel` at a time, each given up after
`deadline_seconds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config.model import Secret


@dataclass(frozen=True, slots=True)
class SmspilotConfig:
    """SMSPilot; without a `key` it is not set up. `sender` is the name that messages come from,
    None for the account's own."""

    url: str = "https://smspilot.ru"
    sender: str | None = None
    key_file: Path | None = None
    key: Secret | None = None
    per_second: int = 10
    parallel: int = 4
    deadline_seconds: int = 15

    @property
    def is_set_up(self) -> bool:
        """Whether messages can be sent by it."""
        return self.key is not None


@dataclass(frozen=True, slots=True)
class SmscConfig:
    """SMSC; without `login` and `password` it is not set up. `sender` is the name that messages
    come from, None for the account's own. A message that could not be delivered within
    `valid_hours` is given up by SMSC."""

    url: str = "https://smsc.ru"
    login: str | None = None
    sender: str | None = None
    valid_hours: int = 12
    password_file: Path | None = None
    password: Secret | None = None
    per_second: int = 10
    parallel: int = 4
    deadline_seconds: int = 15

    @property
    def is_set_up(self) -> bool:
        """Whether messages can be sent by it."""
        return self.login is not None and self.password is not None


@dataclass(frozen=True, slots=True)
class KomtetConfig:
    """Komtet Kassa; without `shop_id`, `queue` and `secret` it is not set up. `callback_url` is
    where Komtet reports what became of a receipt, None for nowhere."""

    url: str = "https://kassa.komtet.ru"
    shop_id: str | None = None
    queue: str | None = None
    callback_url: str | None = None
    secret_file: Path | None = None
    secret: Secret | None = None
    per_second: int = 10
    parallel: int = 4
    deadline_seconds: int = 15

    @property
    def is_set_up(self) -> bool:
        """Whether receipts can be made by it."""
        return None not in (self.shop_id, self.queue, self.secret)
