"""Deployments going on by themselves: claim, one step outside, settle. Any number of workers may sweep, and any of them
may die between any two lines: the next one reads what is so, asserts what should be, and goes on."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.core.database import DATABASE_AWAY
from apps.deployments.domain.machine import next_move
from apps.deployments.domain.states import GOING_BACK, Task
from apps.deployments.models import Deployment, Rollback, Target
from apps.deployments.selectors.standing import standing
from apps.deployments.services import errands, watching
from apps.deployments.services.errands import Errand, Seen
from apps.deployments.services.gating import facts_of
from apps.deployments.services.locking import lock_deployment
from apps.deployments.services.moving import apply, start_step
from apps.deployments.services.nudging import nudge

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)  # longer than any errand takes
IN_A_ROW = (
    20  # steps of one deployment in one sweep, so that nobody waits for a period where nothing has to be waited for
)


@dataclass(frozen=True, slots=True)
class Claimed:
    deployment_id: int
    fence: int
    errand: Errand


def advance_deployments(*, at: datetime) -> int:
    """Every deployment whose time has come goes on by as many steps as need no waiting; returns how many steps."""
    due = Deployment.objects.filter(due_at__lte=at).order_by("due_at", "pk")
    return sum(_ticked(pk, at) for pk in list(due.values_list("pk", flat=True)))


def advance_deployment(*, deployment_id: int, at: datetime) -> bool:
    """One step. False when nothing is due, somebody else is at it, or took it over meanwhile."""
    claimed = _claim(deployment_id, at)
    if claimed is None:
        return False
    return _settle(claimed, errands.run(claimed.errand, at), at)


def reconcile_traffic(*, at: datetime) -> int:
    """Where nobody deploys, the traffic stays where it belongs, even after a proxy lost its memory; and for a while
    after a rollback the old slot is probed. Returns how many targets were looked at."""
    back = Rollback.objects.filter(status=Rollback.Status.DONE, watch_until__gt=at)
    watched = {one.deployment.target_id: one.deployment for one in back.select_related("deployment__release")}
    ours = ~Q(driver=Target.Driver.EXTERNAL) & ~Q(live_release=None)
    rows = Target.objects.filter(ours | Q(pk__in=watched)).exclude(deployments__state__in=Deployment.ACTIVE)
    looked = list(rows.select_related("service", "environment").prefetch_related("slots"))
    for target in looked:
        after = watched.get(target.pk)
        if after is not None:
            after.target = target
        watching.keep_traffic(target, after, at)
    return len(looked)


def _ticked(pk: int, at: datetime) -> int:
    """A deployment that cannot go on must not stop the others; without a database nothing can."""
    try:
        return next(n for n in range(IN_A_ROW + 1) if n == IN_A_ROW or not advance_deployment(deployment_id=pk, at=at))
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("deployment %s cannot go on", pk)
        return 0


def _claim(pk: int, at: datetime) -> Claimed | None:
    with transaction.atomic():
        free = Deployment.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        row = free.with_all().filter(pk=pk, due_at__lte=at).exclude(leased_until__gt=at).first()
        if row is None:
            return None
        now = standing(row)
        row.fence, row.leased_until = row.fence + 1, at + LEASE
        row.save(update_fields=["fence", "leased_until"])
        if now.task is not Task.GATES:
            start_step(row, now.weight, at)
        return Claimed(pk, row.fence, errands.plan(row, now))


def _settle(claimed: Claimed, seen: Seen, at: datetime) -> bool:
    with transaction.atomic():
        row = lock_deployment(claimed.deployment_id)
        if row.fence != claimed.fence or row.leased_until is None:
            return False  # a person or another worker was faster; what they decided stands
        row.leased_until = None
        watching.note(row, seen, at)
        now = standing(row)
        if now.task is not claimed.errand.task:
            row.save(update_fields=["leased_until"])
            return True
        move = next_move(now, seen.outcome, facts_of(row, now, at), at)
        if now.state in GOING_BACK and now.task is Task.SHIFT and seen.outcome.ok:
            row.rollbacks.filter(moved_at=None).update(moved_at=at)
        before = row.version
        apply(row, move, at)
        if row.version != before:
            nudge(row.pk)
    return True
