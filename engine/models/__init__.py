"""The tables as peewee models, a module per subject. billing.db.sql is the truth; a test compares.

Models are for reading and for single rows. What handles many rows writes its own SQL, and money
moves through `engine.ledger` only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.models.base import BaseModel

_SUBJECTS = ("plans", "subscribers", "usage", "ledger", "close", "numbers", "events", "operations")


def all_models() -> list[type[BaseModel]]:
    """The model of every table, those of a later module after those of an earlier one."""
    from engine.models.base import BaseModel

    for subject in _SUBJECTS:
        import_module(f"engine.models.{subject}")
    return [model for model in BaseModel.__subclasses__() if model.__module__.startswith(__name__)]
