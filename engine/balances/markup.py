"""HTML to text: the words, line by line. Pure; nothing is fetched, nothing recurses.

Every character is looked at once or twice. Python's html.parser is not used: it starts over at each
`<` that is never closed, and 150 KB of `<a <a <a` keep it busy for minutes.
"""

from __future__ import annotations

import html
import re

MAX_MARKUP = 400_000
"""Characters of a page that are looked at."""

_TAG = re.compile(r"(<[!?/]?[A-Za-z][^<>]{0,4000}>|<!>)")
_NAME = re.compile(r"[!?/]?([A-Za-z][A-Za-z0-9]{0,15})")
_LINES = frozenset((
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section",
    "table", "tr", "ul",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))
_HIDDEN = frozenset(("script", "style", "title", "template", "noscript"))


def html_to_text(markup: str) -> str:
    """The visible words, a line for each block or table row, a space between cells. What stands in
    a script, a style or a title is left out; one that is never closed ends with the head."""
    pieces: list[str] = []
    hidden = ""
    for number, piece in enumerate(_TAG.split(_without_comments(markup[:MAX_MARKUP]))):
        if number % 2 == 0:
            # A line break in HTML is a space.
            if piece and not hidden:
                pieces.append(html.unescape(re.sub(r"[\r\n]", " ", piece)))
            continue
        name = _NAME.match(piece, 1)
        tag = name[1].lower() if name else ""
        closing = piece.startswith("</")
        if tag == "body" or (closing and tag in (hidden, "head")):
            hidden = ""
        elif tag in _HIDDEN and not hidden and not closing:
            hidden = tag
        if tag in _LINES:
            pieces.append("\n")
        elif tag in _CELLS:
            pieces.append(" ")
    return "".join(pieces)


def _without_comments(markup: str) -> str:
    """The page without its comments; one that is never closed is none."""
    kept: list[str] = []
    place = 0
    while True:
        begin = markup.find("<!--", place)
        end = markup.find("-->", begin + 4) if begin >= 0 else -1
        if end < 0:
            return "".join([*kept, markup[place:]])
        kept.append(markup[place:begin])
        place = end + 3
