"""The texts of notices: which template is used, what it may say, and what comes out. Pure.

A template comes from the configuration, whose author is trusted to write notices and nothing else:
it can neither run code nor loop nor grow. Jinja2 is imported when the first text is made, for an
event is recorded without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.events.settings import Rules
from engine.events.words import COMPLIMENTS, CURRENCIES, FALLBACK, TEMPLATES
from engine.text import ELLIPSIS, safe

if TYPE_CHECKING:
    from jinja2 import Template, nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_SOURCE = 2_000
MOST_TEXT = 1_000
_MOST_VALUE = 300
_MOST_DEPTH = 20

VARIABLES: dict[str, str] = {
    "login": "ivan",
    "name": "Иванов Иван",
    "amount": "500.00",
    "currency": "RUB",
    "balance": "120.50",
    "plan": "Home 100",
    "fee": "450.00",
    "credit_limit": "300.00",
    "compliment": "Спасибо!",
    "link": "https://example.com/receipt/1",
    "bonus": "100.00",
    "date": "05.10.2026",
}
"""What a template may name, with a value to try it by."""

# These say something in the texts of some names only; in all others they are empty.
_ONLY_IN: dict[str, tuple[str, ...]] = {
    "amount": ("payment", "refund", "limit", "credit", "receipt_link", "reminder"),
    "link": ("receipt_link",),
    "bonus": ("birthday",),
}
# No loop, no call, no attribute, no arithmetic, no assignment: the length of the text and the time
# it takes grow with the template and its values, and never faster.
_NODES = frozenset(
    {"Template", "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "Compare", "Operand",
     "And", "Or", "Not", "Concat", "Filter", "Keyword"}
)  # fmt: skip
_FILTERS = ("capitalize", "default", "lower", "title", "trim", "truncate", "upper")
# What filters and comparisons raise for values that they are not made for.
_UNFIT = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
_ALLOWED = (
    "allowed are text, {{ VARIABLE }}, {% if %} with else and elif, == and other comparisons, and,"
    " or, not, ~, and the filters " + ", ".join(sorted((*_FILTERS, "replace")))
)


def template_of(name: str, rules: Rules) -> str:
    """The template of this name in the language of the notices: that of the configuration, else
    the built-in one, else the built-in one of the language that has all."""
    language = rules.notices.language
    for texts in rules.texts:
        if texts.language == language and name in dict(texts.templates):
            return dict(texts.templates)[name]
    return TEMPLATES.get(language, TEMPLATES[FALLBACK])[name]


def compliment_of(rules: Rules, number: int) -> str:
    """One of the compliments, the same for the same number: a text that is made again is the same.
    Empty when the configuration takes them all away."""
    language = rules.notices.language
    chosen = COMPLIMENTS.get(language, COMPLIMENTS[FALLBACK])
    for texts in rules.texts:
        if texts.language == language and texts.compliments is not None:
            chosen = texts.compliments
    return chosen[number % len(chosen)] if chosen else ""


def currency_word(rules: Rules, currency: str) -> str:
    """How texts write a currency: `RUB` is `руб.` in Russian."""
    return CURRENCIES.get(rules.notices.language, {}).get(currency, currency)


def sample_values(name: str) -> dict[str, str]:
    """Values to try the template of this name by. What its event does not know is empty, as it is
    in a notice."""
    return {
        variable: value if name in _ONLY_IN.get(variable, (name,)) else ""
        for variable, value in VARIABLES.items()
    }


def always_empty(name: str, template: str) -> list[str]:
    """The variables that this template names and that its event has no value for. Raises InputError
    as `render` does."""
    values = sample_values(name)
    return sorted(variable for variable in _checked(template)[1] if not values[variable])


def render(template: str, values: Mapping[str, str]) -> str:
    """The text, on one line, at most MOST_TEXT characters: a longer one is cut and ends with `…`.

    `values` has all VARIABLES, as they shall be read: amounts like `500.00`. What of them is not
    fit to be shown is made visible. Raises InputError, in words for who wrote the template, for one
    that is longer than MOST_SOURCE, cannot be read, has what it may not have, or gives no text.
    """
    from jinja2 import TemplateError

    made, _ = _checked(template)
    shown = {name: safe(value, _MOST_VALUE) for name, value in values.items()}
    try:
        text = " ".join(made.render(shown).split())
    except (TemplateError, *_UNFIT) as error:
        raise InputError(f"the template cannot be filled in: {safe(error)}") from None
    if not text:
        raise InputError("the template gives no text")
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + ELLIPSIS


@lru_cache(maxsize=256)
def _checked(source: str) -> tuple[Template, frozenset[str]]:
    """The compiled template and the variables that it names."""
    from jinja2 import TemplateError, nodes

    if len(source) > MOST_SOURCE:
        raise InputError(f"the template has more than {MOST_SOURCE} characters")
    try:
        tree = _environment().parse(source)
        _require_harmless(tree)
        names = frozenset(found.name for found in tree.find_all(nodes.Name))
        return _environment().from_string(source), names
    except (TemplateError, RecursionError, MemoryError, SyntaxError, ValueError) as error:
        raise InputError(f"the template cannot be read: {safe(error)}") from None


def _require_harmless(tree: nodes.Template) -> None:
    from jinja2 import nodes

    todo: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        kind = type(node).__name__
        if kind not in _NODES:
            raise InputError(f"the template uses {kind}, which notices do without; {_ALLOWED}")
        if depth > _MOST_DEPTH:
            raise InputError("the template is nested too deep")
        if isinstance(node, nodes.Name) and node.name not in VARIABLES:
            raise InputError(
                f"the template names '{safe(node.name, 40)}', which is not known; it may name"
                f" {', '.join(VARIABLES)}"
            )
        if isinstance(node, nodes.Filter) and node.name not in (*_FILTERS, "replace"):
            raise InputError(f"there is no filter '{safe(node.name, 40)}'; {_ALLOWED}")
        todo.extend((child, depth + 1) for child in node.iter_child_nodes())


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Beside what `_require_harmless` lets through, Jinja2's own sandbox with nothing in it."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # What comes out is plain text for a phone, not HTML.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters["replace"] = _replace
    environment.globals.clear()
    environment.tests.clear()
    return environment


def _replace(text: str, old: str, new: str) -> str:
    """`str.replace` that cannot make a text grow without end: Jinja2's own, in a chain, can."""
    if not old:
        raise InputError("the filter replace needs something to replace")
    if len(text) + text.count(old) * len(new) > MOST_SOURCE:
        raise InputError("the filter replace makes the text too long")
    return text.replace(old, new)
