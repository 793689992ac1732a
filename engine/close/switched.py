"""The subscribers whom a close gives their ordered plan: an event each, by the system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from engine.close.decide import Decision
from engine.database import Database
from engine.events.facts import Happened
from engine.events.plan import Moment
from engine.events.record import record
from engine.events.settings import Rules


class SwitchEvents:
    """Records the tariff changes of one period. What follows them is decided by `rules`."""

    def __init__(
        self, database: Database, period: str, rules: Rules, zone: tzinfo, currency: str
    ) -> None:
        self._database = database
        self._period = period
        self._rules = rules
        self._zone = zone
        self._currency = currency

    def record(self, decisions: Sequence[Decision], now_ms: int, actor: str) -> None:
        """Records those whose plan changes, in the transaction of their chunk."""
        happened = [
            Happened(
                kind="tariff_change",
                subscriber_id=one.subscriber_id,
                key=f"close:{self._period}:{one.subscriber_id}",
                at=now_ms,
                source="close",
                actor=actor,
                by="system",
            )
            for one in decisions
            if one.conditions.plan_after != one.conditions.plan_id
        ]
        record(self._database, self._rules, Moment(now_ms, self._zone, self._currency), happened)
