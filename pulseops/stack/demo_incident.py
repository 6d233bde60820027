"""The demo's past incident: opened by a person before any rule watched, told on the status page, resolved."""

from datetime import datetime, timedelta
from typing import Any

from apps.alerts import services as alerts
from apps.core.audit import Actor
from apps.core.models import Environment

DAYS_AGO = timedelta(days=3)
TITLE = "Voice messages arrive minutes late"
# Minutes after it opened, and what was said then.
UPDATES: tuple[tuple[int, dict[str, Any]], ...] = (
    (9, {"text": "A worker of the queue has stopped. Messages wait and none is lost.", "status": "IDENTIFIED"}),
    (14, {"text": "Started the worker again and gave the queue a second one.", "acted": True}),
    (16, {"text": "The queue is getting shorter.", "status": "MONITORING", "public": True}),
    (47, {"text": "Voice messages arrive at once again.", "status": "RESOLVED", "public": True}),
)


def tell_of_an_incident(environment: Environment, actor: Actor, at: datetime) -> None:
    opened = at - DAYS_AGO
    row = alerts.open_incident(
        environment_id=environment.pk,
        title=TITLE,
        severity="error",
        impact="DEGRADED",
        components=["chat"],
        public=True,
        text="Some voice messages arrive minutes late. We look into it.",
        actor=actor,
        reason="Users wrote to support",
        at=opened,
    )
    minute = timedelta(minutes=1)
    alerts.acknowledge_incident(incident_id=row.pk, actor=actor, reason="I am on it", at=opened + 2 * minute)
    own: dict[str, Any] = {"fields": {"owner": actor.id}, "reason": "I am on it"}
    alerts.update_incident(incident_id=row.pk, actor=actor, at=opened + 2 * minute, expected_version=None, **own)
    for minutes, said in UPDATES:
        when = opened + minutes * minute
        alerts.post_update(incident_id=row.pk, actor=actor, at=when, expected_version=None, **said)
