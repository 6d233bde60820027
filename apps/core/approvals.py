"""The ledger of changes that need somebody else's consent: it keeps proposals, counts votes, and applies nothing.
The app that owns a kind of change applies it and closes the request in one transaction, as flags' proposals do."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes
from apps.core.models import AuditEntry, ChangeRequest, Environment, Vote

Status = ChangeRequest.Status


class ApprovalRequired(Exception):
    """Here a change is proposed, not made: `environment` asks for approvals."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(f"{environment.name} asks for approval of every change.")
        self.environment = environment


class ApprovalNotNeeded(Exception):
    """There is nothing to ask for: the change can simply be made."""


class AuthorCannotApprove(Exception):
    """Somebody else has to look at it. The author may withdraw."""


class OnlyPeopleApprove(Exception):
    """An API key may propose; consent is a person's."""


class OnlyTheAuthorWithdraws(Exception):
    """Others reject."""


class AlreadyVoted(Exception):
    """One vote a person."""


class RequestIsClosed(Exception):
    """It was applied, rejected, withdrawn or outdated already."""


def refuse_unapproved(environments: Iterable[Environment]) -> None:
    """What a service calls before it changes something in these environments without an approved request."""
    for environment in environments:
        if environment.approvals_needed:
            raise ApprovalRequired(environment)


def open_request(
    *,
    kind: str,
    subject: models.Model,
    project_id: int,
    environment_id: int | None,
    patch: Mapping[str, Any],
    base_version: int,
    changes: Changes,
    actor: Actor,
    reason: str,
    at: datetime,
) -> ChangeRequest:
    """A proposal. The caller has made sure that it could be applied. Raises ApprovalNotNeeded."""
    with transaction.atomic():
        request = ChangeRequest.objects.create(
            kind=kind,
            project_id=project_id,
            environment_id=environment_id,
            subject_type=subject._meta.label_lower,
            subject_id=str(subject.pk),
            subject_label=str(subject)[:250],
            patch=patch,
            base_version=base_version,
            changes=changes,
            reason=reason,
            author_kind=actor.kind,
            author_id=actor.id,
            author_label=actor.label[:150],
            created_at=at,
        )
        if not needed(request):
            raise ApprovalNotNeeded
        _record("core.request_opened", request, actor=actor, at=at, reason=reason, changed=changes)
    return request


def vote(*, request_id: int, actor: Actor, approves: bool, at: datetime, comment: str = "") -> ChangeRequest:
    """Note one person's consent or refusal.

    Raises RequestIsClosed, OnlyPeopleApprove, AuthorCannotApprove, AlreadyVoted.
    """
    with transaction.atomic():
        request = _locked(request_id)
        _check_voter(request, actor)
        Vote.objects.create(
            request=request,
            voter_kind=actor.kind,
            voter_id=actor.id,
            voter_label=actor.label[:150],
            approves=approves,
            comment=comment,
            at=at,
        )
        request.version += 1
        request.save()
        kind = "core.request_approved" if approves else "core.request_opposed"
        _record(kind, request, actor=actor, at=at, reason=comment)
    return request


def reject(*, request_id: int, actor: Actor, at: datetime, comment: str = "") -> ChangeRequest:
    """One vote against is enough."""
    with transaction.atomic():
        vote(request_id=request_id, actor=actor, approves=False, at=at, comment=comment)
        return close(request_id=request_id, status=Status.REJECTED, actor=actor, at=at, reason=comment)


def withdraw(*, request_id: int, actor: Actor, at: datetime, comment: str = "") -> ChangeRequest:
    """The author thought better of it. Raises OnlyTheAuthorWithdraws, RequestIsClosed."""
    with transaction.atomic():
        if not is_author(_locked(request_id), actor):
            raise OnlyTheAuthorWithdraws
        return close(request_id=request_id, status=Status.WITHDRAWN, actor=actor, at=at, reason=comment)


def close(
    *, request_id: int, status: ChangeRequest.Status, actor: Actor, at: datetime, reason: str = ""
) -> ChangeRequest:
    """End a pending request. Whoever applies a patch closes with APPLIED in the same transaction."""
    with transaction.atomic():
        request = _locked(request_id)
        request.status, request.closed_at = status, at
        request.version += 1
        request.save()
        _record(f"core.request_{status.lower()}", request, actor=actor, at=at, reason=reason)
    return request


def is_approved(request: ChangeRequest) -> bool:
    """Whether enough people consented. A request needs one even where nothing is asked for any more."""
    return request.votes.filter(approves=True).count() >= max(needed(request), 1)


def needed(request: ChangeRequest) -> int:
    """Approvals; of what is the same in every environment, as many as the most demanding one asks."""
    if request.environment:
        return request.environment.approvals_needed
    return max((environment.approvals_needed for environment in request.project.environments.all()), default=0)


def author(request: ChangeRequest) -> Actor:
    return Actor(AuditEntry.ActorKind(request.author_kind), request.author_id, request.author_label)


def is_author(request: ChangeRequest, actor: Actor) -> bool:
    return (request.author_kind, request.author_id) == (actor.kind, actor.id)


def may_vote(request: ChangeRequest, actor: Actor) -> bool:
    """Whether a vote of this actor would count."""
    try:
        _check_voter(request, actor)
    except (RequestIsClosed, OnlyPeopleApprove, AuthorCannotApprove, AlreadyVoted):
        return False
    return True


def _check_voter(request: ChangeRequest, actor: Actor) -> None:
    if request.status != Status.PENDING:
        raise RequestIsClosed
    if actor.kind != AuditEntry.ActorKind.USER:
        raise OnlyPeopleApprove
    if is_author(request, actor):
        raise AuthorCannotApprove
    if any((cast.voter_kind, cast.voter_id) == (actor.kind, actor.id) for cast in request.votes.all()):
        raise AlreadyVoted


def _locked(request_id: int) -> ChangeRequest:
    rows = ChangeRequest.objects.select_for_update(of=("self",)).select_related("project", "environment__project")
    request = rows.get(pk=request_id)
    if request.status != Status.PENDING:
        raise RequestIsClosed
    return request


def _record(
    kind: str, request: ChangeRequest, *, actor: Actor, at: datetime, reason: str, changed: Changes | None = None
) -> None:
    audit.record(
        kind=kind,
        subject=request,
        project_id=request.project_id,
        environment_id=request.environment_id,
        actor=actor,
        at=at,
        reason=reason,
        changes=changed,
    )
