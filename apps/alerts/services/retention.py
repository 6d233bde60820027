"""What is kept how long. Incidents are kept for good, and so is whatever is open. Exempt from the audit trail, which
keeps what is said there."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.alerts.models import Alert, Notification, Response, Silence

BATCH = 1_000  # rows that are locked at once


def keep_house(*, at: datetime) -> dict[str, int]:
    """How many rows went, by kind. Each batch is a transaction of its own, and passes over what somebody holds."""
    before = at - timedelta(days=settings.ALERT_DAYS)
    tests_before = at - timedelta(days=settings.TEST_NOTICE_DAYS)
    silences = Silence.objects.annotate(over_at=Coalesce(F("ended_at"), F("ends_at"))).filter(over_at__lt=before)
    tests = Notification.objects.filter(kind=Notification.Kind.TEST, created_at__lt=tests_before)
    messages = Notification.objects.filter(kind=Notification.Kind.DEPLOYMENT, created_at__lt=before)
    return {
        "alerts": _all(lambda after: _drop_alerts(_over(before), after)),
        "messages": _all(lambda after: _drop(messages.exclude(status=Notification.Status.PENDING), after)),
        "tests": _all(lambda after: _drop(tests.exclude(status=Notification.Status.PENDING), after)),
        "silences": _all(lambda after: _drop(silences, after)),
    }


def _over(before: datetime) -> QuerySet[Alert]:
    """Of no open incident, and with nothing that waits."""
    ended = Alert.objects.filter(resolved_at__lt=before).exclude(Q(incident__isnull=False, incident__resolved_at=None))
    waiting_notices = Notification.objects.filter(status=Notification.Status.PENDING, alert__isnull=False)
    waiting_responses = Response.objects.filter(status=Response.Status.PENDING)
    ended = ended.exclude(pk__in=waiting_notices.values("alert"))
    return ended.exclude(pk__in=waiting_responses.values("alert"))


def _all(drop: Callable[[int], tuple[int, int]]) -> int:
    """Batch by batch, in the order of the keys: what is passed over once is not looked at again."""
    total, after = 0, 0
    while True:
        last, count = drop(after)
        total, after = total + count, last
        if not last:
            return total


def _batch(rows: QuerySet, after: int) -> list[int]:  # type: ignore[type-arg]
    found = rows.filter(pk__gt=after).order_by("pk").select_for_update(of=("self",), skip_locked=True)
    return list(found.values_list("pk", flat=True)[:BATCH])


def _drop(rows: QuerySet, after: int) -> tuple[int, int]:  # type: ignore[type-arg]
    with transaction.atomic():
        pks = _batch(rows, after)
        rows.model._default_manager.filter(pk__in=pks).delete()
    return (pks[-1] if pks else 0), len(pks)


def _drop_alerts(rows: QuerySet[Alert], after: int) -> tuple[int, int]:
    """With their notices and responses. A notice may have led others to the receiver whose alerts are kept."""
    with transaction.atomic():
        pks = _batch(rows, after)
        notices = Notification.objects.filter(alert__in=pks)
        led = Notification.objects.filter(leader__alert__in=pks).exclude(alert__in=pks)
        led.update(leader=None)
        notices.update(leader=None)
        notices.delete()
        Response.objects.filter(alert__in=pks).delete()
        Alert.objects.filter(pk__in=pks).delete()
    return (pks[-1] if pks else 0), len(pks)
