"""Deployments as CI asks for them or reports them: by the names of service and version, in one transaction each, with
the release made along the way. Private to services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.audit import Actor
from apps.core.models import Environment, Project
from apps.deployments.models import Deployment, Release, Service, Target
from apps.deployments.services.catalogue import create_release, create_service, create_target
from apps.deployments.services.requesting import InvalidDeployment, record_deployment, request_deployment


class IdempotencyKeyReused(Exception):
    """This key was sent with another version before: it names that deployment."""


def request_version(
    *,
    environment_id: int,
    service_key: str,
    version: str,
    release: Mapping[str, Any] | None,
    actor: Actor,
    reason: str,
    at: datetime,
    **asked: Any,
) -> Deployment:
    """`release`: what to make the version from unless it is there. `asked` as request_deployment takes it.

    Raises InvalidDeployment, IdempotencyKeyReused, and what create_release and request_deployment raise."""
    with transaction.atomic():
        target = _target(environment_id, service_key)
        if target is None:
            raise InvalidDeployment({"service": [f"{service_key} has no target here; set one up first"]})
        wanted = _release(target.service, version, release, actor, at)
        signed: dict[str, Any] = {"actor": actor, "reason": reason, "at": at}
        return _same(request_deployment(target_id=target.pk, release_id=wanted.pk, **signed, **asked), wanted)


def record_version(
    *,
    environment_id: int,
    service_key: str,
    version: str,
    release: Mapping[str, Any] | None,
    actor: Actor,
    reason: str,
    at: datetime,
    **done: Any,
) -> Deployment:
    """One that was carried out elsewhere; service, target and release are made where they are missing. `done` as
    record_deployment takes it.

    Raises IdempotencyKeyReused, and what the making of each raises."""
    with transaction.atomic():
        target = _target(environment_id, service_key) or _made(environment_id, service_key, actor, reason, at)
        made = _release(target.service, version, release or {}, actor, at)
        signed: dict[str, Any] = {"actor": actor, "reason": reason, "at": at}
        return _same(record_deployment(target_id=target.pk, release_id=made.pk, **signed, **done), made)


def _target(environment_id: int, service_key: str) -> Target | None:
    rows = Target.objects.filter(environment=environment_id, service__key=service_key)
    return rows.select_related("service__project").first()


def _made(environment_id: int, service_key: str, actor: Actor, reason: str, at: datetime) -> Target:
    """The project is locked, so that of two first reports at once the second finds what the first made."""
    environment = Environment.objects.get(pk=environment_id)
    project = Project.objects.select_for_update(no_key=True).get(pk=environment.project_id)
    known = _target(environment_id, service_key)
    if known is not None:
        return known
    signed: dict[str, Any] = {"actor": actor, "reason": reason or "Its first deployment was recorded", "at": at}
    service = Service.objects.filter(project=project, key=service_key).first()
    service = service or create_service(project_id=project.pk, key=service_key, name=service_key, **signed)
    return create_target(service_id=service.pk, environment_id=environment_id, slots={}, fields={}, **signed)


def _release(service: Service, version: str, release: Mapping[str, Any] | None, actor: Actor, at: datetime) -> Release:
    if release is not None:
        return create_release(service_id=service.pk, number=version, actor=actor, at=at, **release)
    known = service.releases.filter(number=version).first()
    if known is None:
        message = f"{service.key} has no release {version}; create it, or send `release` along"
        raise InvalidDeployment({"version": [message]})
    return known


def _same(row: Deployment, release: Release) -> Deployment:
    if row.release_id != release.pk:
        raise IdempotencyKeyReused
    return row
