"""What a rule would have done in the past, by the very function that steps it today. Writes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .instances import Failed, Instance, Instances, Vector, step
from .labels import Labels
from .rules import Rule


@dataclass(frozen=True, slots=True)
class Firing:
    labels: Labels
    from_at: datetime
    to_at: datetime | None  # None: still firing at the last tick
    peak: float | None  # the worst value; None when it fired for want of data

    def lasted(self, until: datetime) -> timedelta:
        """Up to `until` where it has no end."""
        return (self.to_at or until) - self.from_at


@dataclass(frozen=True, slots=True)
class Backtest:
    firings: tuple[Firing, ...]  # in the order in which they began
    notices: int  # that people would have got, if nothing had muted or grouped them
    ticks: int
    failures: int  # ticks whose query had no answer

    def stretches(self, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """When anything fired, in order: firings that overlap are one stretch."""
        found: list[tuple[datetime, datetime]] = []
        for one in self.firings:
            end = one.to_at or until
            if found and one.from_at <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], end))
            else:
                found.append((one.from_at, end))
        return tuple(found)

    def fired_for(self, until: datetime) -> timedelta:
        """How long anything fired at all."""
        return sum((end - start for start, end in self.stretches(until)), timedelta(0))


def backtest(rule: Rule, ticks: Iterable[datetime], vector_at: Callable[[datetime], Vector | Failed]) -> Backtest:
    """From no instances at the first tick. The ticks come in order, as far apart as the rule's evaluations."""
    instances: Instances = {}
    still: dict[Labels, Firing] = {}
    ended: list[Firing] = []
    notices = count = failures = 0
    for at in ticks:
        found = vector_at(at)
        stepped = step(rule, instances, found, at)
        instances = stepped.instances
        ended += [replace(still.pop(labels), to_at=at) for labels in list(still) if not _fires(instances.get(labels))]
        still |= _firings(rule, still, instances)
        notices += sum(each.is_news for each in stepped.transitions)
        failures += isinstance(found, Failed)
        count += 1
    firings = sorted([*ended, *still.values()], key=lambda one: (one.from_at, one.labels))
    return Backtest(tuple(firings), notices, count, failures)


def _fires(instance: Instance | None) -> bool:
    """Also while its data is missing."""
    return instance is not None and instance.fired_at is not None and instance.resolved_at is None


def _firings(rule: Rule, still: Mapping[Labels, Firing], instances: Instances) -> Iterator[tuple[Labels, Firing]]:
    for labels, now in instances.items():
        if now.fired_at is not None and _fires(now):
            known = still.get(labels) or Firing(labels, now.fired_at, None, None)
            yield labels, replace(known, peak=_worse(rule, known.peak, now.value))


def _worse(rule: Rule, one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if rule.comparison.upward else min(one, other)
