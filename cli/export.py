"""`billdeck export WHAT`: charges, the ledger, balances, whatever the lists of the console show."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.files import open_result, read_lines
from cli.parser import add_command
from cli.session import Session
from engine.errors import InputError
from engine.period import Period
from engine.text import safe

if TYPE_CHECKING:
    from engine.queries.export import Table

# The lists are those of engine.queries.listing, which is not imported for a help text.
_KINDS = (
    "charges", "subscribers", "ledger", "runs", "periods", "failures", "balances", "events",
    "actions", "skipped-mails",
)  # fmt: skip
_STDIN = "-"
_WITHOUT_FILTER = ("charges", "ledger", "events", "skipped-mails")
_WITH_PERIOD = ("charges", "ledger", "failures", "events")


def register(subparsers: Any) -> None:
    export = add_command(
        subparsers,
        "export",
        run,
        role="viewer",
        help="print charges, the ledger, balances, subscribers or another list as CSV or JSON",
        more="Every export is audited.",
    )
    export.add_argument("what", metavar="WHAT", type=_kind, help=", ".join(_KINDS))
    export.add_argument(
        "--period",
        metavar="P",
        help="charges, failures: of this period (the last one); ledger: entries dated in it;"
        " events: recorded in it",
    )
    export.add_argument(
        "--filter",
        metavar="TEXT",
        help="only what this filter finds, as after / in the console (- is stdin)",
    )
    export.add_argument(
        "--sort",
        metavar="COLUMN",
        action="append",
        default=[],
        help="in the order of this column, COLUMN:desc downwards; may be repeated",
    )
    export.add_argument(
        "--rows",
        metavar="FILE",
        help="only the rows named in this file (- is stdin), a login or number a line",
    )
    export.add_argument(
        "--format", choices=("csv", "json"), help="csv, or json: one object a line (csv)"
    )
    export.add_argument("--out", metavar="FILE", type=Path, help="a new file in place of stdout")


def _kind(text: str) -> str:
    if text not in _KINDS:
        raise InputError(f"there is no export '{safe(text, 60)}': {', '.join(_KINDS)}")
    return text


def run(args: argparse.Namespace, session: Session) -> int:
    """Prints a table, or writes it into a file and says how many rows it has. A file is there only
    once its line in the audit is."""
    from engine.queries import export

    _refuse_what_does_not_go_together(args)
    if args.filter == _STDIN:
        args.filter = " ".join(read_lines(_STDIN, session.stdin))
    as_json = args.format == "json" or (args.format is None and session.out.as_json)
    database = session.database
    count = 0
    with open_result(args.out, session.out) as stream:
        try:
            with database.snapshot():
                table = _table(args, session)
                rows = export.Counted(table.rows)
                export.write(
                    export.Table(table.columns, rows), "json" if as_json else "csv", stream
                )
        except BrokenPipeError:
            # Whoever read this has seen enough; what they saw is audited all the same.
            _audit(args, session, rows.count)
            raise
        count = rows.count
        _audit(args, session, count)
    if args.out is not None:
        session.out.result(
            {"file": str(args.out), "rows": count}, [f"Wrote {count} rows to {args.out}."]
        )
    return 0


def _refuse_what_does_not_go_together(args: argparse.Namespace) -> None:
    chosen = args.filter is not None or bool(args.sort)
    if args.what in _WITHOUT_FILTER and (chosen or args.rows):
        raise InputError(f"{args.what} have no --filter, --sort or --rows: leave them out")
    if args.rows and chosen:
        raise InputError("--rows names the rows and their order: leave --filter and --sort out")
    if args.period is not None and args.what not in _WITH_PERIOD:
        raise InputError(f"{args.what} are exported as they are now: leave --period out")


def _table(args: argparse.Namespace, session: Session) -> Table:
    from engine.queries import export, export_events, export_numbers, listing

    period = Period.parse(args.period) if args.period is not None else None
    database, zone = session.database, session.config.billing.timezone
    if args.what == "ledger":
        return export.ledger(database, zone, period)
    if args.what == "charges":
        return export.charges(database, period or _last_charged(session))
    if args.what == "events":
        return export_events.events(database, zone, period)
    if args.what == "skipped-mails":
        return export_numbers.skipped_mails(database, zone)
    wanted = listing.Wanted(
        args.what,
        args.filter or "",
        tuple(args.sort),
        tuple(read_lines(args.rows, session.stdin)) if args.rows else None,
        str(period) if period else None,
    )
    return listing.table(database, wanted, session.clock, zone)


def _last_charged(session: Session) -> Period:
    last = session.database.value("SELECT MAX(period) FROM close_record")
    if last is None:
        raise InputError("there are no charges yet: no period has been closed")
    return Period.parse(last)


def _audit(args: argparse.Namespace, session: Session, count: int) -> None:
    """Who took what out, and how many rows of it."""
    from engine.audit import AuditLine, audit_alone

    given = {name: getattr(args, name) for name in ("period", "filter", "sort")}
    state = {"rows": count, **{name: value for name, value in given.items() if value}}
    if args.rows:
        state["chosen"] = "by name"
    line = AuditLine(
        session.clock.now_ms(), session.actor, "export", f"export:{args.what}", None, state
    )
    audit_alone(session.database, line, session.config.database.wait_seconds)
