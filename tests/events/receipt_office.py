"""An office that has receipts made by a stand-in for Komtet, over a real socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.clock import FixedClock
from engine.config import Config, Secret
from engine.database import Database
from engine.events.delivery import Delivery
from engine.events.receipt_asking import ReceiptAsking
from engine.events.senders import open_senders
from engine.events.settings import EventsConfig, NoticesConfig, ReceiptsConfig
from engine.events.setup import rules_of
from engine.hooks import WorkHooks
from engine.integrations.loop import PrivateLoop
from engine.integrations.provider_settings import KomtetConfig
from engine.ledger.operations import Ledger
from tests.close.books import config as plain_config
from tests.events.books import BILLING, NOW, open_event_books
from tests.servers.komtet_server import KomtetServer

CALLBACK = "https://billing.example.com/komtet"


def settings(server: KomtetServer, **komtet: Any) -> KomtetConfig:
    """How the stand-in is reached."""
    values: dict[str, Any] = {
        "url": server.url, "shop_id": server.shop_id, "queue": server.queue,
        "secret": Secret(server.secret), "callback_url": CALLBACK, "per_second": 1_000,
    }  # fmt: skip
    return KomtetConfig(**{**values, **komtet})


class Office:
    """Takes payments at a time that stands, delivers their receipts, asks for their state."""

    def __init__(self, database: Database, config: Config) -> None:
        self.database = database
        self.config = config
        self.clock = FixedClock(NOW)

    def pay(self, *amounts: int, login: str = "ivan") -> list[int]:
        """Payments whose receipts are accepted; the numbers of their receipts' actions."""
        rules = rules_of(self.config)
        ledger = Ledger(self.database, BILLING, self.clock, "anna", 5, rules)
        before = self.database.integer("SELECT COALESCE(MAX(id), 0) FROM action")
        for amount in amounts:
            ledger.payment(login, amount)
        self.deliver()
        rows = self.database.rows(
            "SELECT id FROM action WHERE id > ? AND kind = 'receipt' ORDER BY id", (before,)
        )
        return [number for (number,) in rows]

    def deliver(self) -> None:
        """One delivery, to its end; without a provider of notices they wait."""
        with open_senders(self.config) as senders:
            Delivery(
                self.database, self.config.events, senders, self.clock, WorkHooks()
            ).run()  # fmt: skip

    def ask(self, seconds: int = 5, hooks: WorkHooks | None = None) -> Counter[str]:
        """Asks for what is due after so many seconds."""
        self.clock.advance(seconds * 1_000)
        with PrivateLoop("receipts") as loop:
            asking = ReceiptAsking(
                self.database, self.config, loop, self.clock, hooks or WorkHooks()
            )
            return asking.run()

    def receipts(self, columns: str = "r.state") -> list[Any]:
        """The receipts, in the order of their actions; of one column its values."""
        rows = self.database.rows(
            f"SELECT {columns} FROM receipt r JOIN action a ON a.id = r.action_id ORDER BY a.id"
        )
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def links(self, columns: str = "channel, state, round") -> Sequence[tuple[Any, ...]]:
        """The actions that tell subscribers where their receipts are."""
        rows = self.database.rows(
            f"SELECT {columns} FROM action WHERE kind = 'receipt_link' ORDER BY id"
        )
        return [tuple(row) for row in rows]

    def key(self, action: int) -> str:
        """The name under which Komtet knows a receipt."""
        return str(self.database.value("SELECT action_key FROM action WHERE id = ?", (action,)))

    def komtet(self, **changes: Any) -> None:
        """Other settings of the provider."""
        self.config = replace(self.config, komtet=replace(self.config.komtet, **changes))


def open_office(where: Any, server: KomtetServer, link_notice: bool = True) -> Office:
    """The books of the events' tests; ivan and olga can be reached, notices go by SMSPilot, which
    is not there."""
    plain = plain_config(where)
    follows = {"payment": ("receipt",), "refund": ("receipt",)}
    config = replace(
        plain,
        billing=BILLING,
        events=EventsConfig(
            mode="on", follows=follows, linger_seconds=0, pause_after=3, pause_minutes=5
        ),  # type: ignore[arg-type]
        notices=NoticesConfig(sms="smspilot"),
        receipts=ReceiptsConfig(provider="komtet", link_notice=link_notice),
        komtet=settings(server),
    )
    return Office(open_event_books(where), config)
