"""Writes of the floor: projects, environments, keys, ticks. Each is one transaction and one audit entry."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from apps.core import audit, bus
from apps.core.audit import Actor
from apps.core.domain import keys
from apps.core.domain.diff import changes
from apps.core.models import ApiKey, Environment, Project, Tick

ROTATION_GRACE = timedelta(days=1)
DEFAULT_ENVIRONMENTS = (
    ("development", "Development", Environment.Kind.DEVELOPMENT, False),
    ("staging", "Staging", Environment.Kind.STAGING, False),
    ("production", "Production", Environment.Kind.PRODUCTION, True),
)


Adopter = Callable[[Environment, Actor, datetime], None]
_adopters: list[Adopter] = []


def adopt_environments_with(adopter: Adopter) -> None:
    """Let an app above prepare its rows for each new environment, in the same transaction. Wired at start."""
    _adopters.append(adopter)


class StaleVersion(Exception):
    """Somebody else changed the object since it was read."""

    def __init__(self, found: int, expected: int) -> None:
        super().__init__(f"version {expected} was expected, but it is {found} by now")
        self.found, self.expected = found, expected


class KeyNotUsable(Exception):
    """The key is revoked, so it can neither be rotated nor revoked again."""


class EnvironmentMissing(Exception):
    """Every kind of key but management belongs to one environment."""


def check_version(found: int, expected: int | None) -> None:
    """Optimistic lock. `None` means that the caller does not care, as a kill does not."""
    if expected is not None and expected != found:
        raise StaleVersion(found, expected)


def create_project(
    *, key: str, name: str, actor: Actor, at: datetime, description: str = "", reason: str = ""
) -> Project:
    """A project with its three environments: development, staging, and production, which is protected."""
    project = Project(key=key, name=name, description=description, created_at=at)
    project.full_clean()
    with transaction.atomic():
        project.save()
        _record("core.project_created", project, actor, at, project_id=project.pk, reason=reason)
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
            audit.record(
                kind="core.project_changed",
                subject=project,
                project_id=project.pk,
                actor=actor,
                at=at,
                reason=reason,
                changes=changed,
            )
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
    position: int = 0,
    reason: str = "",
) -> Environment:
    environment = Environment(
        project_id=project_id,
        key=key,
        name=name,
        kind=kind,
        protected=protected,
        position=position,
        created_at=at,
    )
    environment.full_clean()
    with transaction.atomic():
        environment.save()
        _record_environment("core.environment_created", environment, actor, at, reason=reason)
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
    """Change `name`, `kind`, `protected` or `position`; the key is part of URLs and stays."""
    with transaction.atomic():
        environment = Environment.objects.select_for_update().get(pk=environment_id)
        changed = _change(environment, fields, {"name", "kind", "protected", "position"}, expected_version)
        if changed:
            _record_environment("core.environment_changed", environment, actor, at, reason=reason, changes=changed)
    return environment


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """The row, and the token: shown once, then known only to its holder (client keys excepted)."""

    key: ApiKey
    token: str


def issue_key(
    *,
    project_id: int,
    environment_id: int | None,
    kind: str,
    name: str,
    actor: Actor,
    at: datetime,
    scopes: Iterable[str] = (ApiKey.Scope.READ,),
    expires_at: datetime | None = None,
    reason: str = "",
) -> IssuedKey:
    if environment_id is None and kind != ApiKey.Kind.MANAGEMENT:
        raise EnvironmentMissing
    if expires_at is not None and expires_at <= at:
        raise ValidationError({"expires_at": ["This moment has passed."]})
    with transaction.atomic():
        issued = _new_key(
            ApiKey(
                project_id=project_id,
                environment_id=environment_id,
                kind=kind,
                name=name,
                scopes=sorted(set(scopes)),
                created_at=at,
                changed_at=at,
                expires_at=expires_at,
            )
        )
        _record_key("core.key_issued", issued.key, actor, at, reason=reason)
    return issued


def rotate_key(
    *, key_id: int, actor: Actor, at: datetime, reason: str = "", grace: timedelta = ROTATION_GRACE
) -> IssuedKey:
    """Issue a successor with the same rights; the old key goes on for `grace`."""
    with transaction.atomic():
        old = _usable_for_update(key_id, at)
        lifetime = old.expires_at - old.created_at if old.expires_at else None
        issued = _new_key(
            ApiKey(
                project_id=old.project_id,
                environment_id=old.environment_id,
                kind=old.kind,
                name=old.name,
                scopes=old.scopes,
                created_at=at,
                changed_at=at,
                expires_at=at + lifetime if lifetime else None,
                replaces=old,
            )
        )
        before = old.expires_at
        old.expires_at = min(filter(None, [before, at + grace]))
        old.changed_at = at
        old.save()
        shown = {"expires_at": [before and before.isoformat(), old.expires_at.isoformat()]}
        _record_key("core.key_rotated", old, actor, at, reason=reason, changes=shown)
    return issued


def revoke_key(*, key_id: int, actor: Actor, at: datetime, reason: str = "") -> ApiKey:
    """End a key at once."""
    with transaction.atomic():
        key = _usable_for_update(key_id, at)
        key.revoked_at = key.changed_at = at
        key.save()
        _record_key("core.key_revoked", key, actor, at, reason=reason)
    return key


def mark_keys_used(used: Mapping[int, datetime]) -> None:
    """Batched `last_used_at`; usage is exempt from the audit trail."""
    with transaction.atomic():
        for key_id, at in sorted(used.items()):
            ApiKey.objects.filter(pk=key_id).update(last_used_at=at)


def tick(*, name: str, at: datetime) -> None:
    """Note that a periodic part ran; exempt from the audit trail."""
    Tick.objects.update_or_create(name=name, defaults={"at": at})


def _change(
    row: Project | Environment, fields: Mapping[str, Any], allowed: set[str], expected_version: int | None
) -> dict[str, list[Any]]:
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


def _new_key(key: ApiKey) -> IssuedKey:
    token = keys.mint(key.kind.lower())
    key.digest, key.hint = token.digest, token.hint
    key.publishable_token = token.text if key.kind == ApiKey.Kind.CLIENT else ""
    key.full_clean()
    key.save()
    return IssuedKey(key, token.text)


def _usable_for_update(key_id: int, at: datetime) -> ApiKey:
    key = ApiKey.objects.select_for_update().filter(pk=key_id).usable(at).first()
    if key is None:
        raise KeyNotUsable
    return key


def _record_key(kind: str, key: ApiKey, actor: Actor, at: datetime, **rest: Any) -> None:
    _record(kind, key, actor, at, project_id=key.project_id, environment_id=key.environment_id, **rest)
    bus.announce("keys")


def _record_environment(kind: str, environment: Environment, actor: Actor, at: datetime, **rest: Any) -> None:
    _record(kind, environment, actor, at, project_id=environment.project_id, environment_id=environment.pk, **rest)


def _record(kind: str, subject: models.Model, actor: Actor, at: datetime, **rest: Any) -> None:
    audit.record(kind=kind, subject=subject, actor=actor, at=at, **rest)
