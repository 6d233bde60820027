"""What a flag is made of, as frozen values. Reading JSON is parsing.py's task, judging it validation.py's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .context import TARGETING_KEY

Scalar = str | bool | int | float  # what a condition compares with; JSON null equals nothing
Path = tuple[str, ...]  # the steps to an attribute, as in ("plan", "name")
Operand = Scalar | tuple[Scalar, ...] | None  # what an operator compares with; operators.py gives its shape


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
    """Shares of users. Walked in the order of the flag's variants, however the weights are written.

    Users are told apart by the attribute at `by`, or by the one at `fallback_by` where the first is missing.
    """

    weights: tuple[tuple[str, int], ...]  # (variant, weight); the weights add up to WEIGHT_TOTAL
    by: Path = (TARGETING_KEY,)
    fallback_by: Path | None = None


@dataclass(frozen=True, slots=True)
class In:
    """The attribute at `path` equals one of `values`; of an array, one element does.

    Texts, booleans and numbers never equal one another, 1 and 1.0 do.
    """

    path: Path
    values: tuple[Scalar, ...]
    ignore_case: bool = False
    if_missing: bool = False  # what this comes to when the attribute is absent or null


class Operator(StrEnum):
    """Every comparison but equality, which is `In`. What each compares is said in operators.py."""

    EXISTS = "exists"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    CONTAINS = "contains"
    REGEX = "regex"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    OLDER_THAN = "older_than"
    NEWER_THAN = "newer_than"
    SEMVER_EQ = "semver_eq"
    SEMVER_LT = "semver_lt"
    SEMVER_LTE = "semver_lte"
    SEMVER_GT = "semver_gt"
    SEMVER_GTE = "semver_gte"
    SEMVER_CARET = "semver_caret"
    SEMVER_TILDE = "semver_tilde"
    CIDR = "cidr"
    HAS_ALL = "has_all"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Compare:
    """The attribute at `path`, compared with `value` by `operator`; of an array, one element is enough."""

    path: Path
    operator: Operator
    value: Operand
    ignore_case: bool = False
    if_missing: bool = False


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


Condition = All | Any | Nothing | Not | In | Compare | InSegment
Serve = Fixed | Split

EVERYONE = "all"  # the segment that needs no definition and holds every user


@dataclass(frozen=True, slots=True)
class Window:
    """When a rule counts: from `starts_at` on, until just before `ends_at`. None leaves that side open."""

    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    when: Condition | None  # None matches every context
    serve: Serve
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What single users get whatever the rules say, until just before `expires_at`."""

    variant: str
    targeting_keys: tuple[str, ...]  # each at most once in a flag
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Another flag that has to serve one of `variants` first; else this one serves its off variant."""

    flag: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A named set of users: `members` by targeting key, whoever lists `key` in the context's `groups`, and
    whoever `when` holds for."""

    key: str
    members: frozenset[str]
    when: Condition | None = None  # None adds nobody


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
    prerequisites: tuple[Prerequisite, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All flags of one environment. Flag keys and segment keys are unique."""

    version: int
    flags: tuple[Flag, ...]
    segments: tuple[Segment, ...]


def by_key(segments: tuple[Segment, ...]) -> Mapping[str, Segment]:
    return {segment.key: segment for segment in segments}
