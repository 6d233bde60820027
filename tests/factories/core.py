"""Projects, keys and people."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from django.contrib.auth.models import Group, User

from apps.core import audit, services
from apps.core.models import ApiKey, Environment, Project
from apps.core.services import IssuedKey

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # a Monday morning
ACTOR = audit.system("tests")
PASSWORD = "correct horse battery"
_number = count(1)


def make_project(*, key: str = "", name: str = "") -> Project:
    """A project with development, staging and (protected) production."""
    number = next(_number)
    return services.create_project(key=key or f"project-{number}", name=name or f"Project {number}", actor=ACTOR, at=AT)


def make_user(*, role: str = "", username: str = "", password: str = PASSWORD, is_staff: bool = True) -> User:
    """A person with one of the four roles, or none."""
    user = User.objects.create_user(username or f"person-{next(_number)}", password=password, is_staff=is_staff)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_key(
    *,
    environment: Environment | None = None,
    project: Project | None = None,
    kind: str = ApiKey.Kind.CLIENT,
    name: str = "",
    scopes: Sequence[str] = (ApiKey.Scope.READ,),
    expires_at: datetime | None = None,
    server: bool = False,
    management: bool = False,
    writing: bool = False,
    expired: bool = False,
    revoked: bool = False,
) -> IssuedKey:
    """An issued key with its token. States: server, management, writing (management too), expired, revoked."""
    owner = project or (environment.project if environment else None)
    assert owner is not None, "give an environment or a project"
    if writing:
        scopes = (ApiKey.Scope.READ, ApiKey.Scope.WRITE)
    issued = services.issue_key(
        project_id=owner.pk,
        environment_id=environment.pk if environment else None,
        kind=ApiKey.Kind.MANAGEMENT if management or writing else ApiKey.Kind.SERVER if server else kind,
        name=name or f"key {next(_number)}",
        scopes=scopes,
        expires_at=AT + timedelta(days=1) if expired else expires_at,
        actor=ACTOR,
        at=AT,
    )
    if revoked:
        services.revoke_key(key_id=issued.key.pk, actor=ACTOR, at=AT)
    return issued
