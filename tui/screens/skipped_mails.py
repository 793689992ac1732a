"""The balance mails that could not be read, why, and the text of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult

from engine.queries.columns import Column
from engine.queries.skipped_mails import SkippedMail, SkippedMails, skipped_mail
from tui import messages
from tui.safe import join, safe_text
from tui.screens.base import ConsoleScreen
from tui.screens.reading import ReadingScreen
from tui.widgets.cells import grouped
from tui.widgets.drawn import Sentences
from tui.widgets.paged_table import PagedTable
from tui.widgets.pane_title import PaneTitle

if TYPE_CHECKING:
    from textual.content import Content

    from engine.clock import Clock
    from engine.database import Database
    from engine.queries.paging import Query

_TABLE = "skipped"
_MINUTE_MS = 60_000
_MOST_LINES = 400
_WHAT_TO_DO = (
    "Nothing else changed by them. When the profile of their operator is mended ([operator NAME] in"
    " the configuration), `:run balance-import --retry-skipped` takes them again."
)
_TO_EXPORT = "`billdeck export skipped-mails` writes them all, with their texts."


class SkippedMailsScreen(ConsoleScreen):
    """One table of `engine.queries.skipped_mails`."""

    HINT = ": command   enter its text   esc back   ? help   q quit"

    def body(self) -> ComposeResult:
        yield PaneTitle(f"Balances {self.console.glyphs.crumb} skipped mails", table_id=_TABLE)
        yield Sentences(id="sentence")
        table = PagedTable(_Shown(self.console.clock), id=_TABLE)
        table.empty = "no mail is skipped: all could be read"
        yield table

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Sentences).show(_WHAT_TO_DO)

    def apply_filter(self, text: str, final: bool) -> None:
        self.query_one(PagedTable).source.query(text)

    def on_export_wanted(self, message: messages.ExportWanted) -> None:
        self.console.tell(_TO_EXPORT)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Enter on a mail."""
        number = int(message.row[0])
        self.console.desk.read(lambda database: skipped_mail(database, number), self._show)

    def _show(self, mail: SkippedMail) -> None:
        if self.is_current:
            facts = (("why", mail.reason), ("size", f"{grouped(mail.size)} bytes"))
            title = f"Balances {self.console.glyphs.crumb} a skipped mail"
            self.app.push_screen(MailScreen(title, facts, mail.text))


class MailScreen(ReadingScreen):
    """The text of a mail below some facts."""

    def __init__(self, title: str, facts: Sequence[tuple[str, str]], text: str) -> None:
        super().__init__()
        self.TITLE_TEXT = title
        self._lines = mail_lines(facts, text)

    def on_mount(self) -> None:
        super().on_mount()
        self.show(self._lines)
        self.pane.fresh(self.console.clock.now_ms())


def mail_lines(facts: Sequence[tuple[str, str]], text: str) -> list[Content]:
    """Each line made safe, and not more of them than anyone reads."""
    lines = text.splitlines()
    cut = lines[:_MOST_LINES]
    found = [join(safe_text(f"{name:<6}", None, "$text-muted"), safe_text(value, None, "bold"))
             for name, value in facts]  # fmt: skip
    found += [safe_text(""), *(safe_text(line) for line in cut)]
    if not text.strip():
        found.append(safe_text("nothing of its text could be read", None, "$text-muted"))
    if len(lines) > len(cut):
        more = f"... and {grouped(len(lines) - len(cut))} lines more"
        found.append(safe_text(more, None, "$text-muted"))
    return found


class _Shown(SkippedMails):
    """The list with the age of each mail."""

    columns = (
        SkippedMails.columns[0],
        Column("age", "Age", "", "choice", 6),
        *SkippedMails.columns[1:],
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def some(
        self, database: Database, query: Query, start: int, size: int
    ) -> Sequence[tuple[Any, ...]]:
        """See the base."""
        now_ms = self._clock.now_ms()
        return [_with_age(row, now_ms) for row in super().some(database, query, start, size)]


def _with_age(row: Any, now_ms: int) -> tuple[Any, ...]:
    number, taken_at, *rest = row
    return (number, taken_at, age_words(now_ms - taken_at), *rest)


def age_words(age_ms: int) -> str:
    """`5 min`, `3 h`, `12 d`."""
    minutes = max(0, age_ms) // _MINUTE_MS
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
