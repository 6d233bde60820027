"""The ledger of changes that need somebody else's consent."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.core import approvals, audit, services
from apps.core.approvals import (
    AlreadyVoted,
    ApprovalNotNeeded,
    ApprovalRequired,
    AuthorCannotApprove,
    OnlyPeopleApprove,
    OnlyTheAuthorWithdraws,
    RequestIsClosed,
)
from apps.core.models import AuditEntry, ChangeRequest, Environment, Project
from tests.factories import ACTOR, AT, ask_for_approvals, make_approver, make_project

pytestmark = pytest.mark.django_db
Status = ChangeRequest.Status


@pytest.fixture
def production() -> Environment:
    project = make_project()
    ask_for_approvals(project.environments.get(key="production"), 2)
    return Environment.objects.select_related("project").get(project=project, key="production")


def open_request(environment: Environment, *, everywhere: bool = False, **fields: Any) -> ChangeRequest:
    given: dict[str, Any] = {
        "kind": "flags.state_change",
        "subject": environment,
        "project_id": environment.project_id,
        "environment_id": None if everywhere else environment.pk,
        "patch": {"status": "ON"},
        "base_version": 3,
        "changes": {"status": ["off", "on"]},
        "actor": ACTOR,
        "reason": "launch",
        "at": AT,
    }
    return approvals.open_request(**given | fields)


def approve(request: ChangeRequest, actor: audit.Actor, **fields: Any) -> ChangeRequest:
    return approvals.vote(request_id=request.pk, actor=actor, approves=True, at=AT, **fields)


def test_a_request_keeps_what_is_proposed_and_who_proposed_it(production: Environment) -> None:
    request = ChangeRequest.objects.get(pk=open_request(production).pk)
    assert (request.status, request.patch, request.base_version) == ("PENDING", {"status": "ON"}, 3)
    assert (request.subject_type, request.subject_id) == ("core.environment", str(production.pk))
    assert (request.author_kind, request.author_label, request.created_at) == ("SYSTEM", "tests", AT)
    entry = AuditEntry.objects.get(kind="core.request_opened")
    assert (entry.environment_id, entry.reason, entry.changes) == (production.pk, "launch", {"status": ["off", "on"]})


@pytest.mark.parametrize("fields", [{"required_approvals": 0}, {"protected": False}])
def test_where_nothing_is_asked_for_nothing_is_opened(production: Environment, fields: dict[str, Any]) -> None:
    services.update_environment(environment_id=production.pk, fields=fields, actor=ACTOR, at=AT, expected_version=None)
    with pytest.raises(ApprovalNotNeeded):
        open_request(production)
    assert not ChangeRequest.objects.exists()


def test_as_many_people_have_to_approve_as_the_environment_asks(production: Environment) -> None:
    request = open_request(production)
    assert not approvals.is_approved(approve(request, make_approver()[1]))
    assert approvals.is_approved(approve(request, make_approver()[1]))
    assert AuditEntry.objects.filter(kind="core.request_approved").count() == 2


def test_what_is_everywhere_asks_as_much_as_the_most_demanding_environment(production: Environment) -> None:
    ask_for_approvals(production.project.environments.get(key="staging"), 3)
    assert approvals.needed(open_request(production, everywhere=True)) == 3
    assert approvals.needed(open_request(production)) == 2


def test_the_author_neither_approves_nor_rejects(production: Environment) -> None:
    user, author = make_approver()
    request = open_request(production, actor=author)
    with pytest.raises(AuthorCannotApprove):
        approve(request, author)
    with pytest.raises(AuthorCannotApprove):
        approvals.reject(request_id=request.pk, actor=author, at=AT)
    assert not request.votes.exists()
    assert approvals.may_vote(request, make_approver()[1])
    assert not approvals.may_vote(request, audit.person(user))


def test_a_key_with_the_number_of_the_author_is_not_the_author(production: Environment) -> None:
    request = open_request(production, actor=audit.api_key(id=7, name="CI"))
    approve(request, audit.Actor(AuditEntry.ActorKind.USER, 7, "seven"))
    assert request.votes.count() == 1


@pytest.mark.parametrize("actor", [audit.api_key(id=1, name="CI"), ACTOR])
def test_only_people_approve(production: Environment, actor: audit.Actor) -> None:
    request = open_request(production, actor=make_approver()[1])
    with pytest.raises(OnlyPeopleApprove):
        approve(request, actor)


def test_nobody_votes_twice(production: Environment) -> None:
    request, (_user, omar) = open_request(production), make_approver()
    approve(request, omar)
    with pytest.raises(AlreadyVoted):
        approve(request, omar)
    with pytest.raises(AlreadyVoted):
        approvals.reject(request_id=request.pk, actor=omar, at=AT)
    assert request.votes.count() == 1


def test_one_rejection_ends_it_with_its_comment(production: Environment) -> None:
    request, (_user, omar) = open_request(production), make_approver()
    approve(request, make_approver()[1])
    rejected = approvals.reject(request_id=request.pk, actor=omar, at=AT, comment="too early")
    assert (rejected.status, rejected.closed_at) == (Status.REJECTED, AT)
    assert list(request.votes.order_by("id").values_list("approves", "comment")) == [(True, ""), (False, "too early")]
    assert AuditEntry.objects.get(kind="core.request_rejected").reason == "too early"


def test_only_the_author_withdraws(production: Environment) -> None:
    _user, author = make_approver()
    request = open_request(production, actor=author)
    with pytest.raises(OnlyTheAuthorWithdraws):
        approvals.withdraw(request_id=request.pk, actor=make_approver()[1], at=AT)
    assert approvals.withdraw(request_id=request.pk, actor=author, at=AT).status == Status.WITHDRAWN


@pytest.mark.parametrize("status", [Status.APPLIED, Status.REJECTED, Status.WITHDRAWN, Status.OUTDATED])
def test_a_closed_request_stays_as_it_is(production: Environment, status: ChangeRequest.Status) -> None:
    _user, author = make_approver()
    request = open_request(production, actor=author)
    closed = approvals.close(request_id=request.pk, status=status, actor=ACTOR, at=AT)
    again: list[Any] = [
        lambda: approve(request, make_approver()[1]),
        lambda: approvals.reject(request_id=request.pk, actor=make_approver()[1], at=AT),
        lambda: approvals.withdraw(request_id=request.pk, actor=author, at=AT),
        lambda: approvals.close(request_id=request.pk, status=Status.APPLIED, actor=ACTOR, at=AT),
    ]
    for attempt in again:
        with pytest.raises(RequestIsClosed):
            attempt()
    request.refresh_from_db()
    assert (request.status, request.version) == (status, closed.version)


def test_every_step_moves_the_version(production: Environment) -> None:
    request = open_request(production)
    approve(request, make_approver()[1])
    assert approvals.reject(request_id=request.pk, actor=make_approver()[1], at=AT).version == 4  # vote, vote, close


def test_a_request_needs_one_approval_even_where_nothing_is_asked_for_any_more(production: Environment) -> None:
    request = open_request(production)
    ask_for_approvals(production, 0)
    assert not approvals.is_approved(ChangeRequest.objects.get(pk=request.pk))
    assert approvals.is_approved(approve(request, make_approver()[1]))


def test_the_guard_names_the_environment_that_asks(production: Environment) -> None:
    project: Project = production.project
    approvals.refuse_unapproved(project.environments.exclude(key="production"))
    with pytest.raises(ApprovalRequired, match="Production asks for approval") as caught:
        approvals.refuse_unapproved(project.environments.order_by("position"))
    assert caught.value.environment == production


def test_an_environment_asks_only_while_it_is_protected(production: Environment) -> None:
    production.protected = False
    approvals.refuse_unapproved([production])
    assert (production.required_approvals, production.approvals_needed) == (2, 0)


@pytest.mark.parametrize("count", [-1, 11])
def test_approvals_are_none_to_ten(production: Environment, count: int) -> None:
    with pytest.raises(ValidationError) as caught:
        ask_for_approvals(production, count)
    assert set(caught.value.message_dict) == {"required_approvals"}


def test_the_setting_is_audited() -> None:
    ask_for_approvals(make_project().environments.get(key="production"), 2)
    assert AuditEntry.objects.get(kind="core.environment_changed").changes == {"required_approvals": [0, 2]}


def test_the_database_holds_to_one_vote_a_person_and_to_a_time_for_what_is_closed(production: Environment) -> None:
    request, (_user, omar) = open_request(production), make_approver()
    approve(request, omar)
    vote = request.votes.get()
    vote.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        vote.save()
    for change in ({"status": "APPLIED"}, {"closed_at": AT}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ChangeRequest.objects.update(**change)
