"""The columns of each file of a bundle, and of a usage file. Pure.

The first column is the key. Where a column may be missing, a missing one counts as an empty cell.
Lengths are those of billing.db.sql.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.bundle import fields as f


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the header, the parser of its cells, whether it must be there."""

    name: str
    parse: f.Parser
    required: bool = True


_CODE = f.code(40)
_NAME = f.text(200)
# A login that is looked up; a new one has a rule of its own.
LOGIN = f.code(64)

_PLAN_DIRECTIONS = tuple(
    column
    for number in (1, 2, 3, 4)
    for column in (
        Column(f"dir{number}_included_mb", f.included_bytes),
        Column(f"dir{number}_overage_price", f.price),
        Column(f"dir{number}_counts", f.choice("in", "out", "sum", "max")),
    )
)

PLANS = (
    Column("plan", _CODE),
    Column("name", _NAME),
    Column("monthly_fee", f.price),
    Column("dir2_to_dir1_ratio", f.ratio),
    Column("carry_over", f.yes_no),
    *_PLAN_DIRECTIONS,
)

ADDONS = (Column("addon", _CODE), Column("name", _NAME), Column("monthly_fee", f.price))

SERVICES = (
    # Subscribers list their services with semicolons between them.
    Column("service", f.code(40, forbidden=";")),
    Column("name", _NAME),
    Column("kind", f.optional(f.choice("service", "rent"), "service"), required=False),
    Column("monthly_fee", f.price),
)

GROUPS = (Column("group", _CODE), Column("name", _NAME), Column("charge", f.yes_no))

SUBSCRIBERS = (
    Column("login", f.new_login),
    Column("name", _NAME),
    Column("group", _CODE),
    Column("plan", f.optional(_CODE)),
    Column("next_plan", f.optional(_CODE)),
    Column("addon", f.optional(_CODE)),
    Column("next_addon", f.optional(_CODE)),
    Column("services", f.code_list),
    Column("start_day", f.optional(f.start_day)),
    Column("discount_percent", f.optional(f.percent, 0)),
    Column("balance", f.amount),
    Column("external_uid", f.optional(_CODE), required=False),
    Column("phone", f.text(40), required=False),
    Column("email", f.text(200), required=False),
    Column("contract_number", f.text(40), required=False),
    Column("contract_date", f.optional(f.date_text), required=False),
    Column("birth_date", f.optional(f.birth_date), required=False),
    Column("address", f.text(300), required=False),
    Column("credit_limit", f.optional(f.positive_amount, 0), required=False),
    Column("fee_day", f.optional(f.day_of_month), required=False),
    Column("active_since", f.optional(f.date_text), required=False),
    Column(
        "state",
        f.optional(f.choice("active", "frozen", "blocked", "deleted"), "active"),
        required=False,
    ),
    Column("alias_of", f.optional(LOGIN), required=False),
)

USAGE = (
    Column("login", LOGIN),
    Column("period", f.period_text),
    Column("direction", f.direction),
    Column("bytes_in", f.byte_count),
    Column("bytes_out", f.byte_count),
)

NUMBERS = (
    Column("number", f.phone_number),
    Column("personal_account", f.optional(_CODE)),
    Column("operator", f.code(60)),
    Column("tariff", f.optional(f.code(150))),
    Column("login", f.optional(LOGIN)),
)

FILES: dict[str, tuple[Column, ...]] = {
    "plans": PLANS,
    "addons": ADDONS,
    "services": SERVICES,
    "groups": GROUPS,
    "subscribers": SUBSCRIBERS,
    "usage": USAGE,
    "numbers": NUMBERS,
}
# What a bundle may carry that this version cannot take, and what it carries for other programs.
LATER_FILES = ("prices", "rates")
IGNORED_FILES = ("expected_charges",)
