"""The deploy calendar: whether a deployment may start, or take more traffic, at a moment, why, and when it next may.
Knows no deployment and no clock; who may deploy at any time all the same is up to the caller."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_DAYS = 62  # that a page draws
_FOREVER = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_NEXT_START = 15 * _DAY  # one start a week, of which a change of clocks may swallow one
_LOOK_AHEAD = 366 * _DAY  # stretches in two zones may meet only in the weeks between two changes of clocks


class Verdict(StrEnum):
    OPEN = "open"
    AVOID = "avoid"  # a deployment may start, but should not
    CLOSED = "closed"  # outside the windows
    FROZEN = "frozen"

    @property
    def may_start(self) -> bool:
        return self in (Verdict.OPEN, Verdict.AVOID)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on these days, from one clock time to the next time another comes: 22:00 to 02:00 ends a day later.

    Clock times are read as iCalendar reads them (RFC 5545, 3.3.5): one that comes twice is the first of the two, one
    that is skipped counts with the offset from before.
    """

    weekdays: frozenset[int]  # 0 is Monday
    from_time: time
    to_time: time  # not included
    zone: ZoneInfo
    reason: str = ""

    def stretches(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Those that overlap with the time from `since` to `until`, in UTC."""
        day = since.astimezone(self.zone).date() - _DAY
        while day <= until.astimezone(self.zone).date():
            if day.weekday() in self.weekdays:
                start_at, end_at = self._of(day)
                if max(start_at, since) < min(end_at, until):
                    yield start_at, end_at
            day += _DAY

    @property
    def words(self) -> str:
        """As in "Tuesday to Thursday 10:00 to 14:00 UTC"."""
        end = f"{self.to_time:%H:%M}" if self.to_time != time() else "24:00"
        return f"{_day_words(self.weekdays)} {self.from_time:%H:%M} to {end} {self.zone.key}"

    def _of(self, day: date) -> tuple[datetime, datetime]:
        end_day = day if self.from_time < self.to_time else day + _DAY
        start_at = datetime.combine(day, self.from_time, self.zone)
        return start_at.astimezone(UTC), datetime.combine(end_day, self.to_time, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Freeze:
    """Once, with a reason."""

    starts_at: datetime
    ends_at: datetime | None  # not included; None: until somebody lifts it
    reason: str

    def stretches(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        end_at = self.ends_at or _FOREVER
        if max(self.starts_at, since) < min(end_at, until):
            yield self.starts_at, end_at


@dataclass(frozen=True, slots=True)
class Calendar:
    windows: tuple[Weekly, ...]  # none: open all the time
    freezes: tuple[Freeze | Weekly, ...] = ()
    avoid: tuple[Weekly, ...] = ()  # shown, and blocks nothing

    @property
    def zone(self) -> ZoneInfo:
        """The one that times are told in."""
        return self.windows[0].zone if self.windows else _UTC


@dataclass(frozen=True, slots=True)
class Answer:
    verdict: Verdict
    reason: str  # a sentence for people
    opens_at: datetime | None  # when a deployment next may start: `at` itself where it may. None: never
    closes_at: datetime | None  # when it next may not; None: not in sight, or it may not now


@dataclass(frozen=True, slots=True)
class Stretch:
    start_at: datetime
    end_at: datetime  # not included
    verdict: Verdict
    why: str  # "" where a deployment may start and nothing is to be said


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the calendar's zone: 23 or 25 hours long where clocks change. Its stretches leave nothing out."""

    day: date
    stretches: tuple[Stretch, ...]


_UTC = ZoneInfo("UTC")
DEFAULT_WINDOWS = (Weekly(frozenset({1, 2, 3}), time(10), time(14), _UTC),)
DEFAULT_AVOID = (
    Weekly(frozenset({0}), time(0), time(12), _UTC, "Monday morning, the weekend's faults are still being found"),
    Weekly(frozenset({4}), time(12), time(0), _UTC, "Friday afternoon, a fault would have to be mended at the weekend"),
)
DEFAULT_CALENDAR = Calendar(DEFAULT_WINDOWS, (), DEFAULT_AVOID)


def judged(calendar: Calendar, at: datetime) -> Answer:
    verdict, why = _state(calendar, at)
    if verdict.may_start:
        closes_at = _closes_at(calendar, at)
        return Answer(verdict, _allowed(calendar, why, closes_at), at, closes_at)
    opens_at = _opens_at(calendar, at)
    frozen = _longest(calendar.freezes, at)
    if frozen:
        return Answer(verdict, f"Frozen {_until(calendar, frozen[0])}: {why}.", opens_at, None)
    return Answer(verdict, f"Closed {_until(calendar, opens_at)}: {why}.", opens_at, None)


def days(calendar: Calendar, since: datetime, count: int) -> tuple[Day, ...]:
    """`count` days of the calendar's zone, from the one of `since` on."""
    first = since.astimezone(calendar.zone).date()
    return tuple(_day(calendar, first + number * _DAY) for number in range(min(count, MAX_DAYS)))


def _state(calendar: Calendar, at: datetime) -> tuple[Verdict, str]:
    """The verdict, and why where there is something to say. Of several freezes the one that lasts longest speaks."""
    frozen = _longest(calendar.freezes, at)
    if frozen:
        return Verdict.FROZEN, _clause(frozen[1].reason)
    avoided = _longest(calendar.avoid, at)
    why = _clause(avoided[1].reason) if avoided else ""
    if calendar.windows and _longest(calendar.windows, at) is None:
        return Verdict.CLOSED, why or f"deployments start {' and '.join(window.words for window in calendar.windows)}"
    return (Verdict.AVOID if avoided else Verdict.OPEN), why


def _longest(stretches: Iterable[Freeze | Weekly], at: datetime) -> tuple[datetime, Freeze | Weekly] | None:
    """The one that covers `at` and ends last, with its end."""
    moment = at + datetime.resolution
    covering = [(end_at, one) for one in stretches for _start_at, end_at in one.stretches(at, moment)]
    return max(covering, key=lambda found: found[0], default=None)


def _opens_at(calendar: Calendar, at: datetime) -> datetime | None:
    """Goes from the end of a freeze to the next start of a window, until neither is in the way."""
    ends = [freeze.ends_at for freeze in calendar.freezes if isinstance(freeze, Freeze) and freeze.ends_at]
    last, moment = max([at, *ends]) + _LOOK_AHEAD, at
    while moment <= last:
        if _state(calendar, moment)[0].may_start:
            return moment
        frozen = _longest(calendar.freezes, moment)
        moment = frozen[0] if frozen else _next_start(calendar.windows, moment)
    return None


def _next_start(windows: Iterable[Weekly], after: datetime) -> datetime:
    starts = (
        next((start_at for start_at, _ in window.stretches(after, after + _NEXT_START) if start_at > after), _FOREVER)
        for window in windows
    )
    return min(starts, default=_FOREVER)


def _closes_at(calendar: Calendar, at: datetime) -> datetime | None:
    once = [freeze.starts_at for freeze in calendar.freezes if isinstance(freeze, Freeze) and freeze.starts_at > at]
    edges = sorted([*_edges(calendar, at, at + _NEXT_START), *once])
    return next((edge for edge in edges if not _state(calendar, edge)[0].may_start), None)


def _edges(calendar: Calendar, since: datetime, until: datetime) -> set[datetime]:
    """Where the state may change, between the two."""
    every = (*calendar.windows, *calendar.freezes, *calendar.avoid)
    return {edge for one in every for pair in one.stretches(since, until) for edge in pair if since < edge < until}


def _day(calendar: Calendar, day: date) -> Day:
    start_at, end_at = (datetime.combine(one, time(), calendar.zone).astimezone(UTC) for one in (day, day + _DAY))
    edges = [start_at, *sorted(_edges(calendar, start_at, end_at)), end_at]
    states = [(_state(calendar, one), one, until) for one, until in pairwise(edges)]
    return Day(day, tuple(_merged(list(group)) for _state_, group in groupby(states, key=lambda each: each[0])))


def _merged(group: list[tuple[tuple[Verdict, str], datetime, datetime]]) -> Stretch:
    (verdict, why), start_at, _ = group[0]
    return Stretch(start_at, group[-1][2], verdict, why)


def _clause(reason: str) -> str:
    """Without the full stop that people may have typed: it becomes part of a sentence."""
    return reason.rstrip(". ")


def _allowed(calendar: Calendar, why: str, closes_at: datetime | None) -> str:
    if why:
        return f"Allowed, but better not now: {why}."
    return f"Open {_until(calendar, closes_at)}." if closes_at else "Open: nothing in sight closes it."


def _until(calendar: Calendar, moment: datetime | None) -> str:
    if moment is None or moment == _FOREVER:
        return "until further notice"
    local = moment.astimezone(calendar.zone)
    return f"until {WEEKDAYS[local.weekday()].title()} {local:%Y-%m-%d %H:%M} {calendar.zone.key}"


def _day_words(weekdays: frozenset[int]) -> str:
    """Days in a row are named by the first and the last, others one by one."""
    ordered = sorted(weekdays)
    names = [WEEKDAYS[number].title() for number in ordered]
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)
