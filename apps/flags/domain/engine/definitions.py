"""What a flag is made of, as frozen values. Reading JSON is parsing.py's task, judging it validation.py's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Scalar = str | bool | int | float  # what a condition compares with; JSON null equals nothing


class FlagType(StrEnum):
    BOOLEAN = "boolean"
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    OBJECT = "object"


class FlagStatus(StrEnum):
    ON = "on"
    OFF = "off"
    KILLED = "killed"


class InvalidDefinition(ValueError):
    """A definition that is refused. `path` names the place, as in `rules[0].serve.split[1].weight`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Variant:
    key: str
    value: object  # JSON of the flag's type; shared by all readers, so never to be changed in place


@dataclass(frozen=True, slots=True)
class Fixed:
    variant: str


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of users. Walked in the order of the flag's variants, however the weights are written."""

    weights: tuple[tuple[str, int], ...]  # (variant, weight); the weights add up to WEIGHT_TOTAL


@dataclass(frozen=True, slots=True)
class In:
    """The attribute at `path` equals one of `values`; of an array, one element does.

    Texts, booleans and numbers never equal one another, 1 and 1.0 do. A missing attribute equals nothing.
    """

    path: tuple[str, ...]
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class InSegment:
    """The user is in at least one of these segments."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    items: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    items: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """None of the items hold."""

    items: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    item: "Condition"


Condition = All | Any | Nothing | Not | In | InSegment
Serve = Fixed | Split

EVERYONE = "all"  # the segment that needs no definition and holds every user


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    when: Condition | None  # None matches every context
    serve: Serve


@dataclass(frozen=True, slots=True)
class Segment:
    """A named set of users: `members` by targeting key, and whoever lists `key` in the context's `groups`."""

    key: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lock:
    """A value locked by the process environment. It wins over everything but a kill."""

    variant: str
    value: object
    source: str  # where it came from, for people; never sent to clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    key: str
    type: FlagType
    variants: tuple[Variant, ...]
    status: FlagStatus
    rules: tuple[Rule, ...]
    default_variant: str  # on, and no rule matched
    off_variant: str  # off or killed
    salt: str  # fixed at creation: a ramp that stops and starts again keeps its users
    client_exposed: bool
    version: int
    lock: Lock | None = None


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All flags of one environment. Flag keys and segment keys are unique."""

    version: int
    flags: tuple[Flag, ...]
    segments: tuple[Segment, ...]


def by_key(segments: tuple[Segment, ...]) -> Mapping[str, Segment]:
    return {segment.key: segment for segment in segments}
