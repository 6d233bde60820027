"""Projects and their environments."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.models import Environment, Project
from apps.core.services.versions import check_version

CREATING_PROJECTS = 0x9907EC7  # an advisory lock; any constant that nothing else uses
DEFAULT_ENVIRONMENTS = (
    ("development", "Development", Environment.Kind.DEVELOPMENT, False),
    ("staging", "Staging", Environment.Kind.STAGING, False),
    ("production", "Production", Environment.Kind.PRODUCTION, True),
)
EDITABLE = {"name", "kind", "protected", "required_approvals", "position"}  # of an environment

Adopter = Callable[[Environment, Actor, datetime], None]
_adopters: list[Adopter] = []


def adopt_environments_with(adopter: Adopter) -> None:
    """Let an app above prepare its rows for each new environment, in the same transaction. Wired at start."""
    _adopters.append(adopter)


def lock_project(project_id: int) -> Project:
    """Held to the end of the transaction by whatever creates keys in a project, or a row per environment: so a taken
    key is seen before it is saved, and a flag and an environment created at once know of each other."""
    return Project.objects.select_for_update().get(pk=project_id)


def create_project(
    *, key: str, name: str, actor: Actor, at: datetime, description: str = "", reason: str = ""
) -> Project:
    """A project with its three environments: development, staging, and production, which is protected."""
    project = Project(key=key, name=name, description=description, created_at=at)
    with transaction.atomic():
        _create_one_at_a_time()
        project.full_clean()
        project.save()
        _record(project, "core.project_created", actor=actor, at=at, reason=reason)
        for position, (env_key, env_name, kind, protected) in enumerate(DEFAULT_ENVIRONMENTS):
            create_environment(
                project_id=project.pk,
                key=env_key,
                name=env_name,
                kind=kind,
                protected=protected,
                position=position,
                actor=actor,
                at=at,
                reason=reason,
            )
    return project


def update_project(
    *,
    project_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
) -> Project:
    """Change `name` or `description`; the key is part of URLs and stays."""
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project_id)
        changed = _change(project, fields, {"name", "description"}, expected_version)
        if changed:
            _record(project, "core.project_changed", actor=actor, at=at, reason=reason, changed=changed)
    return project


def create_environment(
    *,
    project_id: int,
    key: str,
    name: str,
    kind: str,
    actor: Actor,
    at: datetime,
    protected: bool = False,
    required_approvals: int = 0,
    position: int = 0,
    reason: str = "",
) -> Environment:
    environment = Environment(
        project_id=project_id,
        key=key,
        name=name,
        kind=kind,
        protected=protected,
        required_approvals=required_approvals,
        position=position,
        created_at=at,
    )
    with transaction.atomic():
        lock_project(project_id)
        environment.full_clean()
        environment.save()
        _record(environment, "core.environment_created", actor=actor, at=at, reason=reason)
        for adopt in _adopters:
            adopt(environment, actor, at)
    return environment


def update_environment(
    *,
    environment_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
) -> Environment:
    """Change any of EDITABLE; the key is part of URLs and stays."""
    with transaction.atomic():
        environment = Environment.objects.select_for_update().get(pk=environment_id)
        changed = _change(environment, fields, EDITABLE, expected_version)
        if changed:
            _record(environment, "core.environment_changed", actor=actor, at=at, reason=reason, changed=changed)
    return environment


def _create_one_at_a_time() -> None:
    """Until the transaction ends; so a taken key is seen before it is saved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CREATING_PROJECTS])


def _change(
    row: Project | Environment, fields: Mapping[str, Any], allowed: set[str], expected_version: int | None
) -> Changes:
    check_version(row.version, expected_version)
    before = {name: getattr(row, name) for name in allowed}
    for name, value in fields.items():
        if name not in allowed:
            raise ValueError(f"{name} cannot be changed")
        setattr(row, name, value)
    changed = changes(before, {name: getattr(row, name) for name in allowed})
    if changed:
        row.version += 1
        row.full_clean()
        row.save()
    return changed


def _record(
    row: Project | Environment, kind: str, *, actor: Actor, at: datetime, reason: str, changed: Changes | None = None
) -> None:
    audit.record(
        kind=kind,
        subject=row,
        project_id=row.pk if isinstance(row, Project) else row.project_id,
        environment_id=row.pk if isinstance(row, Environment) else None,
        actor=actor,
        at=at,
        reason=reason,
        changes=changed,
    )
