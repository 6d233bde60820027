"""The engine stands alone: the Python client ships its files as they are."""

import ast
import sys
from pathlib import Path

import pytest

from apps.flags.domain import engine

FILES = sorted(Path(engine.__path__[0]).glob("*.py"))
ALLOWED = {"mmh3", "orjson", "re2"} | (set(sys.stdlib_module_names) - {"time", "random", "os", "socket"})
CLOCKS = {"now", "utcnow", "today"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_imports_are_relative_or_pure(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= ALLOWED
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1 or (node.level == 0 and str(node.module).split(".")[0] in ALLOWED)
        if isinstance(node, ast.Attribute):
            assert node.attr not in CLOCKS
