"""What the pages and the API show of delivery: channels, notices, silences, and the alert behind a link."""

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.alerts.models import Alert, Channel, Notification, Route, Silence
from apps.core.models import Environment, Project

TRIED = Q(status__in=[Notification.Status.SENT, Notification.Status.FAILED]) | Q(attempts__gt=0)


def alert_behind(pk: int) -> Alert | None:
    """Of any project: the signed link has named it."""
    return Alert.objects.select_related("environment__project").filter(pk=pk).first()


def channels(project: Project) -> QuerySet[Channel]:
    """By key, each with how the last notice fared that was sent to it, or tried."""
    last = Notification.objects.filter(TRIED, channel=OuterRef("pk")).order_by("-created_at", "-pk")
    rows = Channel.objects.filter(project=project).annotate(
        last_status=Subquery(last.values("status")[:1]),
        last_at=Subquery(last.values("created_at")[:1]),
        last_error=Subquery(last.values("error")[:1]),
    )
    return rows.order_by("key", "pk")


def routes(project: Project) -> QuerySet[Route]:
    """In the order in which they are asked."""
    return Route.objects.filter(project=project).order_by("position", "pk")


def notifications(project: Project, environment: Environment | None = None) -> QuerySet[Notification]:
    """The newest first. A test belongs to no environment and shows in each."""
    rows = Notification.objects.filter(channel__project=project).select_related("channel", "alert__environment")
    if environment is not None:
        nowhere = Q(alert=None, entry=None)
        rows = rows.filter(nowhere | Q(alert__environment=environment) | Q(entry__environment=environment))
    return rows.order_by("-created_at", "-pk")


def silences(project: Project, environment: Environment | None = None) -> QuerySet[Silence]:
    """The newest first; with an environment, those that can mute there."""
    rows = Silence.objects.filter(project=project).select_related("environment")
    if environment is not None:
        rows = rows.filter(Q(environment=None) | Q(environment=environment))
    return rows.order_by("-created_at", "-pk")


def standing(row: Silence, at: datetime) -> str:
    if row.ended_at is not None or row.ends_at <= at:
        return "past"
    return "active" if row.starts_at <= at else "pending"
