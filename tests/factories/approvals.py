"""Environments that ask for approval, requests that wait for it, and changes that wait for their time."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from apps.core import audit
from apps.core import services as core
from apps.core.audit import Actor
from apps.core.models import ChangeRequest, Environment
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, ScheduledChange
from tests.factories.core import ACTOR, AT, make_user

LATER = AT + timedelta(hours=1)


def ask_for_approvals(environment: Environment, count: int = 1) -> None:
    core.update_environment(
        environment_id=environment.pk,
        fields={"required_approvals": count, "protected": True},
        actor=ACTOR,
        at=AT,
        expected_version=None,
    )


def make_request(
    state: FlagState,
    *,
    kind: str = "flags.state_change",
    patch: Any = None,
    actor: Actor = ACTOR,
    reason: str = "launch",
) -> ChangeRequest:
    """A pending request to turn the flag on, unless told otherwise; its environment asks for approval from now on."""
    if not Environment.objects.get(pk=state.environment_id).approvals_needed:
        ask_for_approvals(state.environment)
    return services.propose(
        kind=kind,
        subject_id=state.pk,
        environment_id=state.environment_id,
        patch=patch or {"status": "ON"},
        actor=actor,
        reason=reason,
        at=AT,
        expected_version=None,
    )


def make_schedule(
    state: FlagState, *, apply_at: datetime = LATER, actor: Actor = ACTOR, reason: str = "launch", **change: Any
) -> ScheduledChange:
    """A pending change that turns the flag on, unless told otherwise."""
    return services.schedule_change(
        state_id=state.pk,
        change=Change(**(change or {"status": FlagStatus.ON})),
        apply_at=apply_at,
        actor=actor,
        reason=reason,
        at=AT,
        expected_version=None,
    )


def make_approver(username: str = "") -> tuple[User, Actor]:
    """A person who may approve, as the services know them."""
    user = make_user(role="Product", username=username)
    return user, audit.person(user)
