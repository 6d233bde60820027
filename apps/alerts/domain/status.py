"""How a component fares now and fared on each day, out of what people set, public incidents and health checks. Days
are days of UTC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from apps.monitoring.domain.checks import uptime
from apps.monitoring.domain.checks.standing import State

DAYS = uptime.DAYS
MOSTLY = 0.5  # up for a smaller part of a day than this counts as a major outage of that day


class Impact(StrEnum):
    """From well to worse; the order is the rank."""

    OPERATIONAL = "OPERATIONAL"
    MAINTENANCE = "MAINTENANCE"
    DEGRADED = "DEGRADED"
    PARTIAL_OUTAGE = "PARTIAL_OUTAGE"
    MAJOR_OUTAGE = "MAJOR_OUTAGE"


RANK = {impact: rank for rank, impact in enumerate(Impact)}
SENTENCES = {
    Impact.OPERATIONAL: "All systems are operational",
    Impact.MAINTENANCE: "Maintenance is under way",
    Impact.DEGRADED: "Some systems are slower or less reliable than usual",
    Impact.PARTIAL_OUTAGE: "Some systems do not work for everybody",
    Impact.MAJOR_OUTAGE: "There is a major outage",
}
NOTHING_LISTED = "No systems are listed here yet"


@dataclass(frozen=True, slots=True)
class Spell:
    """So it was said to be, from `start_at` until just before `end_at`."""

    impact: Impact
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """A health check as a component sees it."""

    state: State
    days: tuple[uptime.Day, ...]

    @property
    def known(self) -> bool:
        return self.state not in (State.NEW, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    impact: Impact | None  # None: nothing is known of it
    share: float | None  # of the time that checks know, how much they were up


def worst(impacts: Iterable[Impact]) -> Impact:
    return max(impacts, key=RANK.__getitem__, default=Impact.OPERATIONAL)


def checks_impact(checks: Iterable[Check]) -> Impact:
    """Those that are new or paused say nothing."""
    down = [check.state is State.DOWN for check in checks if check.known]
    if not any(down):
        return Impact.OPERATIONAL
    return Impact.MAJOR_OUTAGE if all(down) else Impact.PARTIAL_OUTAGE


def component_state(by_hand: Impact, incidents: Iterable[Impact], checks: Iterable[Check]) -> Impact:
    """`incidents` are the impacts of open public ones that name the component."""
    return worst([by_hand, *incidents, checks_impact(checks)])


def sentence(states: Sequence[Impact], incidents: Sequence[Impact] = ()) -> str:
    """One for the whole page: its components, and its open public incidents."""
    if not states and not incidents:
        return NOTHING_LISTED
    return SENTENCES[worst([*states, *incidents])]


def incident_spells(
    impact: Impact,
    told: Iterable[tuple[datetime, Impact]],
    *,
    opened_at: datetime,
    resolved_at: datetime | None,
    at: datetime,
) -> tuple[Spell, ...]:
    """Each public update counts until the next one; the first one for the time before it as well. An incident of which
    nothing was told counts as it stands."""
    ordered = sorted(told, key=lambda one: one[0]) or [(opened_at, impact)]
    end_at = min(resolved_at or at, at)
    later = (min(max(moment, opened_at), end_at) for moment, _impact in ordered[1:])  # some write after the end
    moments = [opened_at, *later, end_at]
    return _spells([one for _moment, one in ordered], moments)


def spells_by_hand(
    turns: Iterable[tuple[datetime, Impact, Impact]], present: Impact, *, created_at: datetime, at: datetime
) -> tuple[Spell, ...]:
    """`turns` are (moment, before, after); without any it was always as it is."""
    ordered = sorted(turns, key=lambda turn: turn[0])
    states = [ordered[0][1], *(after for _moment, _before, after in ordered)] if ordered else [present]
    return _spells(states, [created_at, *(max(turn[0], created_at) for turn in ordered), at])


def bars(
    spells: Iterable[Spell], checks: Sequence[Check], *, known_since: datetime, at: datetime, days: int = DAYS
) -> tuple[Day, ...]:
    """The last days, the oldest first. A component without checks is known from `known_since` on: people answer for
    it. With checks, a day that none of them saw is known only where somebody said that something was wrong."""
    today = at.astimezone(UTC).date()
    span = [today - timedelta(days=number) for number in reversed(range(days))]
    said: dict[date, list[Impact]] = {day: [] for day in span}
    for spell in spells:
        for day in _days_of(spell, span[0], today):
            said[day].append(spell.impact)
    seen = dict.fromkeys(span, (0.0, 0.0))
    for one in (day for check in checks for day in check.days if day.day in seen):
        up, down = seen[one.day]
        seen[one.day] = up + one.up_seconds, down + one.down_seconds
    since = known_since.astimezone(UTC).date()
    return tuple(_day(day, said[day], *seen[day], answered=not checks and day >= since) for day in span)


def uptime_share(checks: Iterable[Check]) -> float | None:
    """Of all its checks and days together. None: nothing measures it."""
    return uptime.overall(day for check in checks for day in check.days)


def _spells(states: Sequence[Impact], moments: Sequence[datetime]) -> tuple[Spell, ...]:
    """What lasted no time, or was well, is left out."""
    stretches = zip(states, pairwise(moments), strict=True)
    return tuple(
        Spell(state, start_at, end_at)
        for state, (start_at, end_at) in stretches
        if end_at > start_at and state is not Impact.OPERATIONAL
    )


def _days_of(spell: Spell, first: date, last: date) -> Iterable[date]:
    day = max(spell.start_at.astimezone(UTC).date(), first)
    while day <= last and datetime.combine(day, time(), UTC) < spell.end_at:
        yield day
        day += timedelta(days=1)


def _day(day: date, said: Sequence[Impact], up: float, down: float, *, answered: bool) -> Day:
    known = up + down
    share = up / known if known else None
    impacts = list(said)
    if share is not None and down:
        impacts.append(Impact.MAJOR_OUTAGE if share < MOSTLY else Impact.PARTIAL_OUTAGE)
    return Day(day, worst(impacts) if impacts or known or answered else None, share)
