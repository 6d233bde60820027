"""The life of alerts: steps every series of a rule from one evaluation to the next. Sends and keeps nothing."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from .labels import Labels
from .limits import MAX_SERIES
from .rules import NoData, Rule

WHOLE: Labels = ()  # stands for the rule as a whole while no series is known that could lack data
RESOLVED_FOR = timedelta(minutes=15)  # how long a resolved instance is kept, so that pages can show it
_NO_TIME = timedelta(0)
_REMEMBERING = frozenset({NoData.FIRING, NoData.OWN_STATE})  # only who knows which series there were misses one


class State(StrEnum):
    INACTIVE = "INACTIVE"  # kept only to remember that the series exists
    PENDING = "PENDING"
    FIRING = "FIRING"
    RESOLVED = "RESOLVED"
    NO_DATA = "NO_DATA"


@dataclass(frozen=True, slots=True)
class Instance:
    """One series of one rule: all that a restart must not lose."""

    state: State
    value: float | None = None  # as last seen while pending or firing; None when that was no data
    active_at: datetime | None = None  # since when it is pending or firing
    fired_at: datetime | None = None
    keep_firing_since: datetime | None = None  # since when it fires only because the rule keeps it firing
    resolved_at: datetime | None = None
    no_data_since: datetime | None = None


class Kind(StrEnum):
    PENDING = "pending"
    FIRED = "fired"
    RESOLVED = "resolved"
    DROPPED = "dropped"  # no longer pending; or without data for so long that the series is gone
    NO_DATA = "no_data"
    RETURNED = "returned"  # data is back, and nothing worse is to be said


@dataclass(frozen=True, slots=True)
class Transition:
    kind: Kind
    labels: Labels
    was: State
    instance: Instance  # as it is now

    @property
    def is_news(self) -> bool:
        """Whether people are told: not of pending, nor of what ends without ever having fired."""
        return self.was is State.NO_DATA or self.kind in _NEWS


_NEWS = frozenset({Kind.FIRED, Kind.RESOLVED, Kind.NO_DATA})


@dataclass(frozen=True, slots=True)
class Failed:
    """The query had no answer: an error or a time-out. Finding no series is an answer."""

    words: str


Vector = Mapping[Labels, float]
Instances = Mapping[Labels, Instance]


@dataclass(frozen=True, slots=True)
class Stepped:
    instances: Instances
    transitions: tuple[Transition, ...]  # in the order of the labels


class TooManySeries(Exception):
    def __init__(self, count: int) -> None:
        super().__init__(f"The query found {count:,} series; a rule may watch {MAX_SERIES:,}. Narrow its matchers.")


QUIET = Instance(State.INACTIVE)


def step(rule: Rule, before: Instances, vector: Vector | Failed, at: datetime) -> Stepped:
    """Every instance of the rule after the evaluation at `at`. Raises TooManySeries, and then nothing has changed.

    The numbers in this file are those of the twelve rules of Prometheus's alert instances; the recovery threshold and
    the no-data policy are ours.

    1. A series whose value is beyond the threshold starts pending. One that has resolved does so too: a new alert.
    2. While that goes on the value follows, and keeping on firing has no part in it.
    3. Whoever has been pending for `for_seconds` fires; where that is 0, in the same evaluation.
    4. A firing instance that has not held for as long as the rule by now asks for is pending again.
    5. Pending ends without a word.
    6. What has fired goes on for `keep_firing_for_seconds` after the value is well again.
    7. Then it resolves, and is kept a while for people to see.
    9. A failed query changes nothing at all. Too many series are a failed query, too.

    Elsewhere: what is sent, and how often (8), is the outbox's. Which rule counts first (10) is for pairs.py. After a
    restart (11) there is nothing to make good, since an Instance is all there is. Two series with the same labels (9)
    and series about alerts (12) do not exist.
    """
    if isinstance(vector, Failed):
        return Stepped(before, ())
    if len(vector) > MAX_SERIES:
        raise TooManySeries(len(vector))
    after = _seen(rule, before, vector, at)
    after.update(_missed(rule, before, vector, at))
    after.update(_whole(rule, before, vector, at, alone=not after))
    return Stepped(after, tuple(sorted(_transitions(before, after, at), key=lambda one: one.labels)))


def _seen(rule: Rule, before: Instances, vector: Vector, at: datetime) -> dict[Labels, Instance]:
    """The series that have a value. Most are well and were so before, so that is found out first."""
    after = {}
    remembers, beyond, threshold = rule.no_data in _REMEMBERING, rule.comparison.holds, rule.threshold
    for labels, value in vector.items():
        was = before.get(labels, QUIET)
        if was is QUIET and not beyond(value, threshold):
            now = QUIET
        else:
            now = _with_value(rule, _as_before_the_gap(was), value, at)
        if remembers or now.state is not State.INACTIVE:
            after[labels] = now
    return after


def _missed(rule: Rule, before: Instances, vector: Vector, at: datetime) -> Iterator[tuple[Labels, Instance]]:
    """The series that had a value once. After `forget_seconds` without one, they are gone for good."""
    remembers, forget = rule.no_data in _REMEMBERING, timedelta(seconds=rule.forget_seconds)
    for labels, was in before.items():
        if labels in vector or labels == WHOLE:
            continue
        now = _without_value(rule, was, at)
        forgotten = now.no_data_since is not None and at - now.no_data_since >= forget
        if not forgotten and (remembers or now.state is not State.INACTIVE):
            yield labels, now


def _whole(
    rule: Rule, before: Instances, vector: Vector, at: datetime, *, alone: bool
) -> Iterator[tuple[Labels, Instance]]:
    """The rule as a whole: it lacks data while no series is known. Ends with the first series; never forgotten."""
    if WHOLE in vector:
        return
    was = before.get(WHOLE, QUIET)
    if alone and (was is not QUIET or rule.no_data in _REMEMBERING):
        now = _without_value(rule, was, at)
    else:
        now = _well(rule, _as_before_the_gap(was), None, at)
    if now.state is not State.INACTIVE or now.no_data_since is not None:
        yield WHOLE, now


def _with_value(rule: Rule, was: Instance, value: float, at: datetime) -> Instance:
    holds = rule.still_beyond(value) if was.state is State.FIRING else rule.beyond(value)
    return _ill(rule, was, value, at) if holds else _well(rule, was, value, at)


def _without_value(rule: Rule, was: Instance, at: datetime) -> Instance:
    since = was.no_data_since or at
    was = _as_before_the_gap(was)
    match rule.no_data:
        case NoData.FIRING:
            return replace(_ill(rule, was, None, at), no_data_since=since)
        case NoData.KEEP if was.state in (State.PENDING, State.FIRING):
            return replace(was, no_data_since=since)
        case NoData.OWN_STATE:
            lasting = at - since >= timedelta(seconds=rule.for_seconds)
            return replace(was, state=State.NO_DATA if lasting else was.state, no_data_since=since)
    return _well(rule, was, None, at)


def _as_before_the_gap(was: Instance) -> Instance:
    if was.no_data_since is None:
        return was
    state = _state_before_the_gap(was)
    return QUIET if state is State.INACTIVE else replace(was, state=state, no_data_since=None)


def _state_before_the_gap(was: Instance) -> State:
    if was.state is not State.NO_DATA:
        return was.state
    if was.resolved_at:
        return State.RESOLVED
    return State.FIRING if was.fired_at else State.PENDING if was.active_at else State.INACTIVE


def _ill(rule: Rule, was: Instance, value: float | None, at: datetime) -> Instance:
    """The condition holds. Between the two thresholds it cannot take back that an instance has fired (4)."""
    state, active_at, fired_at = was.state, was.active_at, was.fired_at
    if active_at is None or state is State.RESOLVED:  # 1
        state, active_at, fired_at = State.PENDING, at, None
    held, needed = at - active_at, timedelta(seconds=rule.for_seconds)
    if state is State.PENDING and held >= needed:  # 3
        state, fired_at = State.FIRING, at
    elif state is State.FIRING and _NO_TIME <= held < needed and (value is None or rule.beyond(value)):  # 4
        state, fired_at = State.PENDING, None
    return Instance(state, value, active_at, fired_at)  # 2


def _well(rule: Rule, was: Instance, value: float | None, at: datetime) -> Instance:
    if was.state is State.FIRING:
        since = was.keep_firing_since or at
        seen = was.value if value is None or math.isnan(value) else value
        if at - since < timedelta(seconds=rule.keep_firing_for_seconds):  # 6
            return replace(was, value=seen, keep_firing_since=since, no_data_since=None)
        return Instance(State.RESOLVED, seen, was.active_at, was.fired_at, was.keep_firing_since, at)  # 7
    if was.state is State.RESOLVED and was.resolved_at is not None and at - was.resolved_at <= RESOLVED_FOR:
        return replace(was, no_data_since=None)
    return QUIET  # 5


def _transitions(before: Instances, after: Instances, at: datetime) -> Iterator[Transition]:
    for labels, now in after.items():
        was = before.get(labels, QUIET)
        kind = _kind(was, now)
        if kind is not None:
            yield Transition(kind, labels, was.state, now)
    for labels in before.keys() - after.keys():
        kind, now = _end(labels, before[labels], at)
        if kind is not None:
            yield Transition(kind, labels, before[labels].state, now)


def _end(labels: Labels, was: Instance, at: datetime) -> tuple[Kind | None, Instance]:
    """Of an instance that is no longer kept. One that fires to the last is forgotten for want of data."""
    if _state_before_the_gap(was) is State.FIRING:
        return Kind.RESOLVED, replace(was, state=State.RESOLVED, resolved_at=at)
    gone_for_good = was.state is State.NO_DATA and labels != WHOLE
    return Kind.DROPPED if gone_for_good else _kind(was, QUIET), QUIET


_REACHED = {
    State.PENDING: Kind.PENDING,
    State.FIRING: Kind.FIRED,
    State.RESOLVED: Kind.RESOLVED,
    State.NO_DATA: Kind.NO_DATA,
}
_LEFT = {State.PENDING: Kind.DROPPED, State.NO_DATA: Kind.RETURNED}


def _kind(was: Instance, now: Instance) -> Kind | None:
    if was.state is now.state:
        return None
    if _state_before_the_gap(was) is now.state:
        return Kind.RETURNED
    return _REACHED.get(now.state) or _LEFT.get(was.state)
