"""The table of all settings: the one source of parsing, `config.example.ini` and `check config`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.config import values
from engine.config.balances import BALANCE_IMPORT, BALANCE_STATUS, OPERATORS
from engine.config.bonuses import BONUSES
from engine.config.events import EVENTS, NOTICES, RECEIPTS
from engine.config.mikbill import MIKBILL
from engine.config.model import (
    BillingConfig,
    ConsoleConfig,
    DaemonConfig,
    DatabaseConfig,
    HousekeepingConfig,
    KeysConfig,
    MonthCloseConfig,
    RolesConfig,
)
from engine.config.nas import NAS, ROUTEROS
from engine.config.providers import KOMTET, SMSC, SMSPILOT
from engine.config.setting import Family, Section, Setting
from engine.config.texts import TEXTS

DATABASE = Section(
    "database",
    "database",
    DatabaseConfig,
    "Where the data lives: one SQLite file, or a MariaDB server.",
    (
        Setting("engine", values.one_of("sqlite", "mariadb"), "sqlite", "sqlite or mariadb"),
        Setting(
            "path",
            values.absolute_path,
            None,
            "sqlite: the file; default: billdeck/billing.db in $XDG_DATA_HOME or ~/.local/share",
            example="/var/lib/billdeck/billing.db",
        ),
        Setting(
            "socket",
            values.absolute_path,
            None,
            "mariadb: the server's socket; give this or host",
            example="/run/mysqld/mysqld.sock",
        ),
        Setting(
            "host",
            values.matching(r"[A-Za-z0-9._:-]{1,255}", "a host name or IP address"),
            None,
            "mariadb: the server's name or address; give this or socket",
            example="127.0.0.1",
        ),
        Setting("port", values.whole_number(1, 65_535), "3306", "mariadb: the port on host"),
        Setting(
            "name",
            values.matching(
                r"[A-Za-z0-9_$-]{1,64}", "a database name of letters, digits, _ $ - (at most 64)"
            ),
            "billdeck",
            "mariadb: the database",
        ),
        Setting(
            "user",
            values.matching(r"[!-~]{1,80}", "a user name of ASCII characters without spaces"),
            "billdeck",
            "mariadb: the database user",
        ),
        Setting(
            "password_file",
            values.absolute_path,
            None,
            "mariadb: a file with the password (mode 0640 or stricter);"
            " the systemd credential database-password comes before it",
            example="/etc/billdeck/database-password",
        ),
        Setting(
            "password",
            values.secret,
            None,
            "mariadb: the password itself, in place of password_file; needs a configuration file"
            " of mode 0640 or stricter",
            example="...",
            secret=True,
        ),
        Setting(
            "tls_ca",
            values.absolute_path,
            None,
            "mariadb: CA certificates to verify the server with; needed for a host elsewhere",
            example="/etc/ssl/certs/ca-certificates.crt",
        ),
        Setting(
            "connect_timeout",
            values.whole_number(1, 600),
            "10",
            "mariadb: seconds that one connection attempt may take",
        ),
        Setting(
            "wait_seconds",
            values.whole_number(0, 86_400),
            "60",
            "how many seconds a lost database is waited for before a job gives up",
        ),
    ),
)

BILLING = Section(
    "billing",
    "billing",
    BillingConfig,
    "The rules of money and time.",
    (
        Setting(
            "timezone", values.time_zone, "Europe/Moscow", "the zone that decides days and periods"
        ),
        Setting(
            "currency",
            values.matching(r"[A-Z]{3}", "three capital letters, such as RUB"),
            "RUB",
            "the currency of all amounts",
        ),
        Setting(
            "vat_rates",
            values.vat_rates,
            "18, 2019-01-01:20, 2026-01-01:22",
            "VAT in percent: the first rate, then each new one as DATE:PERCENT",
        ),
        Setting(
            "close_chunk",
            values.whole_number(1, 100_000),
            "5000",
            "month close: subscribers in the first chunk; later chunks follow close_latency_ms",
        ),
        Setting(
            "close_latency_ms",
            values.whole_number(1, 60_000),
            "100",
            "month close: the milliseconds that one chunk's transaction should take",
        ),
    ),
)

MONTH_CLOSE = Section(
    "month-close",
    "month_close",
    MonthCloseConfig,
    "The close of a billing period.",
    (
        Setting(
            "settle_minutes",
            values.whole_number(0, 10_080),
            "1",
            "minutes after the period's end before its close may begin, for late usage to arrive",
        ),
        Setting(
            "exempt_states",
            values.some_of("frozen", "blocked", "deleted"),
            "frozen, deleted",
            "subscriber states that are not charged: any of frozen, blocked, deleted",
            may_be_empty=True,
        ),
    ),
)

ROLES = Section(
    "roles",
    "roles",
    RolesConfig,
    "Who may do what: unix users, @groups, * for all. While none of these is set, all are admin.",
    (
        Setting("admin", values.members, "", "may do everything", example="*", may_be_empty=True),
        Setting(
            "operator",
            values.members,
            "",
            "may look, take payments, correct, change subscribers",
            may_be_empty=True,
        ),
        Setting("viewer", values.members, "", "may look and search", may_be_empty=True),
    ),
)

CONSOLE = Section(
    "console",
    "console",
    ConsoleConfig,
    "How the console looks.",
    (
        Setting(
            "theme",
            values.one_of("auto", "dark", "light", "ansi-dark", "ansi-light"),
            "auto",
            "auto, dark, light, or the terminal's own colours: ansi-dark, ansi-light",
        ),
        Setting("mouse", values.yes_no, "yes", "no spares a slow line the mouse's movements"),
        Setting("read_only", values.yes_no, "no", "yes hides all that changes something"),
        Setting("ascii", values.yes_no, "no", "yes for a terminal that shows no other signs"),
        Setting(
            "refresh_seconds",
            values.whole_number(1, 3_600),
            "5",
            "how often what is shown is read again",
        ),
    ),
)

KEYS = Section(
    "keys",
    "keys",
    KeysConfig,
    "Other keys for the console's actions.",
    (
        Setting(
            "change",
            values.key_changes,
            "",
            "a comma list of ID:KEY, such as mark:m, quit:ctrl+x; the console's help names the ids",
            may_be_empty=True,
        ),
    ),
)

DAEMON = Section(
    "daemon",
    "daemon",
    DaemonConfig,
    "The daemon, which runs the schedule.",
    (
        Setting("workers", values.whole_number(1, 32), "4", "how many jobs run at once"),
        Setting(
            "long_workers",
            values.whole_number(1, 32),
            "2",
            "and beside them, of the jobs that may take long, such as the month close",
        ),
        Setting(
            "stop_seconds",
            values.whole_number(1, 3_600),
            "60",
            "how long running jobs have to reach a safe point when the daemon ends",
        ),
    ),
)

HOUSEKEEPING = Section(
    "housekeeping",
    "housekeeping",
    HousekeepingConfig,
    "What the job housekeeping removes, by age.",
    (
        Setting("keep_runs_days", values.whole_number(1, 36_500), "60", "runs of jobs, in days"),
        Setting("keep_logs_days", values.whole_number(1, 36_500), "30", "logs of runs, in days"),
        Setting(
            "keep_files_days",
            values.whole_number(1, 36_500),
            "30",
            "files about runs and internal errors in the state folder, in days",
        ),
        Setting(
            "keep_events_days",
            values.whole_number(1, 36_500),
            "1095",
            "notices and other actions that are over, with texts and numbers, in days; receipts and"
            " bonuses stay",
        ),
    ),
)

SECTIONS: tuple[Section, ...] = (
    DATABASE, BILLING, MONTH_CLOSE, ROLES, CONSOLE, KEYS, DAEMON, HOUSEKEEPING, BALANCE_IMPORT,
    BALANCE_STATUS, ROUTEROS, EVENTS, NOTICES, RECEIPTS, BONUSES, SMSPILOT, SMSC, KOMTET,
    MIKBILL,
)  # fmt: skip

FAMILIES: tuple[Family, ...] = (OPERATORS, NAS, TEXTS)

_EXAMPLE_HEAD = """\
# The configuration of billdeck. Copy it to /etc/billdeck/config.ini and take the ; off what you
# change. Each line shows its default, or only an example where its help ends with (example).
# A comment begins with # or ; on its own line, or with a space and ; after a value.
# Each setting can also come from the environment as BILLDECK_<SECTION>__<KEY>, for example
# BILLDECK_DATABASE__PATH or BILLDECK_MONTH_CLOSE__SETTLE_MINUTES.
"""


def render_example(more: Sequence[Section] = ()) -> str:
    """The text of `config.example.ini`: every setting commented out, with one line of help; `more`
    are the sections that the floors above know."""
    sections = "".join(_render_section(section) for section in (*SECTIONS, *more))
    families = "".join(_render_section(family.example, example=True) for family in FAMILIES)
    return _EXAMPLE_HEAD + sections + families


def _render_section(section: Section, example: bool = False) -> str:
    """The lines of a section; an `example` stands for sections that have no defaults."""
    mark = " (example)" if example else ""
    lines = ["", f"# {section.help}{mark}", f"{'; ' if example else ''}[{section.name}]"]
    for setting in section.settings:
        note = " (example)" if setting.default is None or example else ""
        lines.append(f"# {setting.help}{note}")
        lines.append(f"; {setting.key} = {setting.default or setting.example}".rstrip())
    return "\n".join(lines) + "\n"
