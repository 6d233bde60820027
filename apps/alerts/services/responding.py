"""Carrying out responses: each is claimed, guarded, done or refused, and says why. Any number of workers may sweep.

A deed is done and noted in one transaction. A call is only let go in it; calling.py makes it afterwards.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.alerts.domain.guarding import DAY, Go, Limits, Past, may_act
from apps.alerts.models import Response
from apps.alerts.responses import CALLS, DEEDS, KINDS
from apps.alerts.responses.kinds import Deed, Done, Kind, Missing, Refused, Subject
from apps.alerts.services import calling, trail
from apps.alerts.services.calling import Claimed
from apps.alerts.services.delivering import Sweep
from apps.core.database import DATABASE_AWAY

logger = logging.getLogger(__name__)
Status = Response.Status


def respond_due(*, at: datetime) -> int:
    """Every response whose time has come, deeds first: a receiver that hangs must not keep a flag alive. Returns how
    many were settled."""
    due = Response.objects.filter(status=Status.PENDING, due_at__lte=at).order_by("due_at", "pk")
    waiting, sweep = list(due.values_list("pk", "kind")), Sweep(at)
    waiting.sort(key=lambda one: one[1] in CALLS)
    return sum(_responded(pk, sweep) for pk, _kind in waiting)


def respond(*, response_id: int, at: datetime) -> Response | None:
    """Act, or say why not. A deed happens once or not at all; a call happens at least once. None when somebody else
    is at it, it is settled, or it waits to be tried again."""
    return _respond(response_id, Sweep(at))


def _respond(pk: int, sweep: Sweep) -> Response | None:
    with transaction.atomic():
        row = _claimed(pk, sweep)
        if row is None:
            return None
        found = _begin(row, KINDS[row.kind], sweep)
    return calling.carry_out(found, sweep) if isinstance(found, Claimed) else found


def _begin(row: Response, kind: Kind, sweep: Sweep) -> Response | Claimed | None:
    """Of a row that is locked. None: its receiver failed just before, and is left alone for the rest of the sweep."""
    at = sweep.now()
    row.attempts += 1
    try:
        subject = kind.find(row.alert.environment_id, row.config, at)
    except Missing as missing:
        return calling.settle(row, Status.REFUSED, Done(str(missing)), at)
    row.subject = subject.key
    if refused := _refusal(row, subject, at):
        return calling.settle(row, Status.REFUSED, Done(f"{kind.words} {subject.words} not: {refused}"), at)
    if row.kind in CALLS:
        return None if subject.pk in sweep.failing else calling.let_go(row, subject, at)
    return _act(row, DEEDS[row.kind], subject, at)


def _act(row: Response, deed: Deed, subject: Subject, at: datetime) -> Response:
    why = f"{row.alert.name} ({row.alert.key})"
    try:
        done = deed.act(subject, trigger=row.alert.key, actor=trail.ITSELF, reason=why, at=at)
    except Refused as refusal:
        return calling.settle(row, Status.REFUSED, Done(f"{deed.words} {subject.words} not: {refusal}"), at)
    return calling.settle(row, Status.DONE, done, at)


def _responded(pk: int, sweep: Sweep) -> bool:
    try:
        return _respond(pk, sweep) is not None
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("response %s failed", pk)
        with transaction.atomic():
            row = _claimed(pk, sweep)
            if row is not None:
                row.attempts += 1  # the one that was lost with its transaction
                calling.retry_or_fail(row, f"{type(error).__name__}: {error}", sweep.now())
        return False


def _claimed(pk: int, sweep: Sweep) -> Response | None:
    rows = Response.objects.select_for_update(of=("self",), skip_locked=True)
    due = rows.filter(pk=pk, status=Status.PENDING, due_at__lte=sweep.now())
    return due.select_related("alert__environment__project").first()


def _refusal(row: Response, subject: Subject, at: datetime) -> str:
    """A call that was let go once is not guarded again: what it has asked for must not be half asked for."""
    if subject.in_force or row.lease:
        return subject.in_force
    limits = _limits(row.config, dry_run=row.dry_run)
    since = at - max(DAY, timedelta(seconds=limits.cooldown_seconds))
    alike = Response.objects.filter(subject=subject.key)
    acted = alike.filter(status__in=Response.ACTED, settled_at__gt=since).values_list("settled_at", flat=True)
    on_their_way = alike.filter(status=Status.PENDING, lease__gt=0).count()
    past = Past((*filter(None, acted), *[at] * on_their_way), subject.changed_at)
    verdict = may_act(limits, past, at)
    return "" if isinstance(verdict, Go) else verdict.words


def _limits(config: Mapping[str, Any], *, dry_run: bool) -> Limits:
    return Limits(
        cooldown_seconds=config["cooldown_seconds"],
        daily_budget=config["daily_budget"],
        changed_within_seconds=config.get("changed_within_seconds"),
        dry_run=dry_run,
    )
