"""The chart of a notice as plain data: what a rule saw of one series. How a channel draws it is the gateways'."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"  # where the rule saw nothing


class Point(NamedTuple):
    at: datetime
    value: float | None  # None: no data
    beyond: bool = False  # the rule's threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    points: tuple[Point, ...]  # by time, as far apart as each other; at least one has a value
    threshold: float
    lowest: str  # in words, with the rule's unit
    highest: str
    limit: str  # as in "above 5 %"

    @property
    def values(self) -> list[float]:
        return [point.value for point in self.points if point.value is not None]

    @property
    def sparkline(self) -> str:
        """A block for each point, from the lowest value to the highest."""
        low, high = min(self.values), max(self.values)
        return "".join(GAP if point.value is None else _block(point.value, low, high) for point in self.points)

    @property
    def words(self) -> str:
        """What there is to see, for whoever sees no chart."""
        beyond, known = sum(point.beyond for point in self.points), len(self.values)
        missing = len(self.points) - known
        told = f"{self.span}: lowest {self.lowest}, highest {self.highest}, {self.limit} in {beyond} of {known} values"
        return told + (f", no data for {missing}" if missing else "")

    @property
    def span(self) -> str:
        """As in "2026-01-05 08:00 to 09:00 UTC"."""
        first, last = self.points[0].at, self.points[-1].at
        return (
            f"{first:%Y-%m-%d %H:%M} to {last:%H:%M}"
            + ("" if first.date() == last.date() else f"{last: on %Y-%m-%d}")
            + " UTC"
        )

    @property
    def scale(self) -> tuple[float, float]:
        """From where to where bars are drawn: from 0, with the threshold in sight."""
        low, high = min(0.0, self.threshold, *self.values), max(0.0, self.threshold, *self.values)
        return low, high if high > low else low + 1.0


def _block(value: float, low: float, high: float) -> str:
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5  # halves cannot overflow
    return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]
