"""`billdeck nas list|trust|drop`: the NAS, their pinned host keys, sessions dropped by hand."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cli.output import fields
from cli.parser import add_command, add_group, unknown
from cli.progress import Progress
from cli.session import Session
from engine.errors import InputError, NeedsConfirmation
from engine.text import safe

if TYPE_CHECKING:
    from engine.integrations.known_hosts import HostKey
    from engine.nas.outcome import DropResult
    from engine.nas.settings import NasConfig
    from engine.nas.trust import Offer

_REPLACE = "replace"


def register(subparsers: Any) -> None:
    group = add_group(subparsers, "nas", help="the NAS, their host keys, sessions on them")
    add_command(group, "list", list_all, role="viewer", help="list the NAS and their host keys")
    parser = add_command(
        group,
        "trust",
        trust,
        role="admin",
        help="show a NAS's host key and pin it",
        more="Nothing is ever sent to a NAS whose key is not pinned, or is another one.",
    )
    parser.add_argument("name", metavar="NAME", help="the NAS, of a section [nas NAME]")
    parser.add_argument(
        "--replace", action="store_true", help="pin a key that is not the pinned one"
    )
    parser = add_command(
        group,
        "drop",
        drop,
        role="operator",
        help="end all PPP sessions of a login",
        more="Exit status 1 when it failed on any NAS. It can be repeated.",
    )
    parser.add_argument("login", metavar="LOGIN", help="the login")
    parser.add_argument(
        "--nas", metavar="NAME", action="append", help="only on this NAS; may be given again"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def list_all(_args: argparse.Namespace, session: Session) -> int:
    """The NAS of the configuration; none is called."""
    from engine.integrations import known_hosts

    config = session.config
    pinned = known_hosts.read(config.routeros.known_hosts) if config.nas else {}
    data, rows = [], []
    for nas in config.nas:
        keys = pinned.get(nas.address, ())
        data.append({
            "name": nas.name,
            "host": nas.host,
            "port": nas.port,
            "user": nas.user,
            "host_keys": [_key_data(key) for key in keys],
        })  # fmt: skip
        shown = ", ".join(f"{key.kind} {key.fingerprint}" for key in keys)
        rows.append((nas.name, nas.address, nas.user, shown or "NOT TRUSTED YET"))
    lines = session.out.table(("NAME", "ADDRESS", "USER", "PINNED HOST KEY"), rows)
    session.out.result(data, lines if rows else ["No NAS is configured: see docs/nas.md."])
    return 0


def trust(args: argparse.Namespace, session: Session) -> int:
    """Shows the key that the NAS shows now, and pins it when the person types the word."""
    from engine.nas.trust import look, pin

    config = session.config
    nas = _find(args.name, session)
    offer = look(nas, config.routeros)
    if offer.state == "same":
        _say(offer, session, f"NAS {nas.name} shows the host key that is pinned already.")
        return 0
    if offer.state == "changed" and not args.replace:
        raise NeedsConfirmation(_alarm(offer))
    word = nas.name if offer.state == "new" else _REPLACE
    question = _question(offer)
    if not session.at_terminal():
        raise NeedsConfirmation(
            "\n".join(question)
            + "\nNothing was pinned: the word that confirms it is asked for at a terminal."
        )
    if not session.asked_for(word, question):
        raise NeedsConfirmation("that was not the word. Nothing was pinned.")
    pin(session.database, offer, config.routeros, session.actor, session.clock.now_ms())
    _say(offer, session, f"Pinned for NAS {nas.name}: {offer.key.kind} {offer.key.fingerprint}")
    return 0


def _question(offer: Offer) -> list[str]:
    nas, key = offer.nas, offer.key
    shown = fields([("type", key.kind), ("fingerprint", key.fingerprint)])
    return [
        f"NAS {nas.name} at {nas.address} shows this host key:",
        *(f"  {line}" for line in shown),
        *(f"IN PLACE OF the pinned {old.kind} {old.fingerprint}" for old in offer.pinned),
        "Compare it with what the router itself says: see docs/nas.md.",
    ]


def _alarm(offer: Offer) -> str:
    old = ", ".join(f"{key.kind} {key.fingerprint}" for key in offer.pinned)
    return (
        f"THE HOST KEY OF NAS {offer.nas.name} HAS CHANGED.\n"
        f"  pinned: {old}\n"
        f"  shown:  {offer.key.kind} {offer.key.fingerprint}\n"
        "The router was replaced or reset, or somebody stands between us and it. Nothing was"
        " pinned, and no session is dropped there.\n"
        "When you know why, and have compared the new key with what the router itself says:"
        f" billdeck nas trust {offer.nas.name} --replace"
    )


def _say(offer: Offer, session: Session, words: str) -> None:
    data = {"nas": offer.nas.name, "state": offer.state, "host_key": _key_data(offer.key)}
    session.out.result(data, [words])


def _key_data(key: HostKey) -> dict[str, str]:
    return {"type": key.kind, "fingerprint": key.fingerprint}


def drop(args: argparse.Namespace, session: Session) -> int:
    """Asks, ends the sessions everywhere, and says for each NAS what came of it."""
    from engine.integrations.routeros import drop_command
    from engine.nas.fleet import Fleet

    # What no NAS can be sent is refused before anything is asked or written down.
    drop_command(args.login)
    named = dict.fromkeys(args.nas or [nas.name for nas in session.config.nas])
    chosen = [_find(name, session) for name in named]
    if not chosen:
        raise InputError("no NAS is configured: nothing to drop a session on; see docs/nas.md")
    _ask(args, session, [nas.name for nas in chosen])
    _audit(session, "nas-drop", args.login, {"nas": [nas.name for nas in chosen]})
    told: list[str] = []
    with Fleet(chosen, session.config.routeros) as fleet, Progress(session.out) as progress:

        def tell(result: DropResult) -> None:
            told.append(result.nas)
            progress.step("Dropping sessions", len(told), len(chosen))

        results = fleet.drop(args.login, tell=tell)
    session.out.result(_drop_data(args.login, results), _drop_lines(args.login, results, session))
    _audit(session, "nas-drop-done", args.login, [_result_data(result) for result in results])
    return 1 if any(result.failed for result in results) else 0


def _ask(args: argparse.Namespace, session: Session, names: list[str]) -> None:
    if args.yes:
        return
    known = session.database.value("SELECT 1 FROM subscriber WHERE login = ?", (args.login,))
    login = safe(args.login, 130)
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    question = f"All PPP sessions of {login} are ended on {len(names)} NAS: {shown}." + (
        "" if known else " NO SUBSCRIBER HAS THIS LOGIN."
    )
    if not session.at_terminal():
        raise NeedsConfirmation(f"{question} Nothing was done. Use --yes to go on.")
    if not session.ask(question):
        raise NeedsConfirmation("nothing was done.")


def _drop_data(login: str, results: list[DropResult]) -> dict[str, Any]:
    return {
        "login": login,
        "sessions": sum(result.sessions for result in results),
        "failed": [result.nas for result in results if result.failed],
        "nas": [_result_data(result) for result in results],
    }


def _result_data(result: DropResult) -> dict[str, Any]:
    return {
        "name": result.nas,
        "outcome": result.outcome,
        "sessions": result.sessions,
        "detail": result.detail,
    }


def _drop_lines(login: str, results: list[DropResult], session: Session) -> list[str]:
    """A line for each NAS where something was or went wrong, and the sum."""
    told = [result for result in results if result.outcome != "none"]
    count = sum(result.sessions for result in results)
    failed = [result.nas for result in results if result.failed]
    lines = fields((result.nas, result.words) for result in told)
    lines.append(
        f"{'1 session' if count == 1 else f'{count} sessions'} of {safe(login, 130)} dropped,"
        f" {len(results) - len(failed)} of {len(results)} NAS answered."
    )
    if failed:
        again = "; try again" if any(result.passing for result in results) else ""
        lines.append(f"FAILED on {', '.join(failed)}: sessions may still be there{again}.")
    if session.out.verbose:
        lines += [f"{result.nas}: {result.words}" for result in results if result not in told]
    return lines


def _audit(session: Session, action: str, login: str, state: Any) -> None:
    from engine.audit import AuditLine, audit_alone

    line = AuditLine(
        session.clock.now_ms(),
        session.actor,
        action,
        f"session:{login}"[:100],
        None,
        {"login": login, "what": state},
    )
    audit_alone(session.database, line, session.config.database.wait_seconds)


def _find(name: str, session: Session) -> NasConfig:
    """The NAS of a name. Raises InputError with the near names."""
    by_name = {nas.name: nas for nas in session.config.nas}
    if not by_name:
        raise InputError("no NAS is configured: add a section [nas NAME]; see docs/nas.md")
    if name not in by_name:
        raise InputError(unknown("NAS", name, list(by_name)))
    return by_name[name]
