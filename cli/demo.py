"""`billdeck demo`: a believable operator, its month closed, its ledger proved."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.output import fields
from cli.parser import add_command
from cli.run_progress import RunProgress
from cli.session import Session
from cli.terminal import has_terminal, open_console
from engine.errors import JobFailed
from engine.money import format_amount

if TYPE_CHECKING:
    from engine.config import Config
    from engine.demo.build import Wanted
    from engine.demo.summary import DemoSummary
    from engine.period import Period

_SUBSCRIBERS = 5000
# A plan to give to those whom the close could not charge.
_MISSING_PLAN = "home-100"


def register(subparsers: Any) -> None:
    parser = add_command(
        subparsers,
        "demo",
        run,
        role=None,
        help="make a demonstration operator, close its month, prove its ledger",
        more="It has a database of its own; an older demonstration there is replaced, any other"
        " file stays. The same seed and date make the same operator.",
    )
    parser.add_argument(
        "--subscribers", metavar="N", type=int, default=_SUBSCRIBERS, help="how many (5000)"
    )
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="another operator (1)")
    parser.add_argument(
        "--today", metavar="DATE", help="the day it is in the demonstration (today)"
    )
    parser.add_argument(
        "--path", metavar="FILE", type=Path, help="the database file (billdeck's data folder)"
    )
    parser.add_argument(
        "--no-console", action="store_true", help="do not offer the console at the end"
    )


@dataclass(frozen=True)
class Where:
    """How the next command reaches the demonstration: the file, `--config` and whether the
    configuration names another engine."""

    path: Path
    config_file: Path | None
    other_engine: bool


@dataclass(frozen=True)
class Timing:
    """Subscribers a second in the close, and the seconds of the whole command."""

    rate: int
    total: float


def run(args: argparse.Namespace, session: Session) -> int:
    """Builds the demonstration, closes its last month, proves the ledger, prints the summary, and
    at a terminal offers the console on it."""
    from engine.demo.build import Wanted, build_demo, demo_config
    from engine.demo.place import default_path

    started = time.monotonic()
    path = (args.path or default_path(os.environ)).absolute()
    config = demo_config(session.config, path)
    wanted = Wanted(args.subscribers, args.seed, _today(args.today, session))
    session.out.note(f"Making a demonstration of {wanted.today} in {path}")
    operator = build_demo(path, config, wanted, lambda step: session.out.note(f"  {step}"))
    summary, seconds = _close_and_prove(session, config, wanted, operator.last)
    closed = sum(summary.statuses.values())
    timing = Timing(round(closed / max(seconds, 0.001)), time.monotonic() - started)
    where = Where(path, args.config, session.config.database.engine != "sqlite")
    session.out.result(
        _data(summary, wanted, where, timing), _lines(summary, session, where, timing)
    )
    if args.no_console or not has_terminal(session) or not _wants_console(session):
        return 0
    return open_console(session, config)


def _wants_console(session: Session) -> bool:
    """Whether the person wants to look at it, after the summary has been read."""
    session.out.note("")
    session.out.note("Enter opens the console on it; n and Enter, or Ctrl+C, leaves.")
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        return False
    # At the end of input there is not even a line's end.
    return answer.strip().lower() in ("", "y", "yes") and answer != ""


def _today(text: str | None, session: Session) -> date:
    from engine.ledger.dates import billing_day
    from engine.period import parse_date

    if text is not None:
        return parse_date(text)
    return billing_day(session.clock.now_ms(), session.config.billing.timezone)


def _close_and_prove(
    session: Session, config: Config, wanted: Wanted, period: Period
) -> tuple[DemoSummary, float]:
    """Closes the month; the summary, and how many seconds the close took. JobFailed when the
    ledger does not add up afterwards."""
    from engine.close.hooks import Hooks
    from engine.database import open_database
    from engine.demo.build import demo_clock
    from engine.demo.months import ACTOR
    from engine.demo.summary import summarise
    from engine.ledger.proof import prove
    from jobs.close_here import CloseHere
    from jobs.month_close import CloseOptions

    database = open_database(config.database)
    try:
        with RunProgress(session.out, f"Closing {period}") as progress:
            hooks = Hooks(progress=lambda tally, total: progress.step(tally.done, total))
            clock = demo_clock(config, wanted.today)
            job = CloseHere(database, config, clock, ACTOR, hooks)
            report = job.run(CloseOptions(period, late=True))
        session.out.note("Proving the ledger")
        findings = prove(database)
        if findings:
            first = f"{findings[0].subject}: {findings[0].detail}"
            raise JobFailed(f"the ledger of the demonstration does not add up: {first}")
        return summarise(database, period), report.periods[0].seconds
    finally:
        database.close()


def _lines(summary: DemoSummary, session: Session, where: Where, run: Timing) -> Iterator[str]:
    """The summary for people."""
    counts = summary.statuses
    yield ""
    yield from fields(
        [
            ("Subscribers", f"{summary.subscribers}, {summary.aliases} of them second logins"),
            ("Books", f"{summary.entries} entries, {summary.periods_closed} periods closed"),
            (f"Close of {summary.period}", _outcome(summary)),
            ("  charged", f"{counts['charged']}, {session.money(summary.amount)} in all"),
            ("  exempt", f"{counts['exempt']} (staff; frozen and deleted ones)"),
            ("  not started", counts["not_started"]),
            ("  to be blocked", f"{summary.blocked} (over a limit that has no price)"),
            ("  failed", f"{counts['failed']}{_reasons(summary)}"),
            ("  rate", f"{run.rate} subscribers/s"),
            ("Ledger", f"proved: {summary.postings} postings sum to zero, every balance is right"),
            ("Took", f"{run.total:.1f} s in all"),
        ]
    )
    yield ""
    yield "The largest charges"
    rows = [(one.login, one.name, one.plan, session.money(one.amount)) for one in summary.largest]
    yield from ("  " + line for line in session.out.table(("login", "name", "plan", ">sum"), rows))
    yield ""
    yield "Look around in it:"
    yield from ("  " + line for line in _next_commands(summary, where))


def _outcome(summary: DemoSummary) -> str:
    if summary.period_state == "closed":
        return "complete"
    return "partial: the failed ones are left, nobody else is touched again"


def _reasons(summary: DemoSummary) -> str:
    listed = [f"{one.login} {one.reason}" for one in summary.failures]
    return f" ({'; '.join(listed)})" if listed else ""


def _next_commands(summary: DemoSummary, where: Where) -> Iterator[str]:
    """What to type next, as it can be typed in this shell."""
    yield f"export BILLDECK_DATABASE__PATH={shlex.quote(str(where.path))}"
    if where.other_engine:
        yield "export BILLDECK_DATABASE__ENGINE=sqlite"
    program = _program()
    if where.config_file:
        program += f" --config {shlex.quote(str(where.config_file))}"
    shown = summary.worth_explaining
    commands = [
        (f"explain {shown} --period {summary.period}", "why this charge, term by term"),
        (f"subscriber show {shown}", "a subscriber"),
        (f"payment {shown} 500", "money comes in"),
    ]
    for one in summary.failures:
        commands.append((f"subscriber set {one.login} --plan {_MISSING_PLAN}", "the missing plan"))
    if summary.failures:
        commands.append(("run month-close --late", "closes only those who are left"))
    commands.append((f"export charges --period {summary.period}", "every charge as CSV"))
    commands.append(("check ledger", "prove it again"))
    width = max(len(command) for command, _ in commands)
    for command, what in commands:
        yield f"{program} {command.ljust(width)}  # {what}"


def _program() -> str:
    """How this program is called: by its name if that finds it, else as it was called now."""
    called = Path(sys.argv[0])
    found = shutil.which("billdeck")
    if found and called.exists() and called.samefile(found):
        return "billdeck"
    if called.suffix == ".py":
        return f"{shlex.quote(sys.executable)} -m cli.main"
    return shlex.quote(str(called))


def _data(summary: DemoSummary, wanted: Wanted, where: Where, timing: Timing) -> dict[str, Any]:
    """The summary as JSON facts."""
    data = asdict(summary) | {"amount": format_amount(summary.amount)}
    for charge in data["largest"]:
        charge["amount"] = format_amount(charge["amount"])
    return {
        "path": str(where.path),
        "seed": wanted.seed,
        "today": wanted.today.isoformat(),
        **data,
        "ledger": "proved",
        "per_second": timing.rate,
        "seconds": round(timing.total, 1),
    }
