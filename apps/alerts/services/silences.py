"""Silences: made with a look at what they mute, and ended early. What they mute is decided by notifying.py."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.alerts.domain import silences as domain
from apps.alerts.domain.labels import dump_matchers, read_matchers
from apps.alerts.models import Alert, Silence
from apps.alerts.selectors.notices import labels_of
from apps.alerts.services import trail
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import Environment
from apps.core.services import check_version
from apps.flags.domain.engine.definitions import InvalidDefinition


class InvalidSilence(ValidationError):
    """`message_dict` maps each field, such as `matchers[0].label`, to its problems."""


def create_silence(
    *,
    project_id: int,
    environment_id: int | None,
    matchers: object,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    reason: str,
    at: datetime,
) -> Silence:
    """Alerts go on under it; only their notices wait, and whatever still fires at its end is told then. Raises
    InvalidSilence."""
    silence = _checked(matchers, starts_at, ends_at, at)
    with transaction.atomic():
        if environment_id is not None:
            Environment.objects.get(pk=environment_id, project_id=project_id)
        row = Silence.objects.create(
            project_id=project_id,
            environment_id=environment_id,
            matchers=dump_matchers(silence.matchers),
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            author_label=actor.label[:150],
            created_at=at,
        )
        facts = {"matchers": row.matchers, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        trail.record("alerts.silence_created", row, changes({}, facts), actor=actor, reason=reason, at=at)
    return row


def preview_silence(
    *,
    project_id: int,
    environment_id: int | None,
    matchers: object,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> list[Alert]:
    """The open alerts that it would mute. Raises InvalidSilence."""
    silence = _checked(matchers, starts_at, ends_at, at)
    found = Alert.objects.open().filter(environment__project_id=project_id).select_related("environment")
    if environment_id is not None:
        found = found.filter(environment_id=environment_id)
    return [alert for alert in found.order_by("-fired_at") if domain.would_mute(silence, [labels_of(alert)])]


def end_silence(*, silence_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None) -> Silence:
    """Now instead of at its end; one that is over stays as it is. Raises StaleVersion."""
    with transaction.atomic():
        row = Silence.objects.select_for_update().get(pk=silence_id)
        check_version(row.version, expected_version)
        if row.ended_at is None and at < row.ends_at:
            row.ended_at = at
            row.version += 1
            row.save()
            ended = {"ended_at": [None, at.isoformat()]}
            trail.record("alerts.silence_ended", row, ended, actor=actor, reason=reason, at=at)
    return row


def _checked(matchers: object, starts_at: datetime, ends_at: datetime, at: datetime) -> domain.Silence:
    try:
        silence = domain.Silence(read_matchers("matchers", matchers), starts_at, ends_at)
    except InvalidDefinition as fault:
        raise InvalidSilence({fault.path: [fault.message]}) from None
    if problems := domain.silence_problems(silence, at):
        raise InvalidSilence({path: [words] for path, words in problems})
    return silence
