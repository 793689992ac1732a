"""The daemon's own log: lines on standard error, as journald reads them or as a person does."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from engine.text import safe

NAME = "billdeck"
_LONGEST = 2_000
_LEVELS = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


class _Formatter(logging.Formatter):
    """One line a record, made safe: with a priority for journald, else with the time in UTC."""

    def __init__(self, for_journal: bool) -> None:
        super().__init__()
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        text = safe(record.getMessage(), _LONGEST)
        if self._for_journal:
            return f"<{_LEVELS.get(record.levelno, 5)}>{text}"
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.created))
        return f"{at} {record.levelname.lower()} {text}"


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream is the one that systemd has connected to the journal."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def daemon_log(environ: Mapping[str, str], stream: TextIO | None = None) -> logging.Logger:
    """The log, writing to standard error. The libraries' own words go the same way, from warnings
    on: none may print for itself."""
    where = stream or sys.stderr
    handler = logging.StreamHandler(where)
    handler.setFormatter(_Formatter(is_journal(where, environ)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log = logging.getLogger(NAME)
    log.setLevel(logging.INFO)
    logging.raiseExceptions = False
    return log
