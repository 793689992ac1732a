"""The configuration as frozen values. Built by `load`; tests may build them by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from engine.balances.profile import ProfileConfig
from engine.balances.trend import TrendRules
from engine.events.settings import (
    BonusesConfig,
    EventsConfig,
    NoticesConfig,
    ReceiptsConfig,
    TextsConfig,
)
from engine.integrations.provider_settings import KomtetConfig, SmscConfig, SmspilotConfig
from engine.mikbill.settings import MikbillConfig
from engine.nas.settings import NasConfig, RouterosConfig
from engine.slots import Schedule

EngineName = Literal["sqlite", "mariadb"]
Role = Literal["admin", "operator", "viewer"]

# From which date (None: since ever) which rate, in basis points: 2000 is 20 %.
VatRate = tuple[date | None, int]


class Secret:
    """A text that shows itself only on `reveal()`: not in `repr`, `str`, a format or an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, for the one place that hands it to the server."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """Where the data lives. `path` counts for SQLite, all from `socket` on for MariaDB, which has
    exactly one of `socket` and `host`. `connect_timeout` and `wait_seconds` are seconds."""

    engine: EngineName
    path: Path
    socket: Path | None = None
    host: str | None = None
    port: int = 3306
    name: str = "billdeck"
    user: str = "billdeck"
    password_file: Path | None = None
    password: Secret | None = None
    tls_ca: Path | None = None
    connect_timeout: int = 10
    wait_seconds: int = 60


@dataclass(frozen=True, slots=True)
class BillingConfig:
    """The rules of money and time. `vat_rates` ascend by date and begin with the one since ever;
    `close_chunk` is subscribers in a close's first chunk, `close_latency_ms` the time that one
    chunk's transaction should take."""

    timezone: ZoneInfo
    currency: str
    vat_rates: tuple[VatRate, ...]
    close_chunk: int
    close_latency_ms: int

    def vat_on(self, day: date) -> int:
        """The VAT rate of a day, in basis points (2000 is 20 %)."""
        rate = self.vat_rates[0][1]
        for since, basis_points in self.vat_rates:
            if since is not None and since <= day:
                rate = basis_points
        return rate


@dataclass(frozen=True, slots=True)
class MonthCloseConfig:
    """`settle_minutes`: how long after a period's end its close may begin. `exempt_states`: the
    subscriber states that the close does not charge."""

    settle_minutes: int
    exempt_states: frozenset[str]


@dataclass(frozen=True, slots=True)
class RolesConfig:
    """Who may do what: unix users, `@groups`, or `*` for everyone."""

    admin: tuple[str, ...]
    operator: tuple[str, ...]
    viewer: tuple[str, ...]

    def role_of(self, user: str, groups: Collection[str]) -> Role | None:
        """The highest role of a unix user who is in `groups`, None for a stranger."""
        names = {"*", user, *(f"@{group}" for group in groups)}
        if not names.isdisjoint(self.admin):
            return "admin"
        if not names.isdisjoint(self.operator):
            return "operator"
        if not names.isdisjoint(self.viewer):
            return "viewer"
        return None


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """How the console looks. `theme` `auto` is the dark one, or the terminal's own colours where it
    shows few; `refresh_seconds` is how often what is shown is read again."""

    theme: str = "auto"
    mouse: bool = True
    read_only: bool = False
    ascii: bool = False
    refresh_seconds: int = 5


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """Other keys for the console's actions: pairs of an action's id and a key."""

    change: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DaemonConfig:
    """`workers` are the jobs that run at once, and beside them `long_workers` of those that may
    take long; in `stop_seconds` a daemon that ends must have stopped them."""

    workers: int = 4
    long_workers: int = 2
    stop_seconds: int = 60


@dataclass(frozen=True, slots=True)
class HousekeepingConfig:
    """After how many days what is removed: runs of jobs, their logs, files about runs and
    faults, actions that followed events."""

    keep_runs_days: int = 60
    keep_logs_days: int = 30
    keep_files_days: int = 30
    keep_events_days: int = 1_095


@dataclass(frozen=True, slots=True)
class BalanceImportConfig:
    """The mailbox with balance mails; without a `host` none is read. `tls` is implicit, starttls or
    off; `timeout` and `run_seconds` are seconds, `max_mail_kib` kibibytes. `keep_processed` is None
    for ever, else days; 0 removes a mail instead of moving it. More than `alert_percent` and at
    least `alert_skipped` mails skipped in a day raise an alert."""

    host: str | None = None
    port: int = 993
    tls: str = "implicit"
    tls_ca: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    password: Secret | None = None
    inbox: str = "INBOX"
    processed: str = "processed"
    skipped: str = "skipped"
    keep_processed: int | None = None
    chunk: int = 200
    max_mail_kib: int = 1024
    timeout: int = 30
    run_seconds: int = 50
    add_tariffs: bool = False
    alert_percent: int = 10
    alert_skipped: int = 20


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of `check config`: `value` is fit for a terminal, a secret is `***`."""

    section: str
    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. `source` is the file that was read, or `built-in defaults`. `operators` are the
    profiles to read balance mails by, `nas` all NAS that sessions are dropped on, `texts` the
    notices that are not the built-in ones. `schedule` has the jobs that the floors above know."""

    database: DatabaseConfig
    billing: BillingConfig
    month_close: MonthCloseConfig
    roles: RolesConfig
    source: str
    console: ConsoleConfig = ConsoleConfig()
    keys: KeysConfig = KeysConfig()
    daemon: DaemonConfig = DaemonConfig()
    housekeeping: HousekeepingConfig = HousekeepingConfig()
    balance_import: BalanceImportConfig = BalanceImportConfig()
    balance_status: TrendRules = field(default_factory=TrendRules)
    operators: tuple[ProfileConfig, ...] = ()
    mikbill: MikbillConfig = field(default_factory=MikbillConfig)
    routeros: RouterosConfig = field(default_factory=RouterosConfig)
    nas: tuple[NasConfig, ...] = ()
    events: EventsConfig = field(default_factory=EventsConfig)
    notices: NoticesConfig = field(default_factory=NoticesConfig)
    receipts: ReceiptsConfig = field(default_factory=ReceiptsConfig)
    bonuses: BonusesConfig = field(default_factory=BonusesConfig)
    texts: tuple[TextsConfig, ...] = ()
    smspilot: SmspilotConfig = field(default_factory=SmspilotConfig)
    smsc: SmscConfig = field(default_factory=SmscConfig)
    komtet: KomtetConfig = field(default_factory=KomtetConfig)
    schedule: Mapping[str, Schedule] = field(default_factory=dict)
    settings: tuple[SettingRow, ...] = field(default=(), repr=False, compare=False)
