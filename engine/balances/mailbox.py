"""From an IMAP mailbox into the database: read, commit, then move.

A run may end anywhere. What was committed and not moved is known when it is read again, and then
only moved; so no mail is counted twice, and none is moved before it was counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.balances.arrival import Arrival, Reader
from engine.balances.importer import BalanceImporter, ImportTally, Taken
from engine.balances.retention import remove_old
from engine.clock import Clock
from engine.config import BalanceImportConfig
from engine.database import Database
from engine.errors import Interrupted, JobFailed
from engine.integrations.imap import Access, Mailbox, open_mailbox

# Sizes are asked for so many mails at once.
_LOOK_AHEAD = 2_000
# So many bytes of mails are held at once.
_MOST_BYTES = 8 << 20
# Beyond the time of a run, for the chunk under way.
_GRACE_SECONDS = 120


@dataclass(frozen=True)
class ImportResult:
    """What a run did. `waiting` are mails that it did not come to; `removed` those that were kept
    long enough."""

    tally: ImportTally
    waiting: int
    removed: int


def access_of(config: BalanceImportConfig) -> Access:
    """How to reach the mailbox. Raises JobFailed where none is configured."""
    if config.host is None or config.user is None or config.password is None:
        raise JobFailed(
            "there is no mailbox to read: set host, user and password in section [balance-import]"
            " of the configuration, or give saved mails to `billdeck import-mail`."
        )
    return Access(
        config.host, config.port, config.tls, config.tls_ca, config.user,
        config.password.reveal(), config.timeout, config.run_seconds + _GRACE_SECONDS,
    )  # fmt: skip


class MailboxImport:
    """One run over the mailbox."""

    def __init__(
        self,
        database: Database,
        config: BalanceImportConfig,
        importer: BalanceImporter,
        reader: Reader,
        clock: Clock,
    ) -> None:
        self._database = database
        self._config = config
        self._importer = importer
        self._reader = reader
        self._clock = clock
        self._hooks = importer.hooks
        self._ends_at = time.monotonic() + config.run_seconds

    def run(self, retry_skipped: bool = False) -> ImportResult:
        """Takes the mails of the inbox, with `retry_skipped` those of the folder for skipped ones.
        No chunk is begun when the time of a run is over. Raises MailboxFailed, Interrupted when
        asked to stop, and JobFailed for a server that cannot move single mails."""
        config = self._config
        access = access_of(config)
        self._hooks.check()
        with open_mailbox(access) as box:
            self._refuse_unable(box)
            for folder in (config.processed, config.skipped):
                box.ensure(folder)
            source = config.skipped if retry_skipped else config.inbox
            waiting = self._take_all(box, source, box.open(source), retry_skipped)
            removed = 0
            if not waiting and config.keep_processed:
                self._hooks.check()
                removed = remove_old(self._database, box, config, self._clock.now_ms())
        return ImportResult(self._importer.tally, waiting, removed)

    def _refuse_unable(self, box: Mailbox) -> None:
        if not box.can_move:
            raise JobFailed(
                "the server can neither MOVE nor expunge single mails (UIDPLUS): moving one could"
                " destroy what others have marked. No mail was touched; use another server."
            )
        if self._config.keep_processed is not None and not box.can_remove:
            raise JobFailed(
                "the server cannot remove single mails (no UIDPLUS): set keep_processed = forever"
                " in section [balance-import]. No mail was touched."
            )

    def _take_all(self, box: Mailbox, source: str, uids: list[int], again: bool) -> int:
        """Takes mails in chunks; returns how many were not come to."""
        done = 0
        for chunk, sizes in self._chunks(box, uids):
            if done and time.monotonic() > self._ends_at:
                return len(uids) - done
            if self._hooks.stop.is_set():
                raise Interrupted(
                    f"stopped after {done} of {len(uids)} mails. Run it again to go on."
                )
            self._take(box, source, chunk, sizes, again)
            done += len(chunk)
            self._hooks.progress(done, len(uids))
        return 0

    def _chunks(self, box: Mailbox, uids: list[int]) -> Iterator[tuple[list[int], dict[int, int]]]:
        """UIDs in chunks that are small in number and in bytes, with the sizes of the mails."""
        for start in range(0, len(uids), _LOOK_AHEAD):
            some = uids[start : start + _LOOK_AHEAD]
            sizes = box.sizes(some)
            chunk: list[int] = []
            held = 0
            for uid in some:
                size = min(sizes.get(uid, 0), self._reader.limit)
                if chunk and (len(chunk) >= self._config.chunk or held + size > _MOST_BYTES):
                    yield chunk, sizes
                    chunk, held = [], 0
                chunk.append(uid)
                held += size
            if chunk:
                yield chunk, sizes

    def _take(
        self, box: Mailbox, source: str, chunk: list[int], sizes: dict[int, int], again: bool
    ) -> None:
        arrivals = self._read(box, chunk, sizes)
        taken = self._importer.take(list(arrivals.values()), again)
        for one in taken:
            if not one.known and one.state == "skipped":
                self._hooks.log(f"skipped a mail: {one.arrival.reason}", "warning")
        self._hooks.check()
        self._move(box, source, list(arrivals), taken)

    def _read(self, box: Mailbox, chunk: list[int], sizes: dict[int, int]) -> dict[int, Arrival]:
        """The mails that are still there, by UID."""
        limit = self._reader.limit
        large = [uid for uid in chunk if sizes.get(uid, 0) > limit]
        small = [uid for uid in chunk if uid in sizes and sizes[uid] <= limit]
        raw = box.mails(small, limit + 1)
        heads = box.heads(large) if large else {}
        found = {uid: self._reader.read(content) for uid, content in raw.items()}
        for uid, head in heads.items():
            found[uid] = self._reader.too_large(head, sizes[uid])
        return found

    def _move(self, box: Mailbox, source: str, uids: Sequence[int], taken: Sequence[Taken]) -> None:
        by_state: dict[str, list[int]] = {"processed": [], "skipped": []}
        for uid, one in zip(uids, taken, strict=True):
            by_state[one.state].append(uid)
        if by_state["processed"]:
            if self._config.keep_processed == 0:
                box.remove(by_state["processed"])
            else:
                box.move(by_state["processed"], self._config.processed)
        if by_state["skipped"] and source != self._config.skipped:
            box.move(by_state["skipped"], self._config.skipped)
