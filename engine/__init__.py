"""The domain of billdeck: money, subscribers, the month close. No console, no commands, no jobs.

This file stays empty but for the version, so that `billdeck --version` loads nothing heavy.
"""

__version__ = "0.1.0"
