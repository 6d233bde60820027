"""Taking an alert on: on its page, or by the signed link in a notice. The link opens a page; it changes nothing."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db import transaction

from apps.alerts.models import Alert
from apps.alerts.services import trail
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
    """The first one counts; another changes nothing. Raises AlertOver."""
    with transaction.atomic():
        row = Alert.objects.select_for_update(of=("self",)).select_related("environment").get(pk=alert_id)
        if row.acknowledged_at is not None:
            return row
        if row.resolved_at is not None:
            raise AlertOver
        row.acknowledged_at, row.acknowledged_by_label = at, actor.label[:150]
        row.version += 1
        row.save(update_fields=["acknowledged_at", "acknowledged_by_label", "version"])
        changed = {"acknowledged_by": [None, row.acknowledged_by_label]}
        trail.record("alerts.acknowledged", row, changed, actor=actor, reason=reason, at=at)
    return row


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
