"""The gates that a deployment passes. Each has a verdict and a reason; what they look at is read elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Gate(StrEnum):
    STAGING = "STAGING"  # the same commit succeeded there
    CHECKLIST = "CHECKLIST"
    EVIDENCE = "EVIDENCE"  # what CI found of this commit
    BACKUP = "BACKUP"  # taken and verified
    APPROVALS = "APPROVALS"
    CALENDAR = "CALENDAR"
    HOLDS = "HOLDS"  # open incidents, and guards
    LOCK = "LOCK"  # one deployment of a target at a time


class Verdict(StrEnum):
    PASSED = "PASSED"
    WAITING = "WAITING"  # time or a person will tell
    FAILED = "FAILED"
    NOT_ASKED = "NOT_ASKED"
    OVERRIDDEN = "OVERRIDDEN"


IN_THE_WAY = frozenset({Verdict.WAITING, Verdict.FAILED})
CHECKED = (Gate.STAGING, Gate.CHECKLIST, Gate.EVIDENCE, Gate.BACKUP)  # before anybody is asked
CLOSING = (Gate.CALENDAR, Gate.HOLDS, Gate.LOCK)  # whenever traffic is to move
MOVING = (Gate.CALENDAR, Gate.HOLDS)  # once it has the lock
CHOSEN = (*CHECKED, Gate.CALENDAR, Gate.HOLDS)  # a target says which it wants
SKIPPED_BY_HOTFIX = frozenset({Gate.STAGING, Gate.CHECKLIST, Gate.EVIDENCE, Gate.CALENDAR, Gate.HOLDS})
OVERRIDABLE = frozenset(CHOSEN)  # approvals are given, and the lock is for the traffic's sake


class UnknownGate(ValueError):
    """A target may ask for the gates in CHOSEN, each with true or false."""


@dataclass(frozen=True, slots=True)
class Answer:
    gate: Gate
    verdict: Verdict
    reason: str  # a sentence
    opens_at: datetime | None = None  # when time alone will open it

    @property
    def blocks(self) -> bool:
        return self.verdict in IN_THE_WAY


@dataclass(frozen=True, slots=True)
class Waived:
    """Somebody let this deployment past."""

    by: str
    reason: str


def usual(*, production: bool) -> dict[Gate, bool]:
    """What a new target asks for."""
    asked = {Gate.HOLDS} | ({Gate.STAGING, Gate.CALENDAR, Gate.CHECKLIST} if production else set())
    return {gate: gate in asked for gate in CHOSEN}


def parse_gates(raw: Mapping[str, object]) -> dict[str, bool]:
    """Raises UnknownGate."""
    known = {gate.value: gate for gate in CHOSEN}
    for name, value in raw.items():
        if name not in known or not isinstance(value, bool):
            raise UnknownGate(f"{name}: must be one of {', '.join(known)}, with true or false")
    return {name: bool(value) for name, value in raw.items()}


def not_asked(gate: Gate, why: str = "This target does not ask for it.") -> Answer:
    return Answer(gate, Verdict.NOT_ASKED, why)


def waived(answer: Answer, by: Waived | None, *, hotfix: bool) -> Answer:
    """The answer as it counts: what is in the way may have been overridden."""
    if not answer.blocks:
        return answer
    if by is not None:
        return replace(answer, verdict=Verdict.OVERRIDDEN, reason=f"{by.by}: {by.reason} ({answer.reason})")
    if hotfix and answer.gate in SKIPPED_BY_HOTFIX:
        return replace(answer, verdict=Verdict.OVERRIDDEN, reason=f"Emergency hotfix ({answer.reason})")
    return answer


def in_the_way(answers: Iterable[Answer], gates: Iterable[Gate]) -> str:
    """Why not, of these gates; empty when none is in the way."""
    wanted = set(gates)
    return " ".join(answer.reason for answer in answers if answer.gate in wanted and answer.blocks)
