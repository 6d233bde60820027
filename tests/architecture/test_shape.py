"""What a stranger relies on when reading the tree."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    path
    for folder in ("apps", "pulseops")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts and path.read_text().strip()
]
LINES_AT_MOST = 300
NO_LABEL_NEEDED = {"apps.py"}  # Django's app configuration says what it is


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_says_what_lives_here_and_stays_short(module: Path) -> None:
    text = module.read_text()
    label = ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= LINES_AT_MOST
    if module.name not in NO_LABEL_NEEDED:
        assert label, "open the module with what lives here and what must not"


@pytest.mark.parametrize("word", ["manager", "helper", "helpers", "utils", "misc", "common"])
def test_no_module_is_named_after_nothing(word: str) -> None:
    assert [str(module) for module in MODULES if word in module.stem.split("_")] == []


def test_tests_mirror_the_apps() -> None:
    apps = {path.name for path in (ROOT / "apps").iterdir() if (path / "apps.py").exists()}
    assert apps <= {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}


def test_every_test_with_a_long_form_is_run_by_make_prove() -> None:
    texts = {path: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    scaled = {path for path, text in texts.items() if "\nfrom tests.scale import" in text}
    marked = {path for path, text in texts.items() if "\n@pytest.mark.prove" in text}
    assert scaled - marked == set()
