"""The one way to write the audit trail, and the one way to check it. Every service calls `record`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict, Unpack

from django.db import models, transaction
from django.db.models import Exists, OuterRef

from apps.core.domain import chain
from apps.core.domain.diff import Changes
from apps.core.logs import current_request_id
from apps.core.models import AuditEntry, AuditPending, AuditSeal

VERIFY_BATCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, an API key or the portal itself."""

    kind: AuditEntry.ActorKind
    id: int | None
    label: str


def person(user: Any) -> Actor:
    return Actor(AuditEntry.ActorKind.USER, user.pk, user.get_username())


def api_key(*, id: int, name: str) -> Actor:
    return Actor(AuditEntry.ActorKind.KEY, id, name)


def system(label: str) -> Actor:
    """The portal acting by itself; `label` names the part, such as "demo" or "command line"."""
    return Actor(AuditEntry.ActorKind.SYSTEM, None, label)


class About(TypedDict):
    """What an entry is about."""

    kind: str
    subject: models.Model
    actor: Actor
    at: datetime
    reason: NotRequired[str]
    changes: NotRequired[Changes | None]
    project_id: NotRequired[int | None]
    environment_id: NotRequired[int | None]


def record(**about: Unpack[About]) -> AuditEntry:
    """Append one entry. Refuses to run outside a transaction: the entry stands or falls with its change."""
    return record_all([entry(**about)])[0]


def entry(
    *,
    kind: str,
    subject: models.Model,
    actor: Actor,
    at: datetime,
    reason: str = "",
    changes: Changes | None = None,
    project_id: int | None = None,
    environment_id: int | None = None,
) -> AuditEntry:
    """Not appended yet: for who has many, and hands them to record_all."""
    return AuditEntry(
        kind=kind,
        project_id=project_id,
        environment_id=environment_id,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        subject_label=str(subject)[:250],
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:150],
        reason=reason,
        changes=changes or {},
        request_id=current_request_id(),
        at=at,
    )


def record_all(entries: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
    """Append these in their order, with two queries."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("audit.record() must run in the transaction of the change it describes")
    made = AuditEntry.objects.bulk_create(entries)
    AuditPending.objects.bulk_create([AuditPending(entry=one) for one in made])
    return made


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. `problem` is None when the chain holds."""

    sealed: int  # entries
    unsealed: int  # entries
    head: bytes
    problem: str | None


def verify() -> Verdict:
    """Recompute every link from the first. Reads in batches, so memory stays flat."""
    head, expected = chain.GENESIS, 1
    for position, digest, entry in _links():
        if position != expected:
            return _broken(expected, head, f"link {expected} is missing")
        if entry is None:
            return _broken(expected, head, f"the entry of link {position} is missing")
        head = chain.link(head, sealed_fields(entry))
        if head != digest:
            return _broken(expected, head, f"entry {entry.pk} ({entry}) was changed after link {position} sealed it")
        expected += 1
    stray = _stray()
    if stray is not None:
        return _broken(expected, head, f"entry {stray.pk} ({stray}) was put in past the trail: nothing will seal it")
    return Verdict(expected - 1, AuditPending.objects.count(), head, None)


def sealed_fields(entry: AuditEntry) -> Mapping[str, Any]:
    """What a seal covers: every column, as JSON values."""
    values = {field.attname: getattr(entry, field.attname) for field in AuditEntry._meta.concrete_fields}
    return values | {"at": entry.at.isoformat()}


def _stray() -> AuditEntry | None:
    """An entry that neither a seal covers nor the sealer's queue holds; one statement, so writes cannot confuse it."""
    waiting = AuditPending.objects.filter(entry=OuterRef("pk"))
    return AuditEntry.objects.filter(~Exists(waiting), seal=None).order_by("id").first()


def _links() -> Iterator[tuple[int, bytes, AuditEntry | None]]:
    seals = AuditSeal.objects.order_by("position").iterator(chunk_size=VERIFY_BATCH_ROWS)
    batch: list[AuditSeal] = []
    for seal in seals:
        batch.append(seal)
        if len(batch) == VERIFY_BATCH_ROWS:
            yield from _with_entries(batch)
            batch = []
    yield from _with_entries(batch)


def _with_entries(seals: list[AuditSeal]) -> Iterator[tuple[int, bytes, AuditEntry | None]]:
    entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in seals])
    for seal in seals:
        yield seal.position, bytes(seal.digest), entries.get(seal.entry_id)


def _broken(expected: int, head: bytes, problem: str) -> Verdict:
    return Verdict(expected - 1, AuditPending.objects.count(), head, problem)
