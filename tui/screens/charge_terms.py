"""How a charge came about, term by term."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.money import NO_BREAK_SPACE, format_amount_human
from tui.keymap import bindings
from tui.safe import join, safe_text

if TYPE_CHECKING:
    from engine.close.explain import Explanation


class ChargeTerms(ModalScreen[None]):
    """Shows what `engine.close.explain.explain` found, until escape or q."""

    BINDINGS = bindings("menu")

    def __init__(self, explanation: Explanation, currency: str) -> None:
        super().__init__()
        self._explanation = explanation
        self._currency = currency

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(terms_text(self._explanation, self._currency))

    def action_close(self) -> None:
        """Away with it."""
        self.dismiss(None)


def terms_text(found: Explanation, currency: str) -> Content:
    """The terms with their sum; the values exact, under each other."""
    status = found.status.replace("_", " ")
    lines = [safe_text(f"{found.login} in {found.period}: {status}", None, "bold"), Content("")]
    if found.adds_up is None:
        lines += [safe_text(found.reason)] if found.reason else []
    else:
        amount = f"{format_amount_human(int(found.amount * 100))}{NO_BREAK_SPACE}{currency}"
        values = [_exact(term.value) for term in found.terms]
        width = max(len(amount), *(len(value) for value in values), 0)
        for value, term in zip(values, found.terms, strict=True):
            lines.append(safe_text(f"{value.rjust(width)}  {term.text}"))
        lines.append(safe_text(f"{amount.rjust(width)}  charged, rounded half-up", None, "bold"))
    if found.adds_up is False:
        wrong = "The terms do not add up to the charge: tell those who build billdeck."
        lines.append(safe_text(wrong, None, "bold $error"))
    if found.notes:
        lines.append(Content(""))
    lines += [safe_text(note, None, "$text-muted") for note in found.notes]
    return Content("\n").join(join(line) for line in lines)


def _exact(value: Decimal) -> str:
    """A number with two decimals, or with all that it has beyond them."""
    text = f"{value.normalize():f}"
    return text if len(text.partition(".")[2]) > 2 else f"{value:.2f}"
