"""Pinning the host key of a NAS: what it shows now, what is pinned, and the change, audited."""

from __future__ import annotations

from typing import Literal, NamedTuple

from engine.audit import AuditLine, write_audit
from engine.database import Database
from engine.errors import JobFailed, NeedsConfirmation
from engine.integrations import known_hosts
from engine.integrations.known_hosts import HostKey
from engine.nas.settings import NasConfig, RouterosConfig

Keys = tuple[HostKey, ...]


class Offer(NamedTuple):
    """The key that a NAS shows, and those that are pinned for it."""

    nas: NasConfig
    key: HostKey
    pinned: Keys

    @property
    def state(self) -> Literal["new", "same", "changed"]:
        """`changed` is what somebody in between would look like, too."""
        if not self.pinned:
            return "new"
        return "same" if self.key in self.pinned else "changed"


def look(nas: NasConfig, routeros: RouterosConfig) -> Offer:
    """Asks a NAS for its host key, without logging in. Raises JobFailed when it cannot be reached,
    ConfigError for a file of host keys that cannot be used."""
    from engine.integrations.ssh import Patience, Unreachable, offered_key

    pinned = known_hosts.read(routeros.known_hosts).get(nas.address, ())
    patience = Patience(routeros.step_seconds, routeros.deadline_seconds)
    kind = pinned[0].kind if pinned else None
    try:
        return Offer(nas, offered_key(nas.host, nas.port, patience, kind), pinned)
    except Unreachable as error:
        raise JobFailed(
            f"NAS {nas.name} at {nas.address} shows no host key: {error}. Nothing was pinned."
        ) from None


def pin(database: Database, offer: Offer, routeros: RouterosConfig, actor: str, now: int) -> None:
    """Pins the key of an offer in place of what was pinned, audited. Raises NeedsConfirmation when
    somebody has pinned another one meanwhile, ConfigError when the file cannot be written; then,
    and when the database fails, what was pinned stays."""
    before, after = ([_state(key) for key in keys] or None for keys in (offer.pinned, (offer.key,)))
    line = AuditLine(now, actor, "nas-trust", f"nas:{offer.nas.name}", before, after)
    written = False
    try:
        with database.transaction():
            write_audit(database, line)
            # The file comes last: when it cannot be written, the line goes, too.
            _replace(routeros, offer.nas, offer.pinned, (offer.key,))
            written = True
    except BaseException:
        if written:
            _replace(routeros, offer.nas, (offer.key,), offer.pinned)
        raise


def _replace(routeros: RouterosConfig, nas: NasConfig, before: Keys, after: Keys) -> None:
    with known_hosts.changing(routeros.known_hosts) as pinned:
        if pinned.get(nas.address, ()) != before:
            raise NeedsConfirmation(
                f"the pinned host key of NAS {nas.name} was changed by somebody meanwhile; it stays"
                " as it is now. Run `billdeck nas trust` again to see it."
            )
        pinned[nas.address] = after
        if not after:
            del pinned[nas.address]


def _state(key: HostKey) -> dict[str, str]:
    return {"type": key.kind, "fingerprint": key.fingerprint}
