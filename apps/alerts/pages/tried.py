"""What a rule would have done, as the page shows it: figures, a chart, and each time that it fired."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.alerts.domain.backtest import Backtest, Firing
from apps.alerts.domain.labels import label_words
from apps.alerts.domain.rules import Rule
from apps.alerts.selectors.backtests import DAYS, Points
from apps.core import svg
from apps.flags.domain.wording import duration

DRAWN = 600  # points of the line; of each stretch the worst value
LISTED = 20  # firings


@dataclass(frozen=True, slots=True)
class Fired:
    from_at: datetime
    to_at: datetime | None
    lasted: str
    peak: str
    labels: str


@dataclass(frozen=True, slots=True)
class Tried:
    count: int
    notices: int
    failures: int
    total: str
    longest: str
    worst: str
    threshold: str
    recovery: str
    days: int
    has_data: bool
    since: datetime  # where the chart begins
    chart: SafeString
    firings: list[Fired]


def tried(rule: Rule, result: Backtest, values: Points, at: datetime) -> Tried:
    longest = max((one.lasted(at) for one in result.firings), default=timedelta(0))
    pick = max if rule.comparison.upward else min
    return Tried(
        count=len(result.firings),
        notices=result.notices,
        failures=result.failures,
        total=_length(result.fired_for(at)),
        longest=_length(longest),
        worst=rule.in_words(pick(value for _at, value in values)) if values else "",
        threshold=rule.in_words(rule.threshold),
        recovery="" if rule.recovery_threshold is None else rule.in_words(rule.recovery_threshold),
        days=DAYS,
        has_data=bool(values),
        since=_since(values, at),
        chart=_drawn(rule, result, values, at),
        firings=[_fired(rule, one, at) for one in result.firings[:LISTED]],
    )


def _fired(rule: Rule, one: Firing, at: datetime) -> Fired:
    peak = _("no data") if one.peak is None else rule.in_words(one.peak)
    return Fired(one.from_at, one.to_at, _length(one.lasted(at)), peak, label_words(dict(one.labels)))


def _length(length: timedelta) -> str:
    """As in "3 hours 12 minutes"; the two largest units are enough."""
    minutes = int(length.total_seconds()) // 60
    days, hours = minutes // 1_440, minutes // 60 % 24
    parts = [(days, 86_400), (hours, 3_600), (minutes % 60, 60)]
    return " ".join([duration(count * size) for count, size in parts if count][:2]) or _("under a minute")


def _since(values: Points, at: datetime) -> datetime:
    """An hour of data is not squeezed into the last line of a fortnight."""
    return values[0][0] if values else at - timedelta(days=DAYS)


def _drawn(rule: Rule, result: Backtest, values: Points, at: datetime) -> SafeString:
    since = _since(values, at)
    names = {"rule": rule.key, "days": DAYS, "count": len(result.firings)}
    words = _("The worst value of %(rule)s in the last %(days)d days; it would have fired %(count)d times") % names
    return svg.lines(
        [_thinned(values, rule)] if values else [],
        since=since,
        until=at,
        label=words,
        words=rule.in_words,
        bound=rule.threshold,
        other_bound=rule.recovery_threshold,
        bands=[(max(start, since), end) for start, end in result.stretches(at)],
    )


def _thinned(values: Points, rule: Rule) -> Points:
    """Few enough to draw, and none of the bad ones lost."""
    pick = max if rule.comparison.upward else min
    values = [point for point in values if isfinite(point[1])]
    size = max(-(-len(values) // DRAWN), 1)
    return [pick(values[n : n + size], key=lambda point: point[1]) for n in range(0, len(values), size)]
