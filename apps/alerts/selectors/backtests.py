"""What a rule would have done lately: the very function that judges it, over what is still known."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from apps.alerts.domain.backtest import Backtest, backtest
from apps.alerts.domain.labels import label_set
from apps.alerts.domain.rules import Rule
from apps.alerts.selectors.vectors import History

DAYS = 14
TICK = timedelta(minutes=1)


Points = list[tuple[datetime, float]]


def tried(environment_id: int, rule: Rule, *, at: datetime) -> tuple[Backtest, Points]:
    """The last 14 days minute by minute, and the worst value of each tick."""
    since = at - timedelta(days=DAYS)
    history = History(environment_id, rule, since=since, until=at)
    return backtest(rule, _ticks(since, at), history.vector_at), history.worst


def _ticks(since: datetime, until: datetime) -> Iterator[datetime]:
    while since <= until:
        yield since
        since += TICK


def values_over(environment_id: int, rule: Rule, labels: dict[str, str], *, since: datetime, until: datetime) -> Points:
    """What the rule saw of one series, minute by minute."""
    seen = seen_at(environment_id, rule, labels, list(_ticks(since, until)))
    return [(at, value) for at, value in seen if value is not None]


def seen_at(
    environment_id: int, rule: Rule, labels: Mapping[str, str], moments: Iterable[datetime]
) -> list[tuple[datetime, float | None]]:
    """What the rule saw of one series at these moments; None where it saw nothing. No other series is read."""
    ticks, wanted = sorted(moments), label_set(labels)
    history = History(environment_id, rule, since=ticks[0], until=ticks[-1], labels=labels)
    return [(at, history.vector_at(at).get(wanted)) for at in ticks]
