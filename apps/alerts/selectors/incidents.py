"""Incidents for pages and the API: rows with what belongs to them, and what goes on now for pages above."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from apps.alerts.domain.incidents import Times, times
from apps.alerts.models import Alert, Incident, IncidentUpdate, Response, StatusComponent
from apps.alerts.selectors.rows import WORST_FIRST
from apps.core.models import AuditEntry, Environment, Project


def incidents(project: Project, environment: Environment | None = None) -> QuerySet[Incident]:
    """Newest first, with how many alerts each has, how many of them are open, and who took it on."""
    mine = {"subject_type": "alerts.incident", "subject_id": Cast(OuterRef("pk"), CharField())}
    took = AuditEntry.objects.filter(kind="alerts.incident_acknowledged", **mine).order_by("pk")
    rows = Incident.objects.filter(environment__project=project).select_related("environment__project", "owner")
    rows = rows.filter(environment=environment) if environment else rows
    return rows.annotate(
        alert_count=Count("alerts"),
        open_count=Count("alerts", filter=Q(alerts__resolved_at=None)),
        acknowledged_by=Subquery(
            took.filter(subject_id=Cast(OuterRef("pk"), CharField())).order_by("pk").values("actor_label")[:1]
        ),
    ).order_by("-opened_at", "-pk")


def open_incidents(environment: Environment) -> list[Incident]:
    """The worst first, of these the newest."""
    rows = incidents(environment.project, environment).filter(resolved_at=None)
    return sorted(rows, key=lambda row: [one.value for one in WORST_FIRST].index(row.severity))


def incidents_around(environment: Environment, deployment_id: int, since: datetime, until: datetime) -> list[Incident]:
    """In which this deployment was rolled back, or that opened in its time; the newest first."""
    of_it = Incident.objects.filter(deployments=deployment_id).values(
        "pk"
    )  # apart, as joining would count alerts twice
    meant = Q(pk__in=of_it) | Q(opened_at__gte=since, opened_at__lte=until)
    return list(incidents(environment.project, environment).filter(meant)[:5])


def incident(project: Project, environment: Environment | None, pk: int) -> Incident | None:
    """One with all that belongs to it: alerts with their responses, updates, components."""
    alerts = Alert.objects.select_related("environment__project", "rule").order_by("-fired_at", "-pk")
    rows = incidents(project, environment).prefetch_related(
        Prefetch("alerts", alerts.prefetch_related(Prefetch("responses", Response.objects.order_by("pk")))),
        Prefetch("updates", IncidentUpdate.objects.order_by("-at", "-pk")),
        Prefetch("components", StatusComponent.objects.order_by("position", "pk")),
    )
    return rows.filter(pk=pk).first()


def times_of(row: Incident) -> Times:
    return times(
        row.opened_at,
        acknowledged_at=row.acknowledged_at,
        acted_at=row.acted_at,
        resolved_at=row.resolved_at,
    )


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """For pages above: what goes on now."""

    pk: int
    title: str
    severity: str
    status: str  # in words
    since: datetime
    owner: str  # empty: nobody yet
    open_alerts: int


def incidents_now(environment: Environment) -> tuple[OpenIncident, ...]:
    """The worst first."""
    return tuple(
        OpenIncident(
            row.pk,
            row.title,
            row.severity,
            str(row.get_status_display()),
            row.opened_at,
            row.owner.get_username() if row.owner else row.acknowledged_by or "",  # type: ignore[attr-defined]
            row.open_count,  # type: ignore[attr-defined]
        )
        for row in open_incidents(environment)
    )
