"""Silences: who is not heard, and from when to when. An alert goes on under a silence; only its notices stop."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.flags.domain.engine.validation import Problem

from .labels import Labels, Matcher, all_match
from .limits import DAY, MAX_SILENCE_SECONDS
from .problems import matcher_problems


class Standing(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Silence:
    matchers: tuple[Matcher, ...]  # all have to match
    starts_at: datetime
    ends_at: datetime  # not included


def standing(silence: Silence, at: datetime) -> Standing:
    if at < silence.starts_at:
        return Standing.PENDING
    return Standing.ACTIVE if at < silence.ends_at else Standing.EXPIRED


def silenced_by(silences: Iterable[Silence], labels: Labels, at: datetime) -> Silence | None:
    """The active silence that lasts longest; None when the alert may be heard."""
    active = (one for one in silences if standing(one, at) is Standing.ACTIVE and all_match(one.matchers, labels))
    return max(active, key=lambda one: one.ends_at, default=None)


def would_mute(silence: Silence, alerts: Iterable[Labels]) -> tuple[Labels, ...]:
    """The alerts that it would mute while it is active, so that a form can show them before it is saved."""
    return tuple(labels for labels in alerts if all_match(silence.matchers, labels))


def silence_problems(silence: Silence, at: datetime) -> list[Problem]:
    """Every problem of a silence that is to be made at `at`; empty when it can be."""
    return list(_problems(silence, at))


def _problems(silence: Silence, at: datetime) -> Iterator[Problem]:
    yield from matcher_problems("matchers", silence.matchers)
    if _matches_all(silence.matchers):
        yield "matchers", "match every alert: name a label value that is not empty"
    if silence.ends_at <= silence.starts_at:
        yield "ends_at", "must be after the start"
    elif silence.ends_at <= at:
        yield "ends_at", "must be in the future"
    elif silence.ends_at - silence.starts_at > timedelta(seconds=MAX_SILENCE_SECONDS):
        yield "ends_at", f"must be at most {MAX_SILENCE_SECONDS // DAY} days after the start"


def _matches_all(matchers: Sequence[Matcher]) -> bool:
    """Whether even an alert without labels is matched, as `.*` does: nobody means to silence everything."""
    return all_match(matchers, ())
