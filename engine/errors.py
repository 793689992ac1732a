"""Errors meant for the person at the keyboard, each with its exit status.

The message says what failed, on which object, what is unharmed and what to do next. Text that
came from outside goes into a message through `engine.text.safe`; a secret never does.

| status | meaning                                                                     |
|--------|-----------------------------------------------------------------------------|
| 0      | done, or nothing left to do (no error)                                      |
| 1      | the job or check failed, or failures remain                                 |
| 2      | wrong use, wrong input or configuration                                     |
| 3      | another run holds the lease                                                 |
| 4      | refused for safety, needs confirmation                                      |
| 130    | interrupted by a signal, resumable                                          |
"""

from __future__ import annotations


class BilldeckError(Exception):
    """The base of all errors that are shown to a user as one message, never as a traceback."""

    exit_status: int = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputError(BilldeckError):
    """Wrong use or wrong input (exit status 2): a malformed amount, a period not ended, an older
    period still open, an entry dated in a closed period."""

    exit_status = 2


class ConfigError(BilldeckError):
    """Wrong configuration (exit status 2): an unknown section or key, a wrong value, a file that
    cannot be read."""

    exit_status = 2


class JobFailed(BilldeckError):
    """A job or check ran and failed, or left failures behind (exit status 1)."""

    exit_status = 1


class LeaseHeld(BilldeckError):
    """Another run of the same job holds the lease (exit status 3). That run is unharmed."""

    exit_status = 3


class NeedsConfirmation(BilldeckError):
    """Refused for safety until a person confirms (exit status 4): the digest moved, or there is
    neither a terminal nor `--yes`. Nothing was changed."""

    exit_status = 4


class DatabaseUnavailable(BilldeckError):
    """The database cannot be reached or was lost (exit status 1). What was committed stays."""

    exit_status = 1


class Interrupted(BilldeckError):
    """Stopped by a signal at a safe point (exit status 130). The same command resumes it."""

    exit_status = 130
