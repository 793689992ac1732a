"""Subscribers one at a time: what is known of one, how it is added and changed, what is shown.

`facts` is what is kept, `changes` reads what a person asks for (pure), `store` writes it with its
audit line, `many` does so for a list of them, `show` gathers the whole picture. The month close and
the import of bundles, which deal with all at once, have their own statements.
"""

from __future__ import annotations

from engine.subscribers.changes import Changes, apply
from engine.subscribers.facts import Facts
from engine.subscribers.show import View, show
from engine.subscribers.store import Changed, add, change, preview

__all__ = ["Changed", "Changes", "Facts", "View", "add", "apply", "change", "preview", "show"]
