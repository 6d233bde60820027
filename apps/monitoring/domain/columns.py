"""The samples of one series side by side: times in one array, values in another. Sums are made when they are asked
for, so that a window of which nobody wants the minimum costs none."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from .sketch import Sketch, sketch_of
from .values import exact_sum

SECOND = 1_000_000  # microseconds
_START = datetime(2000, 1, 1, tzinfo=UTC)  # where PostgreSQL counts from; whole minutes after 1970, as buckets are
_TICK = timedelta(microseconds=1)


def moment_of(at: datetime) -> int:
    """Microseconds."""
    return (at - _START) // _TICK


@dataclass(slots=True)
class Point:
    """One sample, or the last of a second or a minute, as counters need it. Not frozen: making many would be slow."""

    moment: int
    last: float

    @property
    def last_at(self) -> datetime:
        return _START + self.moment * _TICK

    @property
    def count(self) -> int:
        return 1

    @property
    def total(self) -> float:
        return self.last

    minimum = maximum = total


class Span:
    """Some samples of a series, at least one, as one bucket."""

    __slots__ = ("_moment", "_values")

    def __init__(self, values: "array[float]", moment: int) -> None:
        self._values, self._moment = values, moment  # by time, and when the last was

    @property
    def count(self) -> int:
        return len(self._values)

    @property
    def total(self) -> float:
        return exact_sum(self._values)

    @property
    def minimum(self) -> float:
        return min(self._values)

    @property
    def maximum(self) -> float:
        return max(self._values)

    @property
    def last(self) -> float:
        return self._values[-1]

    @property
    def last_at(self) -> datetime:
        return _START + self._moment * _TICK

    @property
    def sketch(self) -> Sketch:
        return sketch_of(self._values)


class Column(NamedTuple):
    moments: "array[int]"  # by time, none twice
    values: "array[float]"

    def inside(self, since: int, until: int) -> Span | None:
        """The samples of (since, until]; None when there are none."""
        moments = self.moments
        if moments[0] > since and moments[-1] <= until:  # mostly all of it is wanted
            return Span(self.values, moments[-1])
        first, end = self._bounds(since, until)
        return Span(self.values[first:end], moments[end - 1]) if first < end else None

    def lasts(self, since: int, until: int, *, unit: int, look_back: int) -> Sequence[Point]:
        """The last sample of each unit of (since, until], from the last one before on, unless that is too old. Empty
        when nothing is inside."""
        first, end = self._bounds(since, until)
        if first == end:
            return ()
        moments, values = self.moments[first:end], self.values[first:end]
        last = dict(zip([moment // unit for moment in moments], range(len(moments)), strict=True))
        if len(last) < len(moments):
            moments = array("q", [moments[n] for n in last.values()])
            values = array("d", [values[n] for n in last.values()])
        found = list(map(Point, moments, values))
        if first and self.moments[first - 1] > since - look_back:
            found.insert(0, Point(self.moments[first - 1], self.values[first - 1]))
        return found

    def _bounds(self, since: int, until: int) -> tuple[int, int]:
        return bisect_right(self.moments, since), bisect_right(self.moments, until)
