"""The gate is one package, and only it compares labels: shown on the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import heliograph

PACKAGE = Path(heliograph.__file__).parent
CONSTANTS = frozenset({"PUBLIC", "SAY", "STRATEGIC", "MACROS", "INTERNAL", "CUSTOMER_PREFIX", "BY_NATURE"})
WORDS = frozenset({"public", "say", "strategic", "macros", "internal", "exec", "support", "engineering", "business"})
FIELDS = frozenset({"label", "audience", "addressed", "sees", "needs"})
"""Attributes that hold a label or a set of them."""
RIGHTS = frozenset({"clearance", "reads", "readers_of"})
"""What only the gate may ask of a policy."""

ALLOWED: dict[tuple[str, str], str] = {
    (
        "cli/author.py",
        "update.audience == audience",
    ): "what was last said to one audience; looks a field up, gives nobody anything",
    (
        "cli/lists.py",
        "one.audience in audiences",
    ): "readers whom an audience's file describes; who pastes replies has none",
    ("cli/macros.py", "plan.name == MACROS"): "finds a tree by its name",
    ("cli/office.py", "one.audience in self._only"): "the audiences a person named on the command line",
    ("correspondence.py", "reader.audience in audiences"): "readers whose audience is written to at all",
    ("dispatch.py", "one.message.audience in only"): "the audiences a person named on the command line",
    ("load/audiences.py", "boundary == 'internal'"): "compares a boundary, whose words partly are those of labels",
    ("load/audiences.py", "self._id == STRATEGIC"): "which surfaces a file may name: customers have one",
    ("load/audiences.py", "self._id == INTERNAL"): "an audience's id gives it a default of taste: what it is shown",
    ("load/audiences.py", "self._id != STRATEGIC"): "only one file may list customers",
    ("load/passages.py", "passage.label == label"): "whether a file of one passage holds a marker of another label",
    ("load/resolve.py", "word.startswith(CUSTOMER_PREFIX)"): "the form of a label that is no label",
    ("render/identity.py", "view.reader == 'public'"): "ids of feeds name every reader but the public, for ever",
    (
        "send/stages.py",
        "one.message.audience not in awaited",
    ): "the order in which audiences are told; each has its message already",
    ("serve/shelf.py", "name != 'internal'"): "the order of ports",
    ("serve/shelf.py", "name != 'public'"): "the order of ports",
}
"""What looks like a comparison of labels and is none, or gives nobody anything; each with its reason."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module outside the gate, by its path within the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(("gate/", "defaults/")):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def parts(operand: ast.expr) -> Iterator[ast.expr]:
    """An operand, and the members of one that is written out as a collection."""
    yield operand
    if isinstance(operand, (ast.Tuple, ast.List, ast.Set)):
        yield from operand.elts


def is_label(operand: ast.expr) -> bool:
    """Tell whether an operand is a label by name, or written out."""
    for part in parts(operand):
        if isinstance(part, ast.Name) and part.id in CONSTANTS:
            return True
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            return part.value in WORDS or part.value.startswith("customer:")
    return False


def holds_label(operand: ast.expr) -> bool:
    return isinstance(operand, ast.Attribute) and operand.attr in FIELDS


def is_about_something_else(operands: list[ast.expr]) -> bool:
    """Tell boundaries and surfaces, whose words partly are the same, from labels."""
    named = {one.attr for one in operands if isinstance(one, ast.Attribute)}
    return bool(named & {"boundary", "surfaces"})


def comparisons(tree: ast.Module) -> Iterator[str]:
    """Every expression that compares a label, or asks for someone's rights."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            about_labels = any(map(is_label, operands)) or any(map(holds_label, operands))
            if about_labels and not is_about_something_else(operands):
                yield ast.unparse(node)
        elif isinstance(node, ast.Attribute) and node.attr in RIGHTS:
            yield ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("startswith", "endswith") and any(map(is_label, node.args)):
                yield ast.unparse(node)
        elif isinstance(node, ast.MatchValue) and is_label(node.value):
            yield f"case {ast.unparse(node.value)}"


FOUND = {(name, expression) for name, tree in sources() for expression in comparisons(tree)}


def test_labels_are_compared_in_the_gate_only():
    assert FOUND - ALLOWED.keys() == set()


def test_every_exception_is_still_needed():
    assert ALLOWED.keys() - FOUND == set()


@pytest.mark.parametrize(
    "line",
    [
        "passage.label == PUBLIC",
        "update.audience in ('public', 'strategic')",
        "label.startswith(CUSTOMER_PREFIX)",
        "label.startswith('customer:')",
        "policy.reads(label)",
        "policy.clearance",
        "one.label != other",
        "reader == 'macros'",
        "title.label in sees",
    ],
)
def test_this_would_be_noticed(line):
    assert list(comparisons(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["audience.boundary == 'internal'", "'macros' in audience.surfaces", "state == 'operational'"]
)
def test_this_compares_no_label(line):
    assert not list(comparisons(ast.parse(line)))


def test_imports_keep_to_the_contracts():
    config = Path(__file__).parent.parent / "pyproject.toml"
    assert lint_imports(config_filename=str(config), no_cache=True) == EXIT_STATUS_SUCCESS
