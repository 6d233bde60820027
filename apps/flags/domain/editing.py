"""What a person may compare an attribute with, by kind, and how each comparison's value is typed in. Plain tables for
forms; what the comparisons mean is the engine's, what they are called wording.py's."""

from dataclasses import dataclass
from enum import StrEnum

from .engine.definitions import Operator
from .engine.operators import compares_text
from .engine.parsing import OPERATORS


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    VERSION = "version"
    NETWORK = "network"
    LIST = "list"
    PRESENCE = "presence"


class Editor(StrEnum):
    """How a value is typed in."""

    TEXTS = "texts"
    NUMBERS = "numbers"
    NETWORKS = "networks"
    BOOLEAN = "boolean"
    PATTERN = "pattern"
    NUMBER = "number"
    BOUNDS = "bounds"
    SIZES = "sizes"
    MOMENT = "moment"
    DURATION = "duration"
    VERSION = "version"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Choice:
    """One comparison on offer. `in` is offered for three kinds, with a different editor each."""

    operator: str
    editor: Editor

    @property
    def ignores_case(self) -> bool:
        if self.operator == _IN:
            return self.editor is Editor.TEXTS
        return compares_text(Operator(self.operator))

    @property
    def asks_about_missing(self) -> bool:
        return self.operator != Operator.EXISTS


_IN = "in"
_ORDERED = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
_VERSIONS = tuple(operator for operator in Operator if operator.startswith("semver_"))
_AFFIXES = (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS)

CHOICES: dict[Kind, tuple[Choice, ...]] = {
    Kind.TEXT: (
        Choice(_IN, Editor.TEXTS),
        *(Choice(operator, Editor.TEXTS) for operator in _AFFIXES),
        Choice(Operator.REGEX, Editor.PATTERN),
    ),
    Kind.NUMBER: (
        Choice(_IN, Editor.NUMBERS),
        *(Choice(operator, Editor.NUMBER) for operator in _ORDERED),
        Choice(Operator.BETWEEN, Editor.BOUNDS),
    ),
    Kind.BOOLEAN: (Choice(_IN, Editor.BOOLEAN),),
    Kind.DATE: (
        Choice(Operator.BEFORE, Editor.MOMENT),
        Choice(Operator.AFTER, Editor.MOMENT),
        Choice(Operator.OLDER_THAN, Editor.DURATION),
        Choice(Operator.NEWER_THAN, Editor.DURATION),
    ),
    Kind.VERSION: tuple(Choice(operator, Editor.VERSION) for operator in _VERSIONS),
    Kind.NETWORK: (Choice(Operator.CIDR, Editor.NETWORKS),),
    Kind.LIST: (Choice(Operator.HAS_ALL, Editor.TEXTS), Choice(Operator.SIZE, Editor.SIZES)),
    Kind.PRESENCE: (Choice(Operator.EXISTS, Editor.NOTHING),),
}
assert {choice.operator for choices in CHOICES.values() for choice in choices} == {*OPERATORS} - {"eq"}  # eq is in
