"""What many rules of one environment ask at one moment: every metric is read once, for the longest window, and rules
with the same question share the answer. From memory after `read`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from apps.alerts.domain.instances import Vector
from apps.alerts.domain.labels import Matcher, all_match
from apps.alerts.domain.rules import Query, Rule
from apps.alerts.domain.windows import Series, baseline_at, changes, vector
from apps.alerts.selectors.vectors import merged, series_of
from apps.monitoring import selectors as monitoring
from apps.monitoring.selectors import Measured, Sampled

Stretch = tuple[datetime, datetime]  # (since, until]
LONGEST_OF_SAMPLES = monitoring.LONGEST_OF_SAMPLES


def vector_at(environment_id: int, rule: Rule, at: datetime) -> Vector:
    """A value for each series; of a rule about change, the change in per cent."""
    together = Round(environment_id, [rule], at)
    together.read()
    return together.vector_of(rule)


class Round:
    def __init__(self, environment_id: int, rules: Iterable[Rule], at: datetime) -> None:
        self._environment_id, self._at = environment_id, at
        self._since: dict[tuple[str, datetime], datetime] = {}  # of samples: by metric and the end of what is read
        self._long: defaultdict[Stretch, set[str]] = defaultdict(set)
        self._sampled: dict[tuple[str, datetime], list[Sampled]] = {}
        self._measured: dict[Stretch, dict[str, list[Measured]]] = {}
        self._known: dict[tuple[Query, datetime], Vector] = {}
        for rule in rules:
            for until in _ends(rule, at):
                self._need(rule.query, until)

    def read(self) -> None:
        """Two queries for each length of window that somebody asks for, however many rules and series."""
        stretches: defaultdict[Stretch, list[str]] = defaultdict(list)
        for (name, end), since in self._since.items():
            stretches[since, end].append(name)
        for (since, end), names in stretches.items():
            found = monitoring.sampled(self._environment_id, names, since=since, until=end)
            self._sampled |= {(name, end): series for name, series in found.items()}
        for (since, until), metrics in self._long.items():
            found_long = monitoring.measured(self._environment_id, metrics, since=since, until=until)
            self._measured[since, until] = found_long

    def vector_of(self, rule: Rule) -> Vector:
        """A value for each series; of a rule about change, the change in per cent."""
        now, *before = [self._found(rule.query, until) for until in _ends(rule, self._at)]
        return changes(now, before[0], rule.relative.minimum) if rule.relative else now

    def _need(self, query: Query, until: datetime) -> None:
        window = timedelta(seconds=query.window_seconds)
        if window > LONGEST_OF_SAMPLES:
            self._long[until - window, until] |= set(_metrics(query))
            return
        since = until - window - (monitoring.LOOK_BACK if query.aggregate.counts else timedelta(0))
        for name in _metrics(query):
            key = name, self._end(until)
            self._since[key] = min(since, self._since.get(key, since))

    def _end(self, until: datetime) -> datetime:
        """The window before is read with the one that ends now; last week's is not."""
        return self._at if self._at - until <= LONGEST_OF_SAMPLES else until

    def _found(self, query: Query, until: datetime) -> Vector:
        if (query, until) not in self._known:
            below = query.denominator
            denominators = self._series(below.metric, below.matchers, query, until) if below else []
            series = self._series(query.metric, query.matchers, query, until)
            self._known[query, until] = vector(query, series, denominators, merge=merged)
        return self._known[query, until]

    def _series(self, metric: str, matchers: Sequence[Matcher], query: Query, until: datetime) -> list[Series]:
        window = timedelta(seconds=query.window_seconds)
        if window > LONGEST_OF_SAMPLES:
            found = self._measured[until - window, until][metric]
            return [
                series_of(one.labels, one.buckets, int(one.began), query)
                for one in found
                if all_match(matchers, one.labels)
            ]
        sampled = self._sampled[metric, self._end(until)]
        cut = monitoring.Window(until - window, until)
        matching = [one for one in sampled if all_match(matchers, one.labels)] if matchers else sampled
        return list(_cut(matching, cut, query))


def _cut(sampled: Iterable[Sampled], window: monitoring.Window, query: Query) -> Iterator[Series]:
    """Those that have a sample in the window."""
    counts, sketched = query.aggregate.counts, query.aggregate.quantile is not None
    since, until = window.since, window.until
    for one in sampled:
        if counts:
            points = one.counted(window)
            if points:
                yield Series(one.labels, points)
        elif (span := one.column.inside(since, until)) is not None:
            yield Series(one.labels, (span,), [span.sketch] if sketched and one.is_distribution else ())


def _metrics(query: Query) -> list[str]:
    return [query.metric, *([query.denominator.metric] if query.denominator else [])]


def _ends(rule: Rule, at: datetime) -> list[datetime]:
    """Of the windows that it looks at, the present one first."""
    if rule.relative is None:
        return [at]
    return [at, baseline_at(rule.relative.baseline, rule.query.window_seconds, at)]
