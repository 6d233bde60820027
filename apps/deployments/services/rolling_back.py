"""Going back: by a person, or asked for by an alert. It bypasses approvals, freezes and locks of the calendar."""

from datetime import datetime

from django.db import transaction

from apps.core.audit import Actor
from apps.core.services import ReasonMissing, check_version
from apps.deployments.domain.moves import Move
from apps.deployments.domain.rollback_methods import Method as Way
from apps.deployments.domain.states import LIVE, State, Task
from apps.deployments.models import Deployment, Rollback
from apps.deployments.selectors.rollbacks import live_flags, refusal
from apps.deployments.services import trail
from apps.deployments.services.locking import lock_deployment
from apps.deployments.services.moving import apply
from apps.deployments.services.nudging import nudge
from apps.flags import services as flags

Method = Rollback.Method


class CannotRollBack(Exception):
    """`str()` says why this method cannot be used now."""


class RolledBackAlready(Exception):
    """It is being rolled back, or was; and by itself that happens once."""


class NothingToConfirm(Exception):
    """No rollback of it is done and unconfirmed."""


def roll_back(
    *,
    deployment_id: int,
    actor: Actor,
    reason: str,
    at: datetime,
    method: str = Method.SWITCH,
    expected_version: int | None = None,
    automatic: bool = False,
    trigger: str = "",
) -> Rollback:
    """At once, whatever it waits for. By a person it always says why. Raises CannotRollBack, RolledBackAlready,
    StaleVersion, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = lock_deployment(deployment_id)
        check_version(row.version, expected_version)
        if automatic and row.rollbacks.filter(automatic=True).exists():
            raise RolledBackAlready
        if row.rollbacks.filter(status=Rollback.Status.RUNNING).exists():
            raise RolledBackAlready
        if why := refusal(row, method):
            raise CannotRollBack(why)
        made = Rollback.objects.create(
            deployment=row,
            method=method,
            automatic=automatic,
            trigger=trigger[:100],
            reason=reason,
            target_seconds=Way(method).target_seconds,
            asked_at=at,
            asked_by_label=actor.label[:150],
        )
        _BY[Method(method)](row, made, actor, reason, at)
        nudge(row.pk)
    return made


def confirm_rollback(*, deployment_id: int, actor: Actor, at: datetime, comment: str = "") -> Rollback:
    """A person looked and says that it is well again. Raises NothingToConfirm."""
    with transaction.atomic():
        row = lock_deployment(deployment_id)
        done = row.rollbacks.filter(status=Rollback.Status.DONE, confirmed_at=None).order_by("-pk").first()
        if done is None:
            raise NothingToConfirm
        done.confirmed_at, done.confirmed_by_label = at, actor.label[:150]
        done.save()
        trail.record("deployments.rollback_confirmed", row, actor=actor, reason=comment, at=at)
    return done


def _switch(row: Deployment, made: Rollback, actor: Actor, reason: str, at: datetime) -> None:
    move = Move(State.ROLLING_BACK, Task.SHIFT, row.position, reason, at, None, row.watch_until)
    apply(row, move, at, actor=actor, reason=reason)


def _flag(row: Deployment, made: Rollback, actor: Actor, reason: str, at: datetime) -> None:
    """The release stays; what it brought behind its flags is gone for everyone."""
    killed = live_flags(row)
    for flag in killed:
        flags.kill(state_id=flag.state_id, actor=actor, reason=reason, at=at)
    made.status, made.moved_at, made.verified_at = Rollback.Status.DONE, at, at
    made.told = f"Killed {', '.join(flag.key for flag in killed)}"
    made.save()
    if row.state in LIVE and row.state != State.PAUSED:
        apply(
            row,
            Move(State.PAUSED, Task.HOLD, row.position, made.told, at, row.hold_until, row.watch_until),
            at,
            actor=actor,
        )
    about = {"flags": [None, [flag.key for flag in killed]]}
    trail.record("deployments.flags_rolled_back", row, about, actor=actor, reason=reason, at=at)


_BY = {Method.SWITCH: _switch, Method.FLAG: _flag}
