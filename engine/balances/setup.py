"""What an import is made of, from the configuration."""

from __future__ import annotations

from engine.balances.arrival import Reader
from engine.balances.importer import BalanceImporter
from engine.balances.profile import Profile
from engine.balances.status import StatusBook
from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.hooks import WorkHooks


def status_book(database: Database, config: Config) -> StatusBook:
    """The rules of the balance status, with the time zones of the operators."""
    zones = {
        name.casefold(): one.timezone
        for one in config.operators
        for name in (one.name, *one.aliases)
    }
    return StatusBook(database, config.balance_status, zones, config.billing.timezone)


def balance_importer(
    database: Database, config: Config, clock: Clock, hooks: WorkHooks
) -> tuple[BalanceImporter, Reader]:
    """What takes mails, and what reads them before."""
    settings = config.balance_import
    importer = BalanceImporter(
        status_book(database, config), config.operators, clock, hooks, settings.add_tariffs
    )
    profiles = [Profile(one) for one in config.operators]
    return importer, Reader(profiles, settings.max_mail_kib * 1024)
