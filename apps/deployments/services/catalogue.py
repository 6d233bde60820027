"""Services, their releases, and the targets where they run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import secrets
from apps.core.audit import Actor
from apps.core.domain import signing
from apps.core.domain.diff import Changes, changes
from apps.core.models import Environment, Project
from apps.core.services import check_reason, check_version
from apps.deployments.domain.gates import usual
from apps.deployments.domain.traffic import SLOTS
from apps.deployments.models import Release, Service, Slot, Target
from apps.deployments.services import trail
from apps.deployments.services.checking import checklist_problems, target_problems
from apps.deployments.services.locking import lock_target

SERVICE_FIELDS = ("name", "description", "repository_url", "checklist")
RELEASE_FIELDS = (
    "commit_sha",
    "commit_message",
    "commit_author",
    "committed_at",
    "artifact",
    "flags",
    "contracts",
)
TARGET_FIELDS = (
    "strategy",
    "steps",
    "watch_seconds",
    "driver",
    "driver_config",
    "agent_url",
    "health_path",
    "smoke",
    "judge",
    "gates",
    "windows",
    "guards",
    "prepare_seconds",
    "drain_seconds",
    "stops_old",
)


class InvalidService(ValidationError):
    """`message_dict` maps each field to its problems."""


class InvalidRelease(ValidationError):
    """`message_dict` maps each field to its problems."""


class InvalidTarget(ValidationError):
    """`message_dict` maps each field to its problems."""


class ReleaseExists(Exception):
    """A version is made once and never changes; this one was made from another commit."""


def create_service(
    *, project_id: int, key: str, name: str, actor: Actor, reason: str, at: datetime, **fields: Any
) -> Service:
    """Raises InvalidService."""
    with transaction.atomic():
        project = Project.objects.get(pk=project_id)
        row = Service(project=project, key=key, name=name, created_at=at, **_only(fields, SERVICE_FIELDS))
        _clean_service(row)
        row.save()
        trail.record("deployments.service_created", row, readable(row), actor=actor, reason=reason, at=at)
    return row


def update_service(
    *,
    service_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
) -> Service:
    """Raises InvalidService, StaleVersion."""
    with transaction.atomic():
        row = Service.objects.select_for_update().select_related("project").get(pk=service_id)
        check_version(row.version, expected_version)
        before = _texts(row, SERVICE_FIELDS)
        _write(row, fields, SERVICE_FIELDS)
        _clean_service(row)
        changed = changes(before, _texts(row, SERVICE_FIELDS))
        _save_changed("deployments.service_changed", row, changed, actor=actor, reason=reason, at=at)
    return row


def create_release(
    *, service_id: int, number: str, actor: Actor, at: datetime, reason: str = "", **fields: Any
) -> Release:
    """Made once: the same version of the same commit again is the one that is there. Raises InvalidRelease,
    ReleaseExists."""
    with transaction.atomic():
        service = Service.objects.select_for_update(no_key=True).select_related("project").get(pk=service_id)
        given = _only(fields, RELEASE_FIELDS)
        known = service.releases.filter(number=number).first()
        if known is not None:
            if given.get("commit_sha", known.commit_sha) != known.commit_sha:
                raise ReleaseExists
            return known
        row = Release(service=service, number=number, created_at=at, created_by_label=actor.label[:150], **given)
        _clean(row, InvalidRelease)
        row.save()
        about = {"commit": [None, row.commit_sha]} if row.commit_sha else {}
        trail.record("deployments.release_created", row, about, actor=actor, reason=reason, at=at)
    return row


def create_target(
    *,
    service_id: int,
    environment_id: int,
    slots: Mapping[str, str],
    actor: Actor,
    reason: str,
    at: datetime,
    fields: Mapping[str, Any],
) -> Target:
    """`slots`: where blue and green are probed. Raises InvalidTarget, ReasonMissing."""
    with transaction.atomic():
        service = Service.objects.select_related("project").get(pk=service_id)
        environment = Environment.objects.get(pk=environment_id, project=service.project_id)
        check_reason([environment], reason)
        row = Target(service=service, environment=environment, created_at=at)
        row.gates = {gate.value: on for gate, on in usual(production=environment.kind == "PRODUCTION").items()}
        _write_target(row, fields)
        row.agent_secret = secrets.encrypt(signing.new_secret()) if row.agent_url else b""
        row.save()
        Slot.objects.bulk_create(Slot(target=row, name=name, url=slots.get(name, "")) for name in SLOTS)
        trail.record("deployments.target_created", row, readable(row), actor=actor, reason=reason, at=at)
    return row


def update_target(
    *,
    target_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    slots: Mapping[str, str] | None = None,
) -> Target:
    """A deployment that is under way goes on by the plan that it has; where its traffic goes is read at each step.
    Raises InvalidTarget, StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = lock_target(target_id)
        check_version(row.version, expected_version)
        check_reason([row.environment], reason)
        before = _texts(row, TARGET_FIELDS)
        _write_target(row, fields)
        if row.agent_url and not row.agent_secret:
            row.agent_secret = secrets.encrypt(signing.new_secret())
        for name, url in (slots or {}).items():
            row.slots.filter(name=name).update(url=url)
        changed = changes(before, _texts(row, TARGET_FIELDS))
        _save_changed("deployments.target_changed", row, changed, actor=actor, reason=reason, at=at)
    return row


def agent_secret(row: Target) -> str:
    """What calls to the agent are signed with; empty without one. For whoever just set it."""
    return secrets.decrypt(bytes(row.agent_secret)) if row.agent_secret else ""


def renew_agent_secret(*, target_id: int, actor: Actor, reason: str, at: datetime) -> Target:
    """Its agent has to know the new one before the next deployment. Raises InvalidTarget, ReasonMissing."""
    with transaction.atomic():
        row = lock_target(target_id)
        check_reason([row.environment], reason)
        if not row.agent_url:
            raise InvalidTarget({"agent_url": ["there is no agent that a secret would be for"]})
        row.agent_secret, row.version = secrets.encrypt(signing.new_secret()), row.version + 1
        row.save(update_fields=["agent_secret", "version"])
        trail.record("deployments.agent_secret_renewed", row, {}, actor=actor, reason=reason, at=at)
    return row


def readable(row: Service | Target) -> dict[str, list[Any]]:
    fields = SERVICE_FIELDS if isinstance(row, Service) else TARGET_FIELDS
    return changes({}, {name: value for name, value in _texts(row, fields).items() if value not in ("", None, [], {})})


def _write_target(row: Target, fields: Mapping[str, Any]) -> None:
    _write(row, fields, TARGET_FIELDS)
    problems = target_problems(row)
    if problems:
        raise InvalidTarget(problems)
    _clean(row, InvalidTarget)


def _only(fields: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    unknown = fields.keys() - set(known)
    if unknown:
        raise TypeError(f"no such field: {', '.join(sorted(unknown))}")
    return dict(fields)


def _write(row: Service | Target, fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name, value in _only(fields, known).items():
        setattr(row, name, value)


def _texts(row: Service | Target, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def _clean_service(row: Service) -> None:
    problems = checklist_problems(row.checklist)
    if problems:
        raise InvalidService(problems)
    _clean(row, InvalidService)


def _clean(row: Service | Release | Target, invalid: type[ValidationError]) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise invalid(error.error_dict) from None  # with their codes: taken is not malformed


def _save_changed(kind: str, row: Service | Target, changed: Changes, **signed: Any) -> None:
    if changed:
        row.version += 1
        row.save()
        trail.record(kind, row, changed, **signed)
