"""The sheet of styles, read once."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class Sheet(Stylesheet):
    """As Textual has it, but what was parsed already is not parsed again: Textual asks for that
    with each new screen and for each word about the theme, and one time costs as much as a frame.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables)
        self._parsed: object = None

    def set_variables(self, variables: dict[str, str]) -> None:
        """The colours of the theme and the like."""
        super().set_variables(variables)
        self._given = dict(variables)

    def parse(self) -> None:
        """Parses all sources. Raises StylesheetParseError."""
        super().parse()
        self._parsed = self._state()

    def reparse(self) -> None:
        """Parses them again if they or the variables have changed. Raises StylesheetParseError."""
        if self._parsed != self._state():
            super().reparse()
            self._parsed = self._state()

    def _state(self) -> object:
        return (dict(self.source), self._given)
