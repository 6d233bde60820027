"""The metric explorer: every metric of an environment, and one of them as a chart with marks from the audit trail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core import svg
from apps.core.models import AuditEntry
from apps.core.pages import ScopedPage
from apps.monitoring import selectors
from apps.monitoring.models import MetricSeries
from apps.monitoring.selectors import Drawn

STRETCHES = {"1h": 1, "6h": 6, "24h": 24, "7d": 168, "14d": 336}  # hours
USUAL = "6h"
MARKS = 20
# What may have moved a metric, and what was seen of it. Alerts are an app above: known by the kinds of their entries.
MARKED = Q(kind__startswith="flags.") | Q(kind__in=("alerts.fired", "alerts.resolved"))


EXAMPLE = """curl -X POST %s/api/v1/metrics \\
  -H 'Authorization: Bearer YOUR-INGEST-KEY' -H 'Content-Type: application/json' \\
  -d '{"samples": [{"name": "active_users", "value": 42}]}'"""


@dataclass(frozen=True, slots=True)
class Line:
    """One series, and what it came to."""

    tone: str
    words: str
    last: float
    low: float
    high: float


class MetricsPage(ScopedPage):
    title = gettext_lazy("Metrics")
    template_name = "monitoring/metrics.html"
    permission = "monitoring.view_metricseries"

    def get(self, request: HttpRequest) -> HttpResponse:
        names = selectors.metric_names(self.environment)
        known = {row["name"] for row in names}
        asked = request.GET.get("name", "")
        stretch = request.GET.get("for", "")
        context: dict[str, Any] = {"names": names, "asked": asked, "example": EXAMPLE % settings.PUBLIC_URL}
        if asked in known:
            context |= self._chart(asked, stretch if stretch in STRETCHES else USUAL)
        return self.render(**context)

    def _chart(self, name: str, stretch: str) -> dict[str, Any]:
        since = self.at - timedelta(hours=STRETCHES[stretch])
        found, count = selectors.drawn(self.environment, name, since=since, until=self.at)
        marks = self._marks(since)
        return {
            "stretch": stretch,
            "stretches": list(STRETCHES),
            "chart": self._drawn(name, found, since, marks),
            "lines": [_line(n, one) for n, one in enumerate(found) if one.buckets],
            "hidden": count - len(found),
            "marks": marks,
        }

    def _marks(self, since: datetime) -> list[AuditEntry]:
        entries = core.audit_entries().filter(MARKED, environment=self.environment, at__gte=since)
        return list(entries.order_by("-at", "-id")[:MARKS])

    def _drawn(self, name: str, found: list[Drawn], since: datetime, marks: list[AuditEntry]) -> SafeString:
        length = (self.at - since).total_seconds()

        def share(at: datetime) -> float:
            return (at - since).total_seconds() / length

        moments = [[share(bucket.last_at) for bucket in each.buckets] for each in found]
        series = [list(zip(x, heights(each), strict=True)) for x, each in zip(moments, found, strict=True)]
        words = _("%(name)s since %(since)s UTC") % {"name": name, "since": f"{since:%Y-%m-%d %H:%M}"}
        return svg.lines(series, label=words, marks=[share(entry.at) for entry in marks])


def heights(one: Drawn) -> list[float]:
    """What a chart shows: of a counter how much it grew, of a distribution the 95th percentile, else the last value."""
    if one.kind == MetricSeries.Kind.COUNTER:
        last = [bucket.last for bucket in one.buckets]
        return [max(now - was, 0.0) for was, now in pairwise([*last[:1], *last])]
    if one.kind == MetricSeries.Kind.DISTRIBUTION:
        return [(bucket.sketch and bucket.sketch.quantile(0.95)) or bucket.maximum for bucket in one.buckets]
    return [bucket.last for bucket in one.buckets]


def _line(n: int, one: Drawn) -> Line:
    shown = heights(one)
    words = ", ".join(f"{name}={value}" for name, value in one.labels) or _("without labels")
    return Line("abcd"[n % 4], words, shown[-1], min(shown), max(shown))
