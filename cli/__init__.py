"""The command `billdeck`: one module per group of commands. Parses, calls the engine, prints.

A module has `register(subparsers)`, which declares its commands with `cli.parser.add_command`, and
the functions that run them: `(args, session) -> exit status`. At module level it imports nothing
heavy; what needs the database is imported inside the functions that run.
"""
