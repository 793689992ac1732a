"""A mailbox on an IMAP server that others use, too.

Only what is named by its UID is ever moved or removed: a plain EXPUNGE would also destroy what
another client has marked. Nothing is marked as read. Every read of the socket has a limit, and the
whole connection an end.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from imap_tools.utils import encode_folder

from engine.errors import BilldeckError, JobFailed
from engine.text import safe

_UID = re.compile(rb"\bUID ([0-9]{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE ([0-9]{1,12})\b")
_HEADER_BYTES = 65_536
_AT_A_TIME = 500
_ERRORS = (imaplib.IMAP4.error, ImapToolsError, OSError, ssl.SSLError)


class MailboxFailed(JobFailed):
    """The server was not reached, or the connection broke. What was committed stays."""


class Access(NamedTuple):
    """How to reach a mailbox. `tls` is implicit, starttls or off; `tls_ca` is a file of CA
    certificates, None for the system's; `timeout` is the seconds that the server may be silent,
    `deadline` those that the whole connection may last."""

    host: str
    port: int
    tls: str
    tls_ca: Path | None
    user: str
    password: str
    timeout: int
    deadline: float


class Mailbox:
    """An open connection; see `open_mailbox`. Every method raises MailboxFailed when the connection
    breaks or the server refuses. Folders are written with `/` between their levels."""

    def __init__(self, box: BaseMailBox, where: str) -> None:
        self._box = box
        self._client: Any = box.client
        self._where = where
        with self._told("asking what it can"):
            # What imaplib has is from before the login, when servers do not say all.
            _, answer = self._client.capability()
            self._can = {
                word.upper()
                for line in answer
                if line
                for word in line.decode("ascii", "replace").split()
            }
            self._delimiter = self._find_delimiter()

    @property
    def can_move(self) -> bool:
        """Whether single mails can be moved: by MOVE, or by a copy and UID EXPUNGE."""
        return "MOVE" in self._can or "UIDPLUS" in self._can

    @property
    def can_remove(self) -> bool:
        """Whether single mails can be removed."""
        return "UIDPLUS" in self._can

    def ensure(self, folder: str) -> None:
        """Makes a folder that is not there."""
        name = self._name(folder)
        with self._told(f"making the folder {safe(folder, 60)}"):
            if not self._box.folder.exists(name):
                self._box.folder.create(name)

    def open(self, folder: str) -> list[int]:
        """Opens a folder and returns the UIDs of its mails, the oldest first."""
        with self._told(f"opening the folder {safe(folder, 60)}"):
            self._box.folder.set(self._name(folder))
            return sorted(map(int, self._box.uids("ALL")))

    def uids_before(self, day: str) -> list[int]:
        """UIDs in the open folder of mails that came before a day, such as `05-Oct-2026`."""
        with self._told("searching"):
            return sorted(map(int, self._box.uids(f"BEFORE {day}")))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The sizes of mails in bytes, as the server says; those that have gone are left out."""
        found: dict[int, int] = {}
        for some in _batches(uids):
            for line, _ in self._fetch(some, "(UID RFC822.SIZE)"):
                uid, size = _UID.search(line), _SIZE.search(line)
                if uid and size:
                    found[int(uid[1])] = int(size[1])
        return found

    def mails(self, uids: Sequence[int], limit: int) -> dict[int, bytes]:
        """The bytes of mails by UID, of each at most `limit`; those that have gone are left out."""
        return self._literals(uids, f"(UID BODY.PEEK[]<0.{limit}>)")

    def heads(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The headers of mails by UID, or their beginning."""
        return self._literals(uids, f"(UID BODY.PEEK[HEADER]<0.{_HEADER_BYTES}>)")

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Moves mails of the open folder; UIDs that have gone are no error."""
        name = encode_folder(self._name(folder))
        for some in _batches(uids):
            with self._told(f"moving mails to {safe(folder, 60)}"):
                if "MOVE" in self._can:
                    self._must("MOVE", _set(some), name)
                else:
                    self._must("COPY", _set(some), name)
                    self._remove(some)

    def remove(self, uids: Sequence[int]) -> None:
        """Removes mails of the open folder, and no others, for good."""
        for some in _batches(uids):
            with self._told("removing mails"):
                self._remove(some)

    def close(self) -> None:
        """Logs out, whatever state the connection is in."""
        with suppress(*_ERRORS):
            self._box.logout()
        with suppress(OSError):
            self._client.shutdown()

    def _remove(self, uids: Sequence[int]) -> None:
        if not self.can_remove:
            raise imaplib.IMAP4.error("the server cannot remove single mails (no UIDPLUS)")
        self._must("STORE", _set(uids), "+FLAGS.SILENT", r"(\Deleted)")
        self._must("EXPUNGE", _set(uids))

    def _literals(self, uids: Sequence[int], parts: str) -> dict[int, bytes]:
        """What the server sent for each UID that was asked for. It also tells of its own accord
        what other clients do; such lines have no text, or no UID of ours."""
        asked = set(uids)
        found: dict[int, bytes] = {}
        for some in _batches(uids):
            for line, literal in self._fetch(some, parts):
                uid = _UID.search(line)
                if uid and literal is not None and int(uid[1]) in asked:
                    found[int(uid[1])] = literal
        return found

    def _fetch(self, uids: Sequence[int], parts: str) -> Iterator[tuple[bytes, bytes | None]]:
        """The lines of an answer, each with its literal."""
        if not uids:
            return
        with self._told("reading mails"):
            answer = self._must("FETCH", _set(uids), parts)
        for number, piece in enumerate(answer):
            if isinstance(piece, tuple):
                tail = answer[number + 1] if number + 1 < len(answer) else b""
                yield piece[0] + (tail if isinstance(tail, bytes) else b""), piece[1]
            elif isinstance(piece, bytes):
                yield piece, None

    def _must(self, command: str, *arguments: object) -> list[Any]:
        kind, answer = self._client.uid(command, *arguments)
        if kind != "OK":
            said = b" ".join(piece for piece in answer if isinstance(piece, bytes))
            raise imaplib.IMAP4.error(said.decode("ascii", "replace"))
        # imaplib keeps what the server says besides, such as a line for each mail that a MOVE took
        # away, until somebody asks for it.
        self._client.untagged_responses.clear()
        return list(answer or [])

    def _find_delimiter(self) -> str:
        folders = self._box.folder.list("", "%")
        return next((one.delim for one in folders if one.delim), "/")

    def _name(self, folder: str) -> str:
        return folder.replace("/", self._delimiter)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turns the errors of three libraries into one that says what was being done."""
        try:
            yield
        except _ERRORS as error:
            raise MailboxFailed(
                f"the mailbox {self._where} failed while {doing}: {_words(error)}."
                " What was taken stays taken; run it again."
            ) from None


@contextmanager
def open_mailbox(access: Access) -> Iterator[Mailbox]:
    """A connection for the time of a block, logged in. Raises MailboxFailed, saying what to do."""
    where = safe(f"{access.user} on {access.host}:{access.port}", 120)
    try:
        box = _connect(access)
    except _ERRORS as error:
        raise MailboxFailed(
            f"cannot reach the mailbox {where}: {_words(error)}. No mail was touched."
            " Check section [balance-import] of the configuration."
        ) from None
    with _ended_after(access.deadline, box.client):
        try:
            _log_in(box, access)
        except _ERRORS as error:
            with suppress(*_ERRORS):
                box.client.shutdown()
            raise MailboxFailed(
                f"the mailbox {where} does not let us in: {_words(error)}. No mail was touched."
                " Check user and password in section [balance-import] of the configuration."
            ) from None
        mailbox = None
        try:
            mailbox = Mailbox(box, where)
            yield mailbox
        finally:
            if mailbox is not None:
                mailbox.close()
            else:
                with suppress(*_ERRORS):
                    box.client.shutdown()


def _connect(access: Access) -> BaseMailBox:
    if access.tls == "off":
        return MailBoxUnencrypted(access.host, access.port, timeout=access.timeout)
    # imap-tools and imaplib verify nothing unless they are told to.
    context = ssl.create_default_context(cafile=access.tls_ca)
    make: Callable[..., BaseMailBox] = MailBox if access.tls == "implicit" else MailBoxStartTls
    return make(access.host, access.port, timeout=access.timeout, ssl_context=context)


def _log_in(box: BaseMailBox, access: Access) -> None:
    if (access.user + access.password).isascii():
        box.login(access.user, access.password, initial_folder=None)
    else:
        box.login_utf8(access.user, access.password, initial_folder=None)


@contextmanager
def _ended_after(seconds: float, client: Any) -> Iterator[None]:
    """Cuts the connection when the time is over: a server that sends a byte now and then would
    hold us for ever."""

    def cut() -> None:
        with suppress(OSError):
            client.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({safe(error.verify_message, 120)})"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, imaplib.IMAP4.abort):
        return "the connection was broken off"
    if isinstance(error, BilldeckError):
        return error.message
    return safe(str(error) or type(error).__name__, 200)


def _set(uids: Sequence[int]) -> str:
    """A set of UIDs, runs written as ranges."""
    pieces: list[str] = []
    first = last = uids[0]
    for uid in [*sorted(uids)[1:], -1]:
        if uid == last + 1:
            last = uid
            continue
        pieces.append(str(first) if first == last else f"{first}:{last}")
        first = last = uid
    return ",".join(pieces)


def _batches(uids: Iterable[int]) -> Iterator[list[int]]:
    """Some at a time: servers take no longer lines."""
    listed = sorted(uids)
    for start in range(0, len(listed), _AT_A_TIME):
        yield listed[start : start + _AT_A_TIME]
