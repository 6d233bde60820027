"""The chart of a notice, read when it is sent: judging waits for none, and of a hundred alerts in one message only the
first is drawn. A notice without its chart is better than none, so nothing that goes wrong here is passed on."""

import logging
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from apps.alerts import selectors
from apps.alerts.domain.charts import Chart, Point
from apps.alerts.domain.parsing import parse_rule
from apps.alerts.domain.rules import Rule
from apps.alerts.models import Alert, Notification

logger = logging.getLogger(__name__)
POINTS = 31
BEFORE, WINDOWS = timedelta(hours=1), 4  # shown before an alert; of a rule with a long window, so many of them
LONGEST = timedelta(days=1)  # of a recovery: what fired for a week is not read for a week


def chart_of(row: Notification) -> Chart | None:
    """None without an alert, without two values, and when it cannot be read."""
    if row.alert is None:
        return None
    try:
        with transaction.atomic():
            return _chart(row.alert, parse_rule(row.alert.definition), row)
    except Exception:
        logger.exception("the chart of notification %s cannot be read", row.pk)
        return None


def moments(rule: Rule, began: datetime, until: datetime) -> list[datetime]:
    """When to look, as far apart as each other; the last one is when it fired or recovered."""
    span = max(BEFORE, WINDOWS * timedelta(seconds=rule.query.window_seconds))
    shown = min(until - began + span, max(span, LONGEST)).total_seconds()
    step = timedelta(seconds=round(shown / (POINTS - 1)))
    return [until - step * n for n in reversed(range(POINTS))]


def _chart(alert: Alert, rule: Rule, row: Notification) -> Chart | None:
    over = row.kind == Notification.Kind.RECOVERED and alert.resolved_at
    ticks = moments(rule, alert.active_at, over or alert.fired_at)
    seen = selectors.seen_at(alert.environment_id, rule, alert.labels, ticks)
    told = row.content.get("value")  # what decided, whatever has been measured since
    return drawn(rule, [*seen[:-1], (ticks[-1], seen[-1][1] if told is None else told)])


def drawn(rule: Rule, seen: Sequence[tuple[datetime, float | None]]) -> Chart | None:
    points = tuple(_point(rule, at, value) for at, value in seen)
    values = [point.value for point in points if point.value is not None]
    if len(values) < 2:
        return None
    return Chart(
        points=points,
        threshold=rule.threshold,
        lowest=rule.in_words(min(values)),
        highest=rule.in_words(max(values)),
        limit=f"{rule.comparison.words} {rule.in_words(rule.threshold)}",
    )


def _point(rule: Rule, at: datetime, value: float | None) -> Point:
    if value is None or not math.isfinite(value):
        return Point(at, None)
    return Point(at, value, rule.beyond(value))
