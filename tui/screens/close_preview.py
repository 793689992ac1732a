"""What the next month close would do, beside the month before."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content

from engine.money import format_amount_human
from engine.period import Period
from tui.closing import STATUSES, Closing, Notable, PlanSum, Preview, sum_words
from tui.safe import fit, join, safe_text
from tui.screens.reading import ReadingScreen
from tui.widgets.cells import grouped

# From this width on the two lists of subscribers stand side by side.
_SIDE_BY_SIDE = 120
_LIVE_SECONDS = 1.0
_GAP = "  "
_MUTED = "$text-muted"
_HEAD = "bold $secondary"


class ClosePreviewScreen(ReadingScreen):
    """Shows the console's preview, whatever becomes of it while one looks."""

    TITLE_TEXT = "Preview of the month close"
    HINT = ": command   r a new dry run   :start-close   esc back   ? help   q quit"

    def on_mount(self) -> None:
        super().on_mount()
        self.console.closing.changed.append(self.draw)
        self.set_interval(_LIVE_SECONDS, self._follow)

    def on_unmount(self) -> None:
        self.console.closing.changed.remove(self.draw)
        super().on_unmount()

    def _follow(self) -> None:
        if self.is_current and self.console.closing.is_previewing:
            self.draw()

    def on_resize(self, event: events.Resize) -> None:
        self.draw()

    def refresh_data(self) -> None:
        """A dry run is work: it is not made again by the clock."""
        self.draw()

    def action_refresh_now(self) -> None:
        """Makes a new dry run."""
        self.console.closing.make_preview()

    def draw(self) -> None:
        """Shows what there is."""
        closing = self.console.closing
        preview = closing.preview
        if preview is None:
            self.pane.show(self.TITLE_TEXT, "")
            self.show([_state_line(closing)])
            return
        again = f"a new dry run: {closing.progress or 'begun'}" if closing.is_previewing else ""
        self.pane.show(f"Preview of the close of {preview.period}", again)
        self.pane.fresh(preview.as_of_ms)
        self.show(preview_lines(preview, self.size.width - 2))


def _state_line(closing: Closing) -> Content:
    if closing.is_previewing:
        how_far = safe_text(f"  {closing.progress}", None, "bold $accent")
        words = "The dry run is being made. It changes nothing; you may leave this view."
        return join(safe_text(words), how_far)
    if closing.problem:
        return safe_text(f"No preview: {closing.problem}", None, "$error")
    return safe_text("There is no preview; r makes one.")


def preview_line(closing: Closing, when: str) -> Content:
    """The preview in one line; `when` it was made."""
    preview = closing.preview
    if preview is None:
        if closing.is_previewing or closing.problem:
            return _state_line(closing)
        return safe_text(
            ":preview shows what the next close would do, and changes nothing", None, _MUTED
        )
    words = sum_words(preview.count("charged"), preview.amount)
    return join(
        safe_text(f"Preview of {preview.period}, as of {when}: ", None, _MUTED),
        safe_text(words),
        safe_text(
            f"   {'a new dry run: ' if closing.is_previewing else ':preview shows it'}"
            f"{closing.progress}",
            None,
            _MUTED,
        ),
    )


def preview_lines(preview: Preview, width: int) -> list[Content]:
    """All of a preview in `width` cells."""
    before = preview.before
    lines = _by_status(preview)
    failed = preview.count("failed")
    if failed:
        words = f"{failed} cannot be charged: the period stays open until they can."
        lines.append(safe_text(words, None, "$error"))
    lines += [Content(""), *_by_plan(preview.sums, before or ()), Content("")]
    largest = _notables("Largest charges", preview.largest)
    changes = _notables("Largest changes", preview.changes)
    lines += _beside(largest, changes) if width >= _SIDE_BY_SIDE else [
        *largest, Content(""), *changes]  # fmt: skip
    lines += [Content(""), safe_text(f"Digest {preview.digest}", None, _MUTED)]
    return lines


def _by_status(preview: Preview) -> list[Content]:
    before = preview.before
    last = str(Period.parse(preview.period).previous())
    heads = (f"{preview.period} preview", last if before is not None else f"{last} ...")
    found = [_cells(("", 14), (heads[0], -24), (heads[1], -24), style=_HEAD)]
    for status in STATUSES:
        old = [one for one in before or () if one[1] == status]
        now = [one for one in preview.sums if one[1] == status]
        found.append(
            _cells((status.replace("_", " "), 14), (_count_and_sum(now), -24),
                   (_count_and_sum(old), -24))
        )  # fmt: skip
    if preview.blocked:
        found.append(_cells(("to block", 14), (grouped(preview.blocked), -9)))
    return found


def _count_and_sum(sums: Sequence[PlanSum]) -> str:
    count, amount = sum(one[2] for one in sums), sum(one[3] for one in sums)
    if not count:
        return "0" + " " * 15
    return grouped(count) + fit(format_amount_human(amount) if amount else "", 15, right=True)


def _by_plan(sums: Sequence[PlanSum], before: Sequence[PlanSum]) -> list[Content]:
    old = {(plan, status): (count, amount) for plan, status, count, amount in before}
    now = {(plan, status): (count, amount) for plan, status, count, amount in sums}
    found = [
        _cells(("plan", 13), ("status", 11), ("number", -7), ("before", -7), ("sum", -13),
               ("change", -13), style=_HEAD)
    ]  # fmt: skip
    for key in [*now, *(key for key in old if key not in now)]:
        count, amount = now.get(key, (0, 0))
        count_before, amount_before = old.get(key, (0, 0))
        change = amount - amount_before
        found.append(
            _cells(
                (key[0] or "(none)", 13), (key[1].replace("_", " "), 11), (grouped(count), -7),
                (grouped(count_before) if before else "", -7),
                (format_amount_human(amount) if amount else "", -13),
                (_signed(change) if before and change else "", -13),
            )
        )  # fmt: skip
    return found


def _notables(title: str, notables: Sequence[Notable]) -> list[Content]:
    found = [_cells((title, 22), ("charge", -14), ("before", -14), style=_HEAD)]
    for one in notables:
        before = "" if one.before is None else format_amount_human(one.before)
        found.append(_cells((one.login, 22), (format_amount_human(one.amount), -14), (before, -14)))
    return found if notables else [*found, safe_text("none", None, _MUTED)]


def _beside(left: Sequence[Content], right: Sequence[Content]) -> list[Content]:
    empty = safe_text(" " * max(one.cell_length for one in left))
    count = max(len(left), len(right))
    return [
        join(
            left[place] if place < len(left) else empty,
            safe_text("      "),
            right[place] if place < len(right) else Content(""),
        )
        for place in range(count)
    ]


def _signed(amount: int) -> str:
    return f"{'+' if amount > 0 else ''}{format_amount_human(amount)}"


def _cells(*cells: tuple[str, int], style: str = "") -> Content:
    """Cells side by side; a negative width sets to the right. What is too long stays whole where
    it is a number: a wrong width is better than a wrong sum."""
    parts = [
        text if width < 0 and cell_len(text) > -width else fit(text, abs(width), right=width < 0)
        for text, width in cells
    ]
    return safe_text(_GAP.join(parts), None, style)
