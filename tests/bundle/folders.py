"""Small bundles for tests, and a database to import them into."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from engine import schema
from engine.bundle.load import ImportSummary, import_bundle
from engine.clock import FixedClock
from engine.config import BillingConfig, DatabaseConfig
from engine.database import Database, open_database
from engine.period import Period, parse_when

ZONE = ZoneInfo("Europe/Moscow")
BILLING = BillingConfig(ZONE, "RUB", ((None, 2000),), 5000, 50)
NOW = parse_when("2026-11-01T00:05:00", ZONE)
GOLDEN = Path(__file__).parents[1] / "data" / "golden-month-close"

_DIRECTIONS = ",".join(
    f"dir{n}_included_mb,dir{n}_overage_price,dir{n}_counts" for n in (1, 2, 3, 4)
)
PLANS_HEADER = f"plan,name,monthly_fee,{_DIRECTIONS},dir2_to_dir1_ratio,carry_over"
PLAN_REST = "50,0.5,sum,0,0,in,0,0,in,0,0,in,0,no"
SUBSCRIBERS_HEADER = (
    "login,name,group,plan,next_plan,addon,next_addon,services,start_day,discount_percent,balance"
)
USAGE_HEADER = "login,period,direction,bytes_in,bytes_out"

SMALL = {
    "plans": f"{PLANS_HEADER}\n1,Plan 1,30,{PLAN_REST}\n2,Plan 2,40,{PLAN_REST}\n",
    "addons": "addon,name,monthly_fee\n1,TV,150\n",
    "services": "service,name,monthly_fee\n1,static ip,50.00\n2,antivirus,120\n",
    "groups": "group,name,charge\n1,main,yes\n",
    "subscribers": f"{SUBSCRIBERS_HEADER}\n"
    "u1,One,1,1,,,,1;2,0,0,10.50\nu2,Two,1,2,1,1,,,15,10,-3\n",
    "usage": f"{USAGE_HEADER}\nu1,2026-10,1,100,200\nu2,2026-10,4,5,6\n",
}


def make_folder(folder: Path, **files: str | bytes | None) -> Path:
    """Writes `SMALL` with some files in another form; None leaves one out."""
    folder.mkdir(exist_ok=True)
    for name, content in {**SMALL, **files}.items():
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name}.csv").write_bytes(data)
    return folder


def open_empty(config: DatabaseConfig) -> Database:
    """A database with the schema and nothing in it."""
    database = open_database(config, create=True)
    schema.create(database)
    return database


def load(database: Database, folder: Path, first: str | None = None) -> ImportSummary:
    """Imports a folder."""
    period = Period.parse(first) if first else None
    return import_bundle(database, folder, BILLING, FixedClock(NOW), "tester", period)


def rows_in_all(database: Database) -> int:
    """How many rows an import could have written."""
    tables = (
        "plan", "plan_direction", "addon", "service", "subscriber_group", "subscriber",
        "subscriber_service", "discount", "period_usage", "billing_period", "journal_entry",
        "posting", "audit", "operator", "personal_account", "operator_tariff", "number",
    )  # fmt: skip
    return sum(database.integer(f"SELECT COUNT(*) FROM {table}") for table in tables)
