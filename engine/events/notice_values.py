"""What a notice can tell: the values of its template, as texts. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from engine.events.facts import Facts, Happened
from engine.events.settings import Rules
from engine.events.texts import compliment_of, currency_word
from engine.money import format_amount


def notice_values(
    happened: Happened, facts: Facts, rules: Rules, zone: tzinfo, currency: str
) -> dict[str, str]:
    """The values by name; amounts such as `500.00`, the day of the event such as `26.11.2026`."""
    limit = happened.amount if happened.kind in ("limit", "credit") else None
    day = datetime.fromtimestamp(happened.at // 1_000, zone).date()
    # The same event always has the same compliment, others another.
    number = sum(happened.key.encode())
    return {
        "login": facts.login,
        "name": facts.name,
        "amount": format_amount(happened.amount or 0),
        "currency": currency_word(rules, currency),
        "balance": format_amount(facts.balance),
        "plan": facts.plan,
        "fee": format_amount(facts.monthly_fee),
        "credit_limit": format_amount(facts.credit_limit if limit is None else limit),
        "compliment": compliment_of(rules, number),
        "link": "",
        "bonus": _birthday_bonus(happened, rules),
        "date": day.strftime("%d.%m.%Y"),
    }


def _birthday_bonus(happened: Happened, rules: Rules) -> str:
    """The bonus that follows this birthday, empty where none does."""
    if happened.kind != "birthday" or "birthday_bonus" not in rules.events.follows.get(
        "birthday", ()
    ):
        return ""
    return format_amount(rules.bonuses.birthday) if rules.bonuses.birthday else ""
