"""Freeze windows, and what people are told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core.audit import Actor
from apps.core.models import Environment, Project
from apps.core.services import check_version
from apps.deployments.domain.messages import Template, check
from apps.deployments.models import FreezeWindow, MessageTemplate
from apps.deployments.services import trail

LAST_YEAR = 2099  # as in a target's own calendar: what looks ahead from an end must not run out of time


class InvalidFreeze(ValidationError):
    """`message_dict` maps each field to its problems."""


class FreezeIsOver(Exception):
    """It has ended; what was frozen then stays so in the history."""


class InvalidTemplate(ValidationError):
    """`message_dict` maps each field to its problems."""


def create_freeze(
    *,
    project_id: int,
    environment_id: int | None,
    name: str,
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    at: datetime,
) -> FreezeWindow:
    """Raises InvalidFreeze."""
    with transaction.atomic():
        project = Project.objects.get(pk=project_id)
        environment = Environment.objects.get(pk=environment_id, project=project) if environment_id else None
        row = FreezeWindow(
            project=project,
            environment=environment,
            name=name,
            reason=reason,
            starts_at=starts_at,
            ends_at=ends_at,
            created_at=at,
            author_label=actor.label[:150],
        )
        if ends_at <= max(starts_at, at):
            raise InvalidFreeze({"ends_at": ["must be after its start, and in the future"]})
        if ends_at.year > LAST_YEAR:
            raise InvalidFreeze({"ends_at": [f"must be in {LAST_YEAR} at the latest"]})
        _clean(row, InvalidFreeze)
        row.save()
        about = {"starts_at": [None, f"{starts_at:%Y-%m-%d %H:%M}"], "ends_at": [None, f"{ends_at:%Y-%m-%d %H:%M}"]}
        trail.record("deployments.frozen", row, about, actor=actor, reason=reason, at=at)
    return row


def end_freeze(
    *, freeze_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> FreezeWindow:
    """Early; one that has not begun is taken back. Raises FreezeIsOver, StaleVersion."""
    with transaction.atomic():
        row = (
            FreezeWindow.objects.select_for_update(of=("self",))
            .select_related("project", "environment")
            .get(pk=freeze_id)
        )
        check_version(row.version, expected_version)
        if row.ends_at <= at:
            raise FreezeIsOver
        about = {"ends_at": [f"{row.ends_at:%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d %H:%M}"]}
        trail.record("deployments.thawed", row, about, actor=actor, reason=reason, at=at)
        if row.starts_at >= at:
            row.delete()
        else:
            row.ends_at, row.version = at, row.version + 1
            row.save()
    return row


def set_template(
    *, project_id: int, kind: str, subject: str, body: str, actor: Actor, at: datetime, expected_version: int | None
) -> MessageTemplate:
    """The project's own words. Raises InvalidTemplate, StaleVersion."""
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
        row = MessageTemplate.objects.filter(project=project, kind=kind).first()
        before = {"subject": row.subject, "body": row.body} if row else {}
        check_version(row.version if row else 0, expected_version)
        row = row or MessageTemplate(project=project, kind=kind, version=0)
        row.subject, row.body, row.version = subject, body, row.version + 1
        _check_words(row)
        _clean(row, InvalidTemplate)
        row.save()
        about = {name: [before.get(name), getattr(row, name)] for name in ("subject", "body")}
        trail.record("deployments.template_changed", row, about, actor=actor, reason="", at=at)
    return row


def reset_template(*, project_id: int, kind: str, actor: Actor, at: datetime) -> None:
    """Back to the usual words."""
    with transaction.atomic():
        row = MessageTemplate.objects.select_related("project").filter(project=project_id, kind=kind).first()
        if row is not None:
            about: Mapping[str, list[Any]] = {"subject": [row.subject, None], "body": [row.body, None]}
            trail.record("deployments.template_changed", row, dict(about), actor=actor, reason="", at=at)
            row.delete()


def _check_words(row: MessageTemplate) -> None:
    """Raises InvalidTemplate for a name in braces that nothing fills in."""
    problems: dict[str, list[str]] = {}
    for field, words in check(Template(row.subject, row.body)):
        problems.setdefault(field, []).append(words)
    if problems:
        raise InvalidTemplate(problems)


def _clean(row: FreezeWindow | MessageTemplate, invalid: type[ValidationError]) -> None:
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError as error:
        raise invalid(error.message_dict) from None
