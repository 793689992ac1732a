"""How MikBill's database is reached, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from engine.config.model import Secret


@dataclass(frozen=True, slots=True)
class MikbillConfig:
    """MikBill's database; neither `socket` nor `host`: there is none. Its times are those of
    `timezone`, None: the billing time zone. Payments before the day `since` are not taken, the job
    looks back `look_back_days`. `bonus_types` are the bughtypeids of credited bonuses. `timeout` is
    the seconds that its server may be silent."""

    socket: Path | None = None
    host: str | None = None
    port: int = 3306
    name: str = "mikbill"
    user: str = "billdeck"
    password_file: Path | None = None
    password: Secret | None = None
    tls_ca: Path | None = None
    timezone: ZoneInfo | None = None
    since: date | None = None
    look_back_days: int = 31
    bonus_types: frozenset[int] = frozenset()
    timeout: int = 5

    @property
    def is_there(self) -> bool:
        """Whether there is a MikBill."""
        return self.host is not None or self.socket is not None
