"""Writes about people: accounts, roles, passwords. Each is one transaction and one audit entry."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import changes

EDITABLE = ("first_name", "last_name", "email", "is_active")


class LastAdministrator(Exception):
    """Somebody must be able to let people in."""


def add_person(
    *, username: str, password: str, roles: Iterable[Group], actor: Actor, at: datetime, **fields: Any
) -> User:
    """Everybody here may use the admin; what they see and do there comes from their roles."""
    user = User(username=username, is_staff=True, date_joined=at, **fields)
    user.set_password(password)
    user.full_clean()
    with transaction.atomic():
        user.save()
        user.groups.set(roles)
        given = {name: [None, value] for name, value in _readable(user).items()}
        audit.record(kind="core.person_added", subject=user, actor=actor, at=at, changes=given)
    return user


def change_person(
    *, user_id: int, fields: Mapping[str, Any], roles: Iterable[Group], actor: Actor, at: datetime, reason: str = ""
) -> User:
    """Change EDITABLE and the roles. Raises LastAdministrator rather than lock everybody out."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        before = _readable(user)
        for name in EDITABLE:
            setattr(user, name, fields.get(name, getattr(user, name)))
        user.full_clean()
        user.save()
        user.groups.set(roles)
        changed = changes(before, _readable(user))
        if changed:
            _keep_an_administrator()
            audit.record(kind="core.person_changed", subject=user, actor=actor, at=at, reason=reason, changes=changed)
    return user


def set_password(*, user_id: int, password: str, actor: Actor, at: datetime) -> User:
    """Ends the person's sessions elsewhere, as Django does with any new password."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        user.set_password(password)
        user.save()
        audit.record(kind="core.password_changed", subject=user, actor=actor, at=at)
    return user


def _keep_an_administrator() -> None:
    able = User.objects.with_perm("auth.change_user", backend="django.contrib.auth.backends.ModelBackend")
    if not able.filter(is_staff=True).exists():
        raise LastAdministrator


def _readable(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in EDITABLE} | {
        "roles": list(user.groups.order_by("name").values_list("name", flat=True))
    }
