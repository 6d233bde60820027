"""Carrying out responses: each is claimed, guarded, done or refused, and says why. Any number of workers may sweep."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.alerts.domain.guarding import DAY, Go, Limits, Past, may_act
from apps.alerts.models import Response
from apps.alerts.responses import KINDS, LIMITS
from apps.alerts.responses.kinds import Subject
from apps.alerts.services import joining, trail
from apps.core.database import DATABASE_AWAY

logger = logging.getLogger(__name__)
ATTEMPTS = 5
RETRY_SECONDS = 5  # doubled with each attempt
Status = Response.Status


def respond_due(*, at: datetime) -> int:
    """Every response whose time has come; returns how many were settled."""
    due = Response.objects.filter(status=Status.PENDING, due_at__lte=at).order_by("due_at", "pk")
    return sum(_responded(pk, at) for pk in list(due.values_list("pk", flat=True)))


def respond(*, response_id: int, at: datetime) -> Response | None:
    """Act, or say why not, in one transaction with the change itself: it happens once or not at all. None when
    somebody else is at it or it is settled."""
    with transaction.atomic():
        row = _claimed(response_id, at)
        if row is None:
            return None
        kind, alert = KINDS[row.kind], row.alert
        subject = kind.find(alert.environment_id, row.config)
        if subject is None:
            return _settle(row, Status.REFUSED, f"there is no flag {row.config.get('flag')} here any more", at)
        row.subject = subject.key
        if refused := _refusal(row, subject, at):
            return _settle(row, Status.REFUSED, f"{kind.words} {subject.words} not: {refused}", at)
        done = kind.act(subject, actor=trail.ITSELF, reason=f"{alert.name} ({alert.key})", at=at)
        return _settle(row, Status.DONE, done, at)


def _responded(pk: int, at: datetime) -> bool:
    try:
        return respond(response_id=pk, at=at) is not None
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("response %s failed", pk)
        _fail(pk, f"{type(error).__name__}: {error}", at)
        return False


def _claimed(pk: int, at: datetime) -> Response | None:
    rows = Response.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.select_related("alert__environment").filter(pk=pk, status=Status.PENDING, due_at__lte=at).first()


def _refusal(row: Response, subject: Subject, at: datetime) -> str:
    if subject.in_force:
        return subject.in_force
    limits = _limits(row.config, dry_run=row.dry_run)
    since = at - max(DAY, timedelta(seconds=limits.cooldown_seconds))
    acted = Response.objects.filter(subject=subject.key, status=Status.DONE, settled_at__gt=since)
    moments = tuple(moment for moment in acted.values_list("settled_at", flat=True) if moment)
    past = Past(moments, subject.changed_at)
    verdict = may_act(limits, past, at)
    return "" if isinstance(verdict, Go) else verdict.words


def _limits(config: Mapping[str, Any], *, dry_run: bool) -> Limits:
    return Limits(**{name: config[name] for name in LIMITS}, dry_run=dry_run)


def _settle(row: Response, status: str, told: str, at: datetime) -> Response:
    row.status, row.told, row.settled_at, row.due_at = status, told, at, None
    row.attempts += 1
    row.save()
    if status == Status.DONE:
        joining.note_act(row.alert, at)
    trail.record(f"alerts.response_{status.lower()}", row.alert, reason=told, at=at)
    return row


def _fail(pk: int, told: str, at: datetime) -> None:
    """Tried again for a while, later and later; then it is told as failed."""
    with transaction.atomic():
        row = _claimed(pk, at)
        if row is None:
            return
        if row.attempts + 1 >= ATTEMPTS:
            _settle(row, Status.FAILED, told, at)
            return
        row.attempts += 1
        row.told, row.due_at = told, at + timedelta(seconds=RETRY_SECONDS * 2**row.attempts)
        row.save()
