"""The entry point of `billdeck`: finds the command, runs it, turns errors into exit statuses."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import __version__

if TYPE_CHECKING:
    import argparse

    from cli.output import Output
    from cli.parser import Parser
    from cli.session import Session
    from engine.clock import Clock

# Each command and the module of cli/ that has it, in the order of the help.
COMMANDS = {
    "demo": "demo",
    "init": "schema",
    "migrate": "schema",
    "schema": "schema",
    "check": "check",
    "backup": "backup",
    "import": "bundle",
    "export": "export",
    "usage": "usage",
    "subscriber": "subscriber",
    "payment": "ledger",
    "refund": "ledger",
    "correct": "ledger",
    "writeoff": "ledger",
    "reverse": "ledger",
    "event": "event",
    "run": "run",
    "daemon": "daemon",
    "jobs": "jobs",
    "explain": "explain",
    "balances": "balances",
    "import-mail": "balances",
    "nas": "nas",
    "action": "action",
    "channel": "channel",
    "receipt": "receipt",
}
_WITH_VALUE = ("--config",)
_GLOBAL = ("--config", "--json", "--verbose", "--version", "--help", "-h")

INTERRUPTED = 130

# What is imported stays; to look through it again and again is a tenth of a short command.
SELDOM = 50_000
"""So many new objects before the collector looks for garbage."""


def main(argv: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Runs one command and returns its exit status; `engine.errors` lists their meaning. `clock`
    exists for tests."""
    gc.set_threshold(SELDOM)
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = first_command(arguments)
    if "--version" in arguments[: arguments.index(command) if command else None]:
        _print_version("--json" in arguments)
        return 0
    from cli.output import Output
    from cli.session import Session

    _open_missing_streams()
    _make_printable()
    out = Output(as_json="--json" in arguments, verbose="--verbose" in arguments)
    session: Session | None = None
    try:
        _refuse_bytes(arguments)
        args = build_parser(command, arguments).parse_args(arguments)
        session = Session(out, args.config, clock)
        return run(args, session)
    except SystemExit as leaving:  # argparse, after it has printed the help
        return int(leaving.code or 0)
    except BaseException as error:  # noqa: BLE001 - the one place where all errors end
        return report(error, out)
    finally:
        if session:
            session.close()


def _print_version(as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps({"version": __version__}))
    else:
        print(f"billdeck {__version__}")


def first_command(arguments: Sequence[str]) -> str | None:
    """The command's name: the first argument that is neither an option nor its value."""
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif not argument.startswith("-"):
            return argument
        else:
            skip = argument in _WITH_VALUE
    return None


def build_parser(command: str | None, arguments: Sequence[str]) -> Parser:
    """The parser with the one command that is asked for, or with all of them for the help.
    Raises UsageError for a command that does not exist."""
    from importlib import import_module

    from cli.parser import Parser, add_global_options, unknown

    parser = Parser(prog="billdeck", description="Operations console of a billing server.")
    parser.add_argument("--version", action="version", version=f"billdeck {__version__}")
    add_global_options(parser, before_command=True)
    parser.set_defaults(handler=None, role="viewer")
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command")
    modules = list(dict.fromkeys(COMMANDS.values()))
    if command is not None:
        for option in arguments[: arguments.index(command)]:
            if option.startswith("-") and option.partition("=")[0] not in _GLOBAL:
                parser.error(unknown("option", option, list(_GLOBAL)))
        if command not in COMMANDS:
            parser.error(unknown("command", command, list(COMMANDS)))
        modules = [COMMANDS[command]]
    elif not {"-h", "--help"} & set(arguments):
        modules = []
    for module in modules:
        import_module(f"cli.{module}").register(subparsers)
    return parser


def _refuse_bytes(arguments: Sequence[str]) -> None:
    """Raises UsageError for a word that is not UTF-8: no database could keep it."""
    from cli.parser import Parser

    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            Parser(prog="billdeck").error(f"'{argument}' is not valid UTF-8 text")


def run(args: argparse.Namespace, session: Session) -> int:
    """Runs the parsed command if its role allows, or shows what needs attention without one."""
    if args.role is not None:
        session.require(args.role)
    handler = args.handler
    if handler is None:
        from cli import attention

        handler = attention.run
    status: int = handler(args, session)
    return status


def report(error: BaseException, out: Output) -> int:
    """Tells the person about an error and returns the exit status for it."""
    from cli import failures
    from cli.output import silence
    from cli.parser import UsageError
    from engine.errors import BilldeckError

    if isinstance(error, BilldeckError):
        if isinstance(error, UsageError):
            out.usage(error.usage)
        out.error(error.message, error.exit_status)
        return error.exit_status
    if isinstance(error, KeyboardInterrupt):
        out.error("interrupted. What was committed stays.", INTERRUPTED)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        silence(out.stdout)
        return 0
    if not isinstance(error, Exception):
        raise error
    if failures.is_database_error(error):
        out.error(failures.database_message(error), 1)
    elif failures.is_refusal(error):
        out.error(failures.refusal_message(error), 1)
    else:
        out.error(failures.internal_message(error), 1)
    return 1


def _open_missing_streams() -> None:
    """Where a stream was closed by whoever started us, one that leads nowhere stands in: else the
    next file that we open, the database, would take its place and its output."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, stream)


def _make_printable() -> None:
    """A terminal that cannot show a letter gets its code, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
