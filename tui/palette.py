"""The palette (ctrl+p): the registry's actions, searched by title and name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.actions import ActionRecord
from tui.safe import join, safe_text

if TYPE_CHECKING:
    from tui.app import Console


class ActionProvider(Provider):
    """One hit for each action that the person has in the view below the palette."""

    @property
    def _console(self) -> Console:
        return cast("Console", self.app)

    async def discover(self) -> Hits:
        for action in self._console.offered():
            yield DiscoveryHit(
                _line(action), partial(self._console.begin, action), help=action.help
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._console.offered():
            score = max(matcher.match(action.title), matcher.match(action.name))
            if score > 0:
                begin = partial(self._console.begin, action)
                yield Hit(score, _line(action), begin, text=action.title, help=action.help)


def _line(action: ActionRecord) -> Content:
    return join(safe_text(action.title, None, "bold"), safe_text(f"  :{action.name}"))
