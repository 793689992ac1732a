"""`billdeck check`: verifies configuration, database, ledger, the import of balance mails and what
NAS need, and names what is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.failures import is_database_error
from cli.parser import add_command
from cli.session import Session
from engine.errors import BilldeckError
from engine.text import safe

if TYPE_CHECKING:
    from engine.config import Config

_PARTS = ("config", "database", "ledger", "balances", "nas")
_SHOWN = 100


@dataclass(frozen=True)
class Result:
    """What one part found. `problems` is empty when all is well; `facts` says what was looked
    at. After one that `ends` it nothing else can be checked."""

    part: str
    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ends: bool = False


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "check",
        run,
        role=None,
        help="verify configuration, database, ledger, balance mails and NAS; exit status 1 when one"
        " is wrong",
    )
    parser.add_argument(
        "part", nargs="?", choices=(*_PARTS, "all"), default="all", help="what to verify (all)"
    )


def run(args: argparse.Namespace, session: Session) -> int:
    """Checks one part or all; a part that cannot be reached is a problem of its own."""
    wanted = _PARTS if args.part == "all" else (args.part,)
    # Without a configuration that can be read there are no roles, and nothing else to check.
    results = [_config(session)] if "config" in wanted else []
    if not any(result.ends for result in results):
        session.require("viewer")
        checks = {"database": _database, "ledger": _ledger, "balances": _balances, "nas": _nas}
        results += [_caught(part, checks[part], session) for part in wanted if part in checks]
    failed = any(result.problems for result in results)
    data = {
        "ok": not failed,
        "checks": [
            {"part": one.part, "ok": not one.problems, "facts": one.facts, "problems": one.problems}
            for one in results
        ],
    }
    session.out.result(data, _lines(results))
    return 1 if failed else 0


def _lines(results: list[Result]) -> Iterator[str]:
    for result in results:
        count = len(result.problems)
        words = "ok" if not count else "1 problem" if count == 1 else f"{count} problems"
        yield f"{result.part}: {words}"
        yield from (f"  {fact}" for fact in result.facts)
        yield from (f"  WRONG: {problem}" for problem in result.problems[:_SHOWN])
        if len(result.problems) > _SHOWN:
            yield f"  and {len(result.problems) - _SHOWN} more; --json lists all"


def _caught(part: str, check: Any, session: Session) -> Result:
    try:
        result: Result = check(session)
    except BilldeckError as error:
        return Result(part, problems=[error.message])
    except Exception as error:
        if not is_database_error(error):
            raise
        return Result(part, problems=[f"the database failed: {safe(error, 400)}"])
    return result


def _config(session: Session) -> Result:
    try:
        config = session.config
    except BilldeckError as error:
        return Result("config", problems=[error.message], ends=True)
    rows = [
        f"[{row.section}] {row.key} = {row.value} ({row.origin})"
        for row in config.settings
        if session.out.verbose or row.origin != "default"
    ]
    facts, problems = _events(config, session.out.verbose)
    return Result("config", [f"source: {config.source}", *rows, *facts], problems)


def _events(config: Config, verbose: bool) -> tuple[list[str], list[str]]:
    """What is said and what is wrong about events; with `verbose` also the texts of notices."""
    from engine.events import checks
    from engine.events.setup import given_events, providers_of, rules_of

    rules = rules_of(config)
    told = (
        [f"text {text}" for text in checks.samples(rules, config.billing.currency)]
        if verbose
        else []
    )
    problems = checks.problems(rules, providers_of(config), given_events(config))
    return [*checks.remarks(rules), *told], problems


def _database(session: Session) -> Result:
    from engine.database import where
    from engine.health import examine

    problems, remarks = examine(session.bare_database())
    return Result("database", [where(session.config.database), *remarks], problems)


def _ledger(session: Session) -> Result:
    from engine.ledger.proof import prove

    found = prove(session.database)
    problems = [f"{one.kind}: {safe(one.subject)}: {safe(one.detail, 400)}" for one in found]
    facts = [] if problems else ["all entries sum to zero; all balances are sums of postings"]
    return Result("ledger", facts, problems)


def _balances(session: Session) -> Result:
    from engine.queries.numbers import mail_counts, too_many_skipped

    now = session.clock.now_ms()
    counts = mail_counts(session.database, now)
    trouble = too_many_skipped(session.database, now, session.config.balance_import)
    fact = (
        f"mails of the last 24 hours: {counts.processed} processed"
        f" ({counts.unknown_numbers} of unknown numbers, {counts.unknown_tariffs} with unknown"
        f" tariffs), {counts.skipped} skipped"
    )
    return Result("balances", [fact], [trouble] if trouble else [])


def _nas(session: Session) -> Result:
    """None is called: that the keys and what is pinned can be used."""
    from engine.nas.checks import problems

    nas = session.config.nas
    facts = [f"{len(nas)} configured; `billdeck nas list` shows them"] if nas else []
    return Result("nas", facts, problems(nas, session.config.routeros))
