"""A small bundle, imported, on either engine: u1 with the alias u1-b, and u2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import DatabaseConfig
from engine.database import Database
from tests.bundle.folders import SUBSCRIBERS_HEADER, load, make_folder, open_empty

PEOPLE = (
    f"{SUBSCRIBERS_HEADER},alias_of\nu1,,1,1,,,,,0,0,0,\nu2,,1,1,,,,,0,0,0,\n"
    "u1-b,,1,,,,,,0,0,0,u1\n"
)


@pytest.fixture
def database(database_config: DatabaseConfig, tmp_path: Path) -> Iterator[Database]:
    """u1 is 1000, u2 1001, u1-b 1002; the first period is 2026-09, nothing used."""
    opened = open_empty(database_config)
    load(opened, make_folder(tmp_path / "bundle", subscribers=PEOPLE, usage=None), "2026-09")
    yield opened
    opened.close()
