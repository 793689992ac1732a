"""Storing the terms of charges, once for all charges made under the same terms."""

from __future__ import annotations

from collections.abc import Iterable

from engine.close.conditions import Tariff
from engine.database import Database

_AT_ONCE = 200


def store_terms(database: Database, tariffs: Iterable[Tariff]) -> dict[str, int]:
    """The numbers of the terms of `tariffs` by digest, storing those that are new.

    In the caller's transaction; `keep_terms` afterwards, once that is committed.
    """
    bodies = {tariff.digest: tariff.terms for tariff in tariffs if tariff.terms_id is None}
    digests = sorted(bodies)
    found: dict[str, int] = {}
    for start in range(0, len(digests), _AT_ONCE):
        part = digests[start : start + _AT_ONCE]
        _add_known(database, part, found)
        new = [(digest, bodies[digest]) for digest in part if digest not in found]
        if new:
            database.write_many("INSERT INTO charge_terms (digest, body) VALUES (?, ?)", new)
            _add_known(database, [digest for digest, _ in new], found)
    return found


def keep_terms(tariffs: Iterable[Tariff], numbers: dict[str, int]) -> None:
    """Notes in the tariffs under which number their terms were committed."""
    for tariff in tariffs:
        if tariff.terms_id is None:
            tariff.terms_id = numbers[tariff.digest]
            tariff.terms = ""


def _add_known(database: Database, digests: list[str], found: dict[str, int]) -> None:
    marks = ", ".join("?" for _ in digests)
    found.update(
        (digest, terms_id)
        for terms_id, digest in database.rows(
            f"SELECT id, digest FROM charge_terms WHERE digest IN ({marks})", digests
        )
    )
