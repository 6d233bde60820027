"""The way to an answer, as values. Finding it is explain.py's task."""

from dataclasses import dataclass
from enum import StrEnum

from .definitions import Condition, Flag, Override, Prerequisite, Rule
from .outcome import ErrorCode, Reason


class Cause(StrEnum):
    """Which part of the flag decided."""

    INVALID = "invalid"  # the definition; nothing else was looked at
    KILLED = "killed"
    LOCKED = "locked"  # by the process environment
    OFF = "off"
    PREREQUISITE = "prerequisite"  # the last of `prerequisites` is not met
    OVERRIDE = "override"  # of this one user
    NO_RULES = "no_rules"
    RULE = "rule"  # the last of `rules`
    NO_MATCH = "no_match"


@dataclass(frozen=True, slots=True)
class Check:
    """One condition and what it came to. All items of a group are checked, also when one decides."""

    condition: Condition
    actual: object  # of a comparison: the attribute's value, None when missing; of a segment: the keys that matched
    matched: bool
    items: tuple["Check", ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentCheck:
    """Whether the user is in a segment, and each way in."""

    key: str
    defined: bool
    everyone: bool  # the segment that holds every user
    claimed: bool  # the context's `groups` name it
    member: bool
    rule: Check | None  # None: it has no rule

    @property
    def matched(self) -> bool:
        return self.everyone or self.claimed or self.member or (self.rule is not None and self.rule.matched)


@dataclass(frozen=True, slots=True)
class Share:
    """A variant's half-open range of buckets, out of 100,000."""

    variant: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the unit fell in a split."""

    unit: str
    bucket: int  # 0 to 99,999
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class RuleCheck:
    rule: Rule
    check: Check | None  # None: the rule has no condition
    in_window: bool
    matched: bool
    placement: Placement | None = None  # of a matched split, when the context names a unit


@dataclass(frozen=True, slots=True)
class PrerequisiteCheck:
    prerequisite: Prerequisite
    variant: str | None  # what the other flag serves; None when it does not exist or answers an error
    met: bool
    explanation: "Explanation | None"  # why the other flag serves it; None when it does not exist


@dataclass(frozen=True, slots=True)
class Explanation:
    """The outcome of one flag for one context, and the way there. An error has no variant and no value."""

    flag: Flag
    unit: str | None  # whom it is about; None when the context names nobody
    cause: Cause
    reason: Reason
    variant: str | None
    value: object
    prerequisites: tuple[PrerequisiteCheck, ...] = ()  # in order, up to the first that is not met
    override: Override | None = None  # the one that decided
    rules: tuple[RuleCheck, ...] = ()  # in order, up to the one that matched
    segments: tuple[SegmentCheck, ...] = ()  # those that the checks looked into, each once
    error_code: ErrorCode | None = None
    error_details: str | None = None

    @property
    def key(self) -> str:
        return self.flag.key

    @property
    def not_reached(self) -> tuple[Rule, ...]:
        """The rules after the one that decided; all of them when something before the rules did."""
        return self.flag.rules[len(self.rules) :]
