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
from apps.core.domain.units import Unit, in_words, unit_of
from apps.core.models import AuditEntry
from apps.core.pages import ScopedPage
from apps.monitoring import selectors
from apps.monitoring.domain.rollups import Bucket
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
    last: str  # in words; empty while a counter has no two buckets to grow between
    low: str
    high: str


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
            "lines": [_line(n, one, _unit(name, found)) for n, one in enumerate(found) if one.buckets],
            "hidden": count - len(found),
            "marks": marks,
        }

    def _marks(self, since: datetime) -> list[AuditEntry]:
        entries = core.audit_entries().filter(MARKED, environment=self.environment, at__gte=since)
        return list(entries.order_by("-at", "-id")[:MARKS])

    def _drawn(self, name: str, found: list[Drawn], since: datetime, marks: list[AuditEntry]) -> SafeString:
        unit = _unit(name, found)
        return svg.lines(
            [points(each) for each in found],
            since=since,
            until=self.at,
            label=_("%(name)s since %(since)s UTC") % {"name": name, "since": f"{since:%Y-%m-%d %H:%M}"},
            words=lambda value: in_words(value, unit),
            marks=[entry.at for entry in marks],
        )


def points(one: Drawn) -> list[tuple[datetime, float]]:
    """What a chart shows: of a counter how fast it grew, of a distribution the 95th percentile, else the last value."""
    if one.kind == MetricSeries.Kind.COUNTER:
        return [(now.last_at, _rate(was, now)) for was, now in pairwise(one.buckets)]
    if one.kind == MetricSeries.Kind.DISTRIBUTION:
        return [(each.last_at, (each.sketch and each.sketch.quantile(0.95)) or each.maximum) for each in one.buckets]
    return [(each.last_at, each.last) for each in one.buckets]


def _rate(was: Bucket, now: Bucket) -> float:
    """A second. A counter that is smaller than before began again at zero."""
    grown = now.last - was.last if now.last >= was.last else now.last
    return grown / (now.last_at - was.last_at).total_seconds()


def _unit(name: str, found: list[Drawn]) -> Unit:
    return Unit.PER_SECOND if found and found[0].kind == MetricSeries.Kind.COUNTER else unit_of(name)


def _line(n: int, one: Drawn, unit: Unit) -> Line:
    shown = [value for _at, value in points(one)]
    words = ", ".join(f"{name}={value}" for name, value in one.labels) or _("without labels")
    told = [in_words(value, unit) for value in (shown[-1], min(shown), max(shown))] if shown else ["", "", ""]
    return Line("abcd"[n % 4], words, *told)
