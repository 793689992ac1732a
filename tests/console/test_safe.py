"""Text from data reaches a widget only through `tui.safe`: the functions, and a look at the source
of the whole console."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.text import safe
from tests.console.people import HOSTILE
from tui.safe import fit, join, safe_lines, safe_text, typed

_TUI = Path(__file__).parents[2] / "tui"

# Whatever shows its first argument; a plain string would be read as markup there.
_SHOWING = {"Static", "Label", "Button", "Option", "Selection", "Checkbox", "RadioButton",
            "TabPane", "Tab", "Digits", "update", "add_option"}  # fmt: skip
_FORBIDDEN = {"from_markup", "from_rich_text", "assemble", "RichLog", "Log", "Markdown",
              "DataTable", "Tree", "Select", "Link", "Header", "Footer", "Placeholder", "Pretty",
              "TextArea", "write_line", "write_lines"}  # fmt: skip
_FORBIDDEN_MODULES = {"rich.text", "rich.markup", "rich.table"}
# Assigned or passed, these are read as markup too.
_MARKUP = {"border_title", "border_subtitle", "tooltip", "sub_title"}
# What has an `update` and is no widget.
_COLLECTIONS = {"environ", "marks", "_asked"}


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _owner(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _says_content(annotation: ast.expr | None) -> bool:
    return annotation is not None and "Content" in ast.unparse(annotation)


def makers(tree: ast.AST) -> set[str]:
    """The functions of a module that are declared to return a Content."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _says_content(node.returns)
    }


_MAKERS = {"safe_text", "safe_lines", "join"}.union(
    *(makers(ast.parse(file.read_text(encoding="utf-8"))) for file in _TUI.rglob("*.py"))
)


class Look:
    """A look at one module: the lines at which text could reach a widget by another way.

    What is shown must be a call of `tui.safe` or of a function declared to return a Content, or a
    variable that holds one; a Content itself is made of nothing but literals elsewhere; `notify`
    takes `safe(...)` and no markup.
    """

    def __init__(self, source: str) -> None:
        self._tree = ast.parse(source)
        self._makers = _MAKERS | makers(self._tree)
        self._contents = {name for node in ast.walk(self._tree) for name in self._named(node)}

    def faults(self) -> Iterator[str]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom) and node.module in _FORBIDDEN_MODULES:
                yield f"line {node.lineno}: from {node.module}"
            elif isinstance(node, ast.Call) and self._is_fault(node):
                yield f"line {node.lineno}: {ast.unparse(node)}"
            elif self._is_markup(node):
                yield ast.unparse(node)

    def _is_fault(self, call: ast.Call) -> bool:
        name, first = _name(call), call.args[0] if call.args else None
        if name in _FORBIDDEN:
            return True
        if name == "notify":
            return not _owner(call).endswith("_wake") and not _is_plain_notice(call)
        if first is None:
            return False
        if name == "Content" or (name == "styled" and _owner(call) == "Content"):
            return not _is_literal(first)
        if name == "update" and _owner(call).split(".")[-1] in _COLLECTIONS:
            return False
        return name in _SHOWING and not self._is_content(first)

    def _is_markup(self, node: ast.AST) -> bool:
        if isinstance(node, ast.keyword):
            return node.arg in _MARKUP and not self._is_content(node.value)
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        return stored and ast.unparse(node).rpartition(".")[2] in _MARKUP

    def _is_content(self, shown: ast.expr) -> bool:
        if isinstance(shown, ast.Name):
            return shown.id in self._contents
        return isinstance(shown, ast.Call) and (
            _name(shown) in self._makers or _owner(shown).startswith("Content(")
        )

    def _named(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.arg) and _says_content(node.annotation):
            yield node.arg
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target = node.targets[0]
            if isinstance(target, ast.Name) and self._is_content(node.value):
                yield target.id


def _is_literal(made_of: ast.expr) -> bool:
    if isinstance(made_of, ast.IfExp):
        return _is_literal(made_of.body) and _is_literal(made_of.orelse)
    if isinstance(made_of, ast.BinOp):
        return _is_literal(made_of.left) and isinstance(made_of.op, ast.Mult)
    return isinstance(made_of, ast.Constant)


def _is_plain_notice(call: ast.Call) -> bool:
    plain = any(
        word.arg == "markup" and ast.unparse(word.value) == "False" for word in call.keywords
    )
    return plain and isinstance(call.args[0], ast.Call) and _name(call.args[0]) == "safe"


@pytest.mark.parametrize("file", sorted(_TUI.rglob("*.py")), ids=lambda file: file.stem)
def test_no_bare_text_reaches_a_widget(file: Path) -> None:
    if file.name != "safe.py":
        assert list(Look(file.read_text(encoding="utf-8")).faults()) == []


@pytest.mark.parametrize(
    "line",
    ['Static("[b]x")', "Static(name)", 'Static(f"{name}")', "label.update(row[1])", "Button(title)",
     "self.notify(name)", "self.notify(safe(name))", "self.notify(name, markup=False)",
     "Text.from_markup(x)", "Content.from_markup(x)", "from rich.text import Text", "DataTable()",
     "Tree(name)", "box.border_title = name", "Static(tooltip=name)",
     "Label(str(x))", "Content(name)", 'Content(f"{x}")', "Content.styled(x)", "Static(text + x)"],
)  # fmt: skip
def test_the_look_at_the_source_finds(line: str) -> None:
    assert len(list(Look(line).faults())) == 1


def test_the_look_at_the_source_lets_through() -> None:
    good = """
Static(safe_text(x))
self.notify(safe(x), markup=False)
environ.update(x)
Static()
def line(x: int) -> Content: ...
Static(line(3))
found = Content(" " * 3).join(lines)
label.update(found)
"""
    assert list(Look(good).faults()) == []


@given(st.text())
def test_safe_text_is_as_safe_as_safe(text: str) -> None:
    for shown in (safe_text(text).plain, safe_text(text, 20).plain, join(text).plain):
        assert safe(shown, 10_000) == shown


@given(st.text(), st.integers(min_value=1, max_value=60), st.booleans())
def test_fit_is_exactly_as_wide(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right)) == width


@given(st.text())
def test_typed_keeps_only_what_is_harmless(text: str) -> None:
    kept = typed(text)
    assert typed(kept) == kept
    assert not any(safe(char, 10) != char for char in kept)


def test_hostile_names_show_as_they_are_without_their_power() -> None:
    for name in HOSTILE:
        assert "\x1b" not in safe_text(name).plain
        assert safe_text(name).spans == []
    assert safe_text("closing [/b] tag").plain == "closing [/b] tag"
    assert safe_lines("one\ntwo \x1b[1m").plain == "one\ntwo \\x1b[1m"
