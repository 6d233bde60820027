"""Only services say that a change is approved; pages, the API and tasks cannot let themselves through."""

import ast
from pathlib import Path

import pytest

from tests.architecture.test_shape import MODULES, ROOT

EDGES = [path for path in MODULES if "services" not in path.relative_to(ROOT).parts]


@pytest.mark.parametrize("module", EDGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_edge_approves_a_change_by_itself(module: Path) -> None:
    tree = ast.parse(module.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if not _builds(call) and _approves(call)] == []


def _builds(call: ast.Call) -> bool:
    """A value with a field of that name is told, not done."""
    return isinstance(call.func, ast.Name) and call.func.id[0].isupper()


def _approves(call: ast.Call) -> bool:
    return any(word.arg == "approved" for word in call.keywords)
