"""What the builder offers is what the engine knows, each with an editor that makes a value the engine takes."""

from collections import Counter

import pytest

from apps.flags.domain.editing import CHOICES, Choice, Editor
from apps.flags.domain.engine.parsing import OPERATORS, parse_condition
from apps.flags.domain.wording import PHRASES

VALUES: dict[Editor, object] = {
    Editor.TEXTS: ["a"],
    Editor.NUMBERS: [1, 2.5],
    Editor.NETWORKS: ["10.0.0.0/8"],
    Editor.BOOLEAN: [True],
    Editor.PATTERN: "a+",
    Editor.NUMBER: 1.5,
    Editor.BOUNDS: [1, 2.5],
    Editor.SIZES: [1, 2],
    Editor.MOMENT: "2026-01-05T09:00:00Z",
    Editor.DURATION: 60,
    Editor.VERSION: "1.2.3",
    Editor.NOTHING: None,
}
OFFERED = [choice for choices in CHOICES.values() for choice in choices]


@pytest.mark.parametrize("choice", OFFERED, ids=str)
def test_what_an_editor_makes_is_taken(choice: Choice) -> None:
    raw = {"attr": ["x"], "op": choice.operator, "value": VALUES[choice.editor]}
    if choice.ignores_case:
        raw["ignore_case"] = True
    if choice.asks_about_missing:
        raw["if_missing"] = True
    assert parse_condition(raw) is not None


def test_every_operator_is_offered_and_has_words() -> None:
    assert {choice.operator for choice in OFFERED} == {*OPERATORS} - {"eq"}
    assert {choice.operator for choice in OFFERED} <= PHRASES.keys()
    assert max(Counter(OFFERED).values()) == 1
