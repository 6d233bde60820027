"""API keys: issuing, rotating, revoking. Every change is announced, so that each process learns of it at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import audit, bus
from apps.core.audit import Actor
from apps.core.domain import keys
from apps.core.domain.diff import Changes
from apps.core.models import ApiKey

ROTATION_GRACE = timedelta(days=1)


class KeyNotUsable(Exception):
    """The key is revoked or expired, so it can neither be rotated nor revoked."""


class KeyAlreadyRotated(KeyNotUsable):
    """The key has a successor, which is the one to rotate."""


class EnvironmentMissing(Exception):
    """Every kind of key but management belongs to one environment."""


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
        _record("core.key_issued", issued.key, actor=actor, at=at, reason=reason)
    return issued


def rotate_key(
    *, key_id: int, actor: Actor, at: datetime, reason: str = "", grace: timedelta = ROTATION_GRACE
) -> IssuedKey:
    """Issue a successor with the same rights; the old key goes on for `grace`."""
    with transaction.atomic():
        old = _usable_for_update(key_id, at)
        if ApiKey.objects.filter(replaces=old).exists():
            raise KeyAlreadyRotated
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
        _record("core.key_rotated", old, actor=actor, at=at, reason=reason, changed=shown)
    return issued


def revoke_key(*, key_id: int, actor: Actor, at: datetime, reason: str = "") -> ApiKey:
    """End a key at once."""
    with transaction.atomic():
        key = _usable_for_update(key_id, at)
        key.revoked_at = key.changed_at = at
        key.save()
        _record("core.key_revoked", key, actor=actor, at=at, reason=reason)
    return key


def mark_keys_used(used: Mapping[int, datetime]) -> None:
    """Batched `last_used_at`; usage is exempt from the audit trail."""
    with transaction.atomic():
        for key_id, at in sorted(used.items()):
            ApiKey.objects.filter(pk=key_id).update(last_used_at=at)


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


def _record(kind: str, key: ApiKey, *, actor: Actor, at: datetime, reason: str, changed: Changes | None = None) -> None:
    audit.record(
        kind=kind,
        subject=key,
        project_id=key.project_id,
        environment_id=key.environment_id,
        actor=actor,
        at=at,
        reason=reason,
        changes=changed,
    )
    bus.announce("keys")
