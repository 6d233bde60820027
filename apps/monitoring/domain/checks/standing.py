"""Where a check stands: a pure step for each result. One bad answer is no outage, and one good one no recovery."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    NEW = "NEW"  # no result that counts yet
    UP = "UP"
    FAILING = "FAILING"  # some failures in a row, too few to be down; counts as up where it was up
    DOWN = "DOWN"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Thresholds:
    failures: int = 3  # in a row until it is down
    recoveries: int = 1  # successes in a row until it is up again


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of a check between two results."""

    settled: State = State.NEW  # NEW, UP, DOWN or PAUSED
    streak: int = 0  # results in a row that speak against `settled`
    streak_at: datetime | None = None  # the first of them
    checked_at: datetime | None = None  # the newest result

    @property
    def state(self) -> State:
        return State.FAILING if self.streak and self.settled in (State.NEW, State.UP) else self.settled


@dataclass(frozen=True, slots=True)
class Flip:
    """A change that people and rules hear about. Neither side is FAILING."""

    before: State
    after: State
    at: datetime
    began_at: datetime  # the first result that spoke for it


def step(standing: Standing, thresholds: Thresholds, *, ok: bool, at: datetime) -> tuple[Standing, Flip | None]:
    """The standing after one result. One that is no newer than the last changes nothing, nor does one in a pause."""
    if standing.settled is State.PAUSED or (standing.checked_at is not None and at <= standing.checked_at):
        return standing, None
    wanted = State.UP if ok else State.DOWN
    if standing.settled is wanted:
        return Standing(wanted, checked_at=at), None
    if standing.settled is State.NEW and ok:
        return _flipped(standing, State.UP, at, at)
    streak, began_at = standing.streak + 1, standing.streak_at or at
    if streak >= (thresholds.recoveries if ok else thresholds.failures):
        return _flipped(standing, wanted, at, began_at)
    return replace(standing, streak=streak, streak_at=began_at, checked_at=at), None


def pause(standing: Standing, *, at: datetime) -> tuple[Standing, Flip | None]:
    if standing.settled is State.PAUSED:
        return standing, None
    return _flipped(standing, State.PAUSED, at, at)


def resume(standing: Standing, *, at: datetime) -> tuple[Standing, Flip | None]:
    """Out of a pause a check is new: what it was before says nothing about now. Results from before do not count."""
    if standing.settled is not State.PAUSED:
        return standing, None
    return _flipped(standing, State.NEW, at, at)


def words(standing: Standing, thresholds: Thresholds) -> str:
    """For people: "failing 2 of 3", "down, recovering 1 of 2"."""
    match standing.state:
        case State.FAILING:
            return f"failing {standing.streak} of {thresholds.failures}"
        case State.DOWN if standing.streak:
            return f"down, recovering {standing.streak} of {thresholds.recoveries}"
    return standing.state.lower()


def _flipped(standing: Standing, after: State, at: datetime, began_at: datetime) -> tuple[Standing, Flip]:
    return Standing(after, checked_at=at), Flip(standing.settled, after, at, began_at)
