"""What the metric explorer shows: names, and series over hours or days as few enough points for a chart."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Count, Max, Min

from apps.core.models import Environment
from apps.monitoring.domain.rollups import Bucket
from apps.monitoring.domain.series import Labels
from apps.monitoring.models import MetricRollup, MetricSeries
from apps.monitoring.selectors.rollups import bucket_of

MINUTES_AT_MOST = timedelta(hours=12)  # longer stretches are shown by the hour
SERIES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """One series of a chart."""

    labels: Labels
    kind: str
    buckets: tuple[Bucket, ...]


class Named(TypedDict):
    name: str
    kind: str
    series: int
    last_at: datetime


def metric_names(environment: Environment) -> list[Named]:
    """Every name with its kind, the number of its series and when it was last heard of."""
    rows = MetricSeries.objects.filter(environment=environment).values("name")
    found = rows.annotate(kind=Min("kind"), series=Count("pk"), last_at=Max("last_at")).order_by("name")
    return [Named(**row) for row in found]


def drawn(environment: Environment, name: str, *, since: datetime, until: datetime) -> tuple[list[Drawn], int]:
    """Up to 20 series of the metric, the newest first, and how many there are."""
    rows = MetricSeries.objects.filter(environment=environment, name=name, last_at__gte=since)
    rows = rows.order_by("-last_at", "pk")
    shown, count = list(rows[:SERIES_SHOWN]), rows.count()
    fine = until - since <= MINUTES_AT_MOST
    resolution = MetricRollup.Resolution.MINUTE if fine else MetricRollup.Resolution.HOUR
    found: defaultdict[int, list[Bucket]] = defaultdict(list)
    kept = MetricRollup.objects.filter(series__in=shown, resolution=resolution, start__gte=since, start__lte=until)
    for row in kept.order_by("start"):
        found[row.series_id].append(bucket_of(row))
    return [Drawn(tuple(sorted(row.labels.items())), row.kind, tuple(found[row.pk])) for row in shown], count
