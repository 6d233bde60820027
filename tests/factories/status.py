"""A status page with components, and incidents on it."""

from datetime import datetime
from typing import Any

from apps.alerts import services
from apps.alerts.models import Impact, Incident, IncidentStatus, IncidentUpdate, Severity, StatusComponent, StatusPage
from apps.core.models import Environment
from tests.factories.core import ACTOR, AT

WHO: dict[str, Any] = {"actor": ACTOR, "reason": "tests"}


def make_status_page(
    environment: Environment, *, slug: str = "shop", published: bool = True, at: datetime = AT, **fields: Any
) -> StatusPage:
    given = {"slug": slug, "title": "Shop", "published": published, **fields}
    return services.create_status_page(environment_id=environment.pk, fields=given, at=at, **WHO)


def make_component(
    environment: Environment, *, key: str = "web", at: datetime = AT, state: str = "", **fields: Any
) -> StatusComponent:
    given = {"key": key, "name": key.capitalize(), **fields}
    row = services.create_component(environment_id=environment.pk, fields=given, at=at, **WHO)
    if not state:
        return row
    return services.set_component_state(component_id=row.pk, state=state, at=at, expected_version=None, **WHO)


def make_public_incident(
    environment: Environment,
    *components: StatusComponent,
    at: datetime = AT,
    impact: str = Impact.MAJOR_OUTAGE,
    resolved_at: datetime | None = None,
    public: bool = True,
    title: str = "Checkout fails",
) -> Incident:
    """A row as the pages read it."""
    incident = Incident.objects.create(
        environment=environment,
        title=title,
        severity=Severity.CRITICAL,
        status=IncidentStatus.RESOLVED if resolved_at else IncidentStatus.INVESTIGATING,
        public=public,
        impact=impact,
        opened_by_label="mallory@example.com",
        opened_at=at,
        resolved_at=resolved_at,
    )
    incident.components.set(components)
    return incident


def say_publicly(
    incident: Incident, text: str, *, at: datetime = AT, impact: str = Impact.MAJOR_OUTAGE, public: bool = True
) -> IncidentUpdate:
    return IncidentUpdate.objects.create(
        incident=incident,
        status=IncidentStatus.IDENTIFIED,
        impact=impact,
        text=text,
        public=public,
        author_label="mallory@example.com",
        at=at,
    )
