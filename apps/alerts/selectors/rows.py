"""Rules and alerts for pages and the API."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.alerts.domain.labels import label_words
from apps.alerts.models import Alert, AlertRule, Response, Severity
from apps.core.models import Environment, Project

STATES = ("firing", "well", "off")
WORST_FIRST = [Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO]


def rules(project: Project, environment: Environment | None = None) -> QuerySet[AlertRule]:
    """By key, with where each stands and how many of its alerts are open."""
    rows = AlertRule.objects.filter(environment__project=project)
    return _standing(rows.filter(environment=environment) if environment else rows)


def _standing(rows: QuerySet[AlertRule]) -> QuerySet[AlertRule]:
    rows = rows.select_related("environment__project", "standing")
    of_it = Alert.objects.open().filter(rule=OuterRef("pk")).order_by().values("rule")
    counted = Subquery(of_it.annotate(n=Count("pk")).values("n"))  # past ones are never looked at
    return rows.annotate(open_alerts=Coalesce(counted, 0)).order_by("key", "pk")


def rules_like(environment: Environment, *, q: str = "", severity: str = "", state: str = "") -> QuerySet[AlertRule]:
    """By key, those whose name, key or metric holds `q`. Nothing is joined, so that thousands are counted quickly."""
    rows = AlertRule.objects.filter(environment=environment).order_by("key", "pk")
    if q:
        q = q.replace("\0", "")  # no text of the database holds it
        like = Q(name__icontains=q) | Q(key__icontains=q) | Q(definition__query__metric__icontains=q)
        rows = rows.filter(like)
    if severity in Severity.values:
        rows = rows.filter(severity=severity)
    if state == "off":
        rows = rows.filter(enabled=False)
    elif state in STATES:
        open_ones = Exists(Alert.objects.open().filter(rule=OuterRef("pk")))
        rows = rows.filter(open_ones if state == "firing" else ~open_ones, enabled=True)
    return rows


def with_standing(rows: Iterable[AlertRule]) -> list[AlertRule]:
    """Those of one page, as `rules` finds them."""
    return list(_standing(AlertRule.objects.filter(pk__in=[row.pk for row in rows])))


def alerts(project: Project, environment: Environment | None = None) -> QuerySet[Alert]:
    """Newest first, with their responses."""
    rows = Alert.objects.filter(environment__project=project).select_related("environment__project", "rule", "incident")
    rows = rows.filter(environment=environment) if environment else rows
    return rows.prefetch_related(Prefetch("responses", Response.objects.order_by("pk"))).order_by("-fired_at", "-pk")


def open_alerts(environment: Environment) -> list[Alert]:
    """The worst first, of these the newest."""
    rows = alerts(environment.project, environment).open()  # type: ignore[attr-defined]
    return sorted(rows, key=lambda alert: WORST_FIRST.index(Severity(alert.severity)))


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """For pages above: what is wrong now."""

    pk: int
    name: str
    severity: str
    labels: str  # as in "host=web-1"
    since: datetime
    acknowledged_by: str  # empty: nobody yet
    incident: int | None  # that it belongs to


def alerts_now(environment: Environment) -> tuple[OpenAlert, ...]:
    """The worst first."""
    return tuple(
        OpenAlert(
            row.pk,
            row.name,
            row.severity,
            label_words(row.labels),
            row.active_at,
            row.acknowledged_by_label,
            row.incident_id,
        )
        for row in open_alerts(environment)
    )
