"""Rules and alerts for pages and the API."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from apps.alerts.domain.labels import label_words
from apps.alerts.models import Alert, AlertRule, Response, Severity
from apps.core.models import Environment, Project

WORST_FIRST = [Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO]


def rules(project: Project, environment: Environment | None = None) -> QuerySet[AlertRule]:
    """By key, with where each stands and how many of its alerts are open."""
    rows = AlertRule.objects.filter(environment__project=project).select_related("environment__project", "standing")
    rows = rows.filter(environment=environment) if environment else rows
    return rows.annotate(open_alerts=Count("alerts", filter=Q(alerts__resolved_at=None))).order_by("key", "pk")


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
