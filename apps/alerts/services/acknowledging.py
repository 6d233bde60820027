"""Taking an alert or an incident on: on its page, or by the signed link in a notice. The link opens a page; it
changes nothing."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db import transaction

from apps.alerts.models import Alert, Incident
from apps.alerts.services import trail
from apps.alerts.services.incidents import IncidentOver
from apps.alerts.services.locking import lock_incident
from apps.core.audit import Actor

SALT = "alerts.acknowledge"


class LinkInvalid(Exception):
    """The link is none of ours, or has expired."""


class AlertOver(Exception):
    """It has resolved: there is nothing to take on any more."""


class Acknowledging(NamedTuple):
    """What a link stands for."""

    alert_id: int
    channel: str  # key of the channel that the notice went to


def acknowledge(*, alert_id: int, actor: Actor, reason: str, at: datetime) -> Alert:
    """And its incident with it. The first one counts; another changes nothing. Raises AlertOver."""
    with transaction.atomic():
        row = Alert.objects.select_for_update(of=("self",)).select_related("environment").get(pk=alert_id)
        if row.acknowledged_at is not None:
            return row
        if row.resolved_at is not None:
            raise AlertOver
        _mark(row, actor=actor, reason=reason, at=at)
        if row.incident_id is not None:
            _take_on(lock_incident(row.incident_id), actor=actor, reason=reason, at=at)
    return row


def acknowledge_incident(*, incident_id: int, actor: Actor, reason: str, at: datetime) -> Incident:
    """And its open alerts with it; those that are being judged at this moment are passed over rather than waited for.
    The first one counts. Raises IncidentOver."""
    with transaction.atomic():
        waiting = Alert.objects.open().filter(incident=incident_id, acknowledged_at=None).order_by("pk")
        alerts = list(waiting.select_for_update(of=("self",), skip_locked=True).select_related("environment"))
        row = lock_incident(incident_id)
        if row.resolved_at is not None and row.acknowledged_at is None:
            raise IncidentOver
        for alert in alerts:
            _mark(alert, actor=actor, reason=reason, at=at)
        _take_on(row, actor=actor, reason=reason, at=at)
    return row


def _mark(row: Alert, *, actor: Actor, reason: str, at: datetime) -> None:
    row.acknowledged_at, row.acknowledged_by_label = at, actor.label[:150]
    row.version += 1
    row.save(update_fields=["acknowledged_at", "acknowledged_by_label", "version"])
    changed = {"acknowledged_by": [None, row.acknowledged_by_label]}
    trail.record("alerts.acknowledged", row, changed, actor=actor, reason=reason, at=at)


def _take_on(row: Incident, *, actor: Actor, reason: str, at: datetime) -> None:
    """One that is over is not: its times are what they were."""
    if row.acknowledged_at is None and row.resolved_at is None:
        row.acknowledged_at = at
        row.version += 1
        row.save(update_fields=["acknowledged_at", "version"])
        changed = {"acknowledged_by": [None, actor.label]}
        trail.record("alerts.incident_acknowledged", row, changed, actor=actor, reason=reason, at=at)


def acknowledge_url(alert_id: int, channel: str) -> str:
    token = signing.dumps({"alert": alert_id, "channel": channel}, salt=SALT)
    return f"{settings.PUBLIC_URL}/acknowledge/{token}/"


def read_acknowledge_token(token: str) -> Acknowledging:
    """Raises LinkInvalid."""
    try:
        found = signing.loads(token, salt=SALT, max_age=timedelta(hours=settings.ACKNOWLEDGE_LINK_HOURS))
        return Acknowledging(int(found["alert"]), str(found["channel"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise LinkInvalid from None
