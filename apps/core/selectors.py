"""Reads of the floor: projects, environments, keys, the trail."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Extract

from apps.core.domain import chain
from apps.core.models import (
    ApiKey,
    AuditEntry,
    AuditPending,
    AuditSeal,
    ChangeRequest,
    Environment,
    Hold,
    Project,
    Tick,
)


def projects() -> QuerySet[Project]:
    return Project.objects.order_by("name")


def environments(project: Project) -> QuerySet[Environment]:
    return project.environments.select_related("project").order_by("position", "id")


def all_environments() -> QuerySet[Environment]:
    """Of every project, in the order that people see them."""
    return Environment.objects.select_related("project").order_by("project__name", "project_id", "position", "id")


def environment(project_key: str, environment_key: str) -> Environment | None:
    found = Environment.objects.select_related("project")
    return found.filter(project__key=project_key, key=environment_key).first()


def api_keys(project: Project) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(project=project).select_related("environment", "project").order_by("-id")


def keys_expiring(*, at: datetime, within: timedelta) -> QuerySet[ApiKey]:
    soon = ApiKey.objects.usable(at).filter(expires_at__lte=at + within)
    return soon.select_related("project", "environment").order_by("expires_at")


def keys_stamp() -> object:
    """Changes whenever any key does: cheap enough to ask every poll.

    A sum and not a maximum: a change may commit after a later one, with the smaller `changed_at`.
    """
    return ApiKey.objects.aggregate(
        Count("id"), Sum("id"), Count("revoked_at"), changed=Sum(Extract("changed_at", "epoch"))
    )


def usable_keys(*, at: datetime) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Digest and facts of each key that is neither revoked nor expired."""
    for key in ApiKey.objects.usable(at).select_related("project", "environment"):
        yield (
            bytes(key.digest),
            {
                "id": key.pk,
                "kind": key.kind,
                "name": key.name,
                "project_id": key.project_id,
                "project_key": key.project.key,
                "environment_id": key.environment_id,
                "environment_key": key.environment.key if key.environment else None,
                "scopes": frozenset(key.scopes),
                "expires_at": key.expires_at,
            },
        )


def audit_entries(*, project: Project | None = None) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.select_related("project", "environment").order_by("-at", "-id")
    return entries.filter(project=project) if project else entries


def trail(
    *,
    project: Project | None = None,
    kind: str = "",
    actor: str = "",
    subject: str = "",
    before: tuple[datetime, int] | None,
) -> QuerySet[AuditEntry]:
    """Newest first, narrowed. `before` is the (at, id) of the last entry of the page read before."""
    found = audit_entries(project=project)
    for name, value in {"kind": kind, "actor_label": actor}.items():
        found = found.filter(**{name: value}) if value else found
    if subject:
        found = found.filter(subject_label__icontains=subject)
    if before:
        at, last = before
        found = found.filter(at__lte=at).exclude(at=at, id__gte=last)
    return found


def client_key(environment: Environment, *, at: datetime) -> ApiKey | None:
    """The newest usable client key: its text is public, so pages may show it."""
    return ApiKey.objects.usable(at).filter(environment=environment, kind=ApiKey.Kind.CLIENT).order_by("-id").first()


def unsealed() -> int:
    """Audit entries that wait for the sealer; a queue, so counting it is cheap."""
    return AuditPending.objects.count()


def audit_of(subject_type: str, subject_id: int | str) -> QuerySet[AuditEntry]:
    return audit_entries().filter(subject_type=subject_type, subject_id=str(subject_id))


def newest_audit_id() -> int:
    """Moves whenever anything was decided anywhere; 0 before the first entry. An older one may still commit late."""
    return AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0


class Tail(NamedTuple):
    entries: tuple[AuditEntry, ...]
    position: int  # read up to here; where to go on


def sealed_since(position: int, *, kinds: Collection[str], at_least: datetime, most: int = 500) -> Tail:
    """What the trail says of these kinds after a seal, in the order of the seals: they have no gaps, so whoever
    reads on from there misses no entry that committed late. Older ones than `at_least` are passed over."""
    head = AuditSeal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    found = AuditEntry.objects.filter(kind__in=list(kinds), at__gte=at_least, seal__position__gt=position)
    rows = found.filter(seal__position__lte=head).select_related("seal", "environment__project")
    entries = tuple(rows.order_by("seal__position")[:most])
    return Tail(entries, entries[-1].seal.position if len(entries) == most else max(head, position))


def turns_of(subject_type: str, subject_ids: Collection[int], *, field: str) -> QuerySet[AuditEntry]:
    """Entries of these objects that changed this field."""
    ids = [str(one) for one in subject_ids]
    return AuditEntry.objects.filter(subject_type=subject_type, subject_id__in=ids, changes__has_key=field)


def change_requests(project: Project) -> QuerySet[ChangeRequest]:
    """Newest first, with all that tells how far each is."""
    rows = ChangeRequest.objects.filter(project=project).select_related("project", "environment__project")
    return rows.prefetch_related("votes", "project__environments").order_by("-id")


def has_link(digest: bytes) -> bool:
    """Whether the chain has ever had this head; an empty chain's head is always known."""
    return digest == chain.GENESIS or AuditSeal.objects.filter(digest=digest).exists()


def holds(environment: Environment) -> QuerySet[Hold]:
    return Hold.objects.filter(environment=environment).select_related("environment").order_by("guard")


def last_tick(name: str) -> datetime | None:
    return Tick.objects.filter(name=name).values_list("at", flat=True).first()
