"""Flags where approval is needed: what is refused, what is proposed, and what an approval applies."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import approvals, audit
from apps.core.approvals import ApprovalNotNeeded, ApprovalRequired, AuthorCannotApprove, RequestIsClosed
from apps.core.models import AuditEntry, ChangeRequest, Environment
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType, InvalidDefinition
from apps.flags.domain.members import UnreadableMembers
from apps.flags.domain.transitions import Change, FlagIsKilled, NothingToChange
from apps.flags.models import Flag, FlagState, FlagStateVersion, Ruleset, ScheduledChange, Segment
from apps.flags.services import InvalidFlag
from tests.factories import (
    ACTOR,
    AT,
    LATER,
    ask_for_approvals,
    make_approver,
    make_flag,
    make_request,
    make_schedule,
    make_segment,
    split_rule,
    state_in,
)

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "why", "at": AT, "expected_version": None}
MORE = (("on", True), ("no", False), ("off", False))


@pytest.fixture
def state() -> FlagState:
    """Version 2 in production, which asks for one approval: on for a quarter."""
    state = state_in(make_flag(key="dark", rolling_out=True))
    ask_for_approvals(state.environment)
    return state_in(state.flag)


@pytest.fixture
def omar() -> audit.Actor:
    return make_approver("omar")[1]


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def propose(state: FlagState, patch: Any, *, kind: str = "flags.state_change", **fields: Any) -> ChangeRequest:
    about: dict[str, Any] = {"kind": kind, "subject_id": state.pk, "environment_id": state.environment_id}
    return services.propose(**about, patch=patch, **WHO | fields)


def approve(request: ChangeRequest, actor: audit.Actor, **fields: Any) -> ChangeRequest:
    return services.approve_request(request_id=request.pk, actor=actor, **{"at": AT} | fields)


# What is refused


CHANGES: dict[str, Callable[[FlagState, Segment], object]] = {
    "set_state": lambda state, _: services.set_state(state_id=state.pk, change=Change(status=FlagStatus.OFF), **WHO),
    "revert": lambda state, _: services.revert(state_id=state.pk, to_version=1, **WHO),
    "schedule": lambda state, _: services.schedule_change(
        state_id=state.pk, change=Change(status=FlagStatus.OFF), apply_at=LATER, **WHO
    ),
    "variants": lambda state, _: services.update_flag(flag_id=state.flag_id, fields={"variants": MORE}, **WHO),
    "exposure": lambda state, _: services.update_flag(flag_id=state.flag_id, fields={"client_exposed": True}, **WHO),
    "members": lambda state, segment: services.set_members(
        segment_id=segment.pk, environment_id=state.environment_id, targeting_keys=["ann"], **WHO
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_reaches_users_asks_for_approval_and_changes_nothing(state: FlagState, name: str) -> None:
    segment = make_segment(project=state.flag.project)
    rulesets, entries = dict(Ruleset.objects.values_list("pk", "version")), AuditEntry.objects.count()
    with pytest.raises(ApprovalRequired) as caught:
        CHANGES[name](state, segment)
    assert caught.value.environment == state.environment
    assert dict(Ruleset.objects.values_list("pk", "version")) == rulesets
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize("name", CHANGES)
def test_elsewhere_nothing_is_asked(name: str) -> None:
    state = state_in(make_flag(key="dark", rolling_out=True))
    CHANGES[name](state, make_segment(project=state.flag.project))


def test_other_environments_and_names_stay_free(state: FlagState) -> None:
    staging = state_in(state.flag, "staging")
    services.set_state(state_id=staging.pk, change=Change(status=FlagStatus.ON), **WHO)
    assert services.update_flag(flag_id=state.flag_id, fields={"name": "Other"}, **WHO).name == "Other"


def test_a_kill_works_at_once_and_its_end_restores_what_was_approved(state: FlagState) -> None:
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    lifted = services.lift_kill(state_id=state.pk, status=FlagStatus.ON, **WHO)
    assert (lifted.status, lifted.rules) == ("ON", split_rule(on=25, off=75))


def test_a_kill_and_its_end_do_not_turn_a_flag_on_unseen(state: FlagState) -> None:
    approve(propose(state, {"status": "OFF"}), make_approver()[1])
    services.kill(state_id=state.pk, actor=ACTOR, reason="x", at=AT)
    with pytest.raises(ApprovalRequired):
        services.lift_kill(state_id=state.pk, status=FlagStatus.ON, **WHO)
    assert services.lift_kill(state_id=state.pk, status=FlagStatus.OFF, **WHO).status == "OFF"


def test_an_edit_between_kill_and_lift_does_not_hide_that_the_flag_was_off() -> None:
    state = state_in(make_flag())
    services.kill(state_id=state.pk, actor=ACTOR, reason="x", at=AT)
    services.update_flag(flag_id=state.flag_id, fields={"client_exposed": True}, **WHO)
    ask_for_approvals(state.environment)
    with pytest.raises(ApprovalRequired):
        services.lift_kill(state_id=state.pk, status=FlagStatus.ON, **WHO)


# Proposing


def test_a_proposal_changes_nothing_and_says_what_it_would_change(state: FlagState) -> None:
    rulesets, versions = dict(Ruleset.objects.values_list("pk", "version")), FlagStateVersion.objects.count()
    request = propose(state, {"rules": split_rule(on=50, off=50)})
    assert request.changes == {"rules": [split_rule(on=25, off=75), split_rule(on=50, off=50)]}
    assert (request.base_version, request.environment, request.status) == (2, state.environment, "PENDING")
    assert (again(state).version, again(state).rules) == (2, split_rule(on=25, off=75))
    assert dict(Ruleset.objects.values_list("pk", "version")) == rulesets
    assert FlagStateVersion.objects.count() == versions
    assert not AuditEntry.objects.filter(subject_label="dark in production", reason="why").exists()


def test_a_proposal_tells_no_process_of_a_change(state: FlagState) -> None:
    announced = len(connection.run_on_commit)
    propose(state, {"status": "OFF"})
    assert len(connection.run_on_commit) == announced


@pytest.mark.parametrize(
    ("patch", "refusal"),
    [
        ({"rules": split_rule(on=50, off=40)}, InvalidFlag),
        ({"rules": split_rule(maybe=100)}, InvalidFlag),
        ({"default_variant": "maybe"}, InvalidFlag),
        ({"prerequisites": [{"flag": "nowhere", "variants": ["on"]}]}, InvalidFlag),
        ({"status": "ON"}, NothingToChange),
        ({"status": "KILLED"}, InvalidDefinition),
        ({"colour": "red"}, InvalidDefinition),
        ({}, InvalidDefinition),
        ({"rules": [{"id": "\0", "when": None, "serve": {"variant": "on"}}]}, InvalidDefinition),
    ],
)
def test_what_could_not_be_applied_is_not_proposed(state: FlagState, patch: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        propose(state, patch)
    assert not ChangeRequest.objects.exists()
    assert again(state).version == 2


def test_a_proposal_is_as_strict_as_the_change(state: FlagState) -> None:
    with pytest.raises(StaleVersion):
        propose(state, {"status": "OFF"}, expected_version=1)
    with pytest.raises(ReasonMissing):
        propose(state, {"status": "OFF"}, reason=" ")
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    with pytest.raises(FlagIsKilled):
        propose(state, {"status": "OFF"})
    assert not ChangeRequest.objects.exists()


def test_where_no_approval_is_needed_none_is_asked_for(state: FlagState) -> None:
    with pytest.raises(ApprovalNotNeeded):
        propose(state_in(state.flag, "staging"), {"status": "ON"})


def test_members_that_stay_the_same_are_no_proposal(state: FlagState) -> None:
    segment = make_segment(project=state.flag.project)
    where: dict[str, Any] = {"subject_id": segment.pk, "environment_id": state.environment_id}
    with pytest.raises(NothingToChange):
        services.propose(kind="flags.members_change", patch={"targeting_keys": []}, **where, **WHO)


def test_too_long_members_are_named_as_the_service_names_them(state: FlagState) -> None:
    segment = make_segment(project=state.flag.project)
    where: dict[str, Any] = {"subject_id": segment.pk, "environment_id": state.environment_id}
    with pytest.raises(UnreadableMembers) as told:
        services.propose(kind="flags.members_change", patch={"targeting_keys": ["a", "x" * 201]}, **where, **WHO)
    assert [line for line, _ in told.value.problems] == [2]


# Approving


def test_the_last_approval_applies_in_the_authors_name(state: FlagState, omar: audit.Actor) -> None:
    request = propose(state, {"rules": split_rule(on=50, off=50)}, reason="half")
    at = AT + timedelta(hours=2)
    applied = approve(request, omar, at=at, comment="go")
    assert (applied.status, applied.closed_at) == ("APPLIED", at)
    assert (again(state).rules, again(state).version, again(state).changed_at) == (split_rule(on=50, off=50), 3, at)
    entry = AuditEntry.objects.get(kind="flags.state_changed", at=at)
    assert (entry.actor_label, entry.reason) == ("tests", "half (approved by omar)")
    kinds = AuditEntry.objects.filter(at=at).order_by("id").values_list("kind", "actor_label")
    assert list(kinds) == [
        ("core.request_approved", "omar"),
        ("flags.state_changed", "tests"),
        ("core.request_applied", "omar"),
    ]


def test_before_the_last_approval_nothing_happens(state: FlagState, omar: audit.Actor) -> None:
    ask_for_approvals(state.environment, 2)
    request = propose(state, {"status": "OFF"})
    assert approve(request, omar).status == "PENDING"
    assert again(state).status == "ON"
    assert approve(request, make_approver("ann")[1]).status == "APPLIED"
    assert again(state).status == "OFF"
    assert AuditEntry.objects.latest("id").kind == "core.request_applied"
    assert AuditEntry.objects.get(kind="flags.state_changed", reason__contains="omar, ann")


def test_nobody_approves_their_own(state: FlagState, omar: audit.Actor) -> None:
    request = propose(state, {"status": "OFF"}, actor=omar)
    with pytest.raises(AuthorCannotApprove):
        approve(request, omar)
    assert again(state).status == "ON"


def test_where_the_state_moved_nothing_is_applied_and_the_request_is_outdated(
    state: FlagState, omar: audit.Actor
) -> None:
    late, soon = propose(state, {"status": "OFF"}), propose(state, {"rules": split_rule(on=50, off=50)})
    approve(soon, omar)
    outdated = approve(late, omar)
    assert (outdated.status, outdated.closed_at) == ("OUTDATED", AT)
    assert (again(state).status, again(state).version) == ("ON", 3)
    said = AuditEntry.objects.get(kind="core.request_outdated").reason
    assert said == "Proposed on version 2, it is at version 3 by now. Propose it again."
    with pytest.raises(RequestIsClosed):
        approve(late, make_approver()[1])


def test_a_kill_outdates_what_waits(state: FlagState, omar: audit.Actor) -> None:
    request = propose(state, {"status": "OFF"})
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    assert approve(request, omar).status == "OUTDATED"
    assert again(state).status == "KILLED"


def test_a_refused_application_takes_the_vote_back(state: FlagState, omar: audit.Actor) -> None:
    base = make_flag(project=state.flag.project, key="base")
    request = propose(state, {"prerequisites": [{"flag": "base", "variants": ["on"]}]})
    approve(propose(state_in(base), {"prerequisites": [{"flag": "dark", "variants": ["on"]}]}), omar)
    with pytest.raises(InvalidFlag, match="circle"):
        approve(request, omar)
    assert not request.votes.exists()
    assert ChangeRequest.objects.get(pk=request.pk).status == "PENDING"
    assert again(state).version == 2


def test_a_revert_is_applied_as_a_revert(state: FlagState, omar: audit.Actor) -> None:
    approve(propose(state, {"to_version": 1}, kind="flags.revert"), omar)
    assert (again(state).status, again(state).version) == ("OFF", 3)
    assert AuditEntry.objects.get(kind="flags.reverted").reason == "why (approved by omar)"


def test_a_revert_to_an_unknown_version_is_not_proposed(state: FlagState) -> None:
    with pytest.raises(FlagStateVersion.DoesNotExist):
        propose(state, {"to_version": 9}, kind="flags.revert")


def test_variants_change_everywhere_after_one_approval(omar: audit.Actor) -> None:
    flag = make_flag(type=FlagType.STRING)
    ask_for_approvals(flag.project.environments.get(key="production"))
    patch = {"name": "Blue", "variants": [{"key": "blue", "value": "navy"}, {"key": "red", "value": "red"}]}
    about: dict[str, Any] = {"kind": "flags.flag_change", "subject_id": flag.pk, "environment_id": None}
    request = services.propose(**about, patch=patch, **WHO)
    assert set(request.changes) == {"name", "variants"}
    assert approve(request, omar).status == "APPLIED"
    flag = Flag.objects.get(pk=flag.pk)
    assert (flag.name, flag.variants.get(key="blue").value, flag.version) == ("Blue", "navy", 2)
    assert set(flag.states.values_list("version", flat=True)) == {2}


def test_members_are_set_after_an_approval(state: FlagState, omar: audit.Actor) -> None:
    segment = make_segment(project=state.flag.project)
    about: dict[str, Any] = {"kind": "flags.members_change", "subject_id": segment.pk}
    request = services.propose(
        **about, environment_id=state.environment_id, patch={"targeting_keys": ["bob", "ann"]}, **WHO
    )
    assert request.changes == {"added": [None, ["ann", "bob"]], "removed": [[], None]}
    assert not segment.members.exists()
    assert approve(request, omar).status == "APPLIED"
    members = segment.members.values_list("environment__key", "targeting_key")
    assert sorted(members) == [("production", "ann"), ("production", "bob")]


def test_a_schedule_comes_into_being_by_its_approval(state: FlagState, omar: audit.Actor) -> None:
    patch = {"apply_at": LATER.isoformat(), "change": {"status": "OFF"}}
    request = propose(state, patch, kind="flags.schedule")
    assert not ScheduledChange.objects.exists()
    approve(request, omar)
    row = ScheduledChange.objects.get()
    assert (row.apply_at, row.patch, row.approved, row.author_label) == (LATER, {"status": "OFF"}, True, "tests")
    assert services.apply_due_changes(at=LATER) == 1
    assert again(state).status == "OFF"


def test_a_schedule_that_is_approved_too_late_is_outdated(state: FlagState, omar: audit.Actor) -> None:
    patch = {"apply_at": LATER.isoformat(), "change": {"status": "OFF"}}
    request = propose(state, patch, kind="flags.schedule")
    assert approve(request, omar, at=LATER).status == "OUTDATED"
    assert not ScheduledChange.objects.exists()


def test_a_schedule_from_before_approval_was_asked_for_is_not_applied() -> None:
    state = state_in(make_flag())
    row = make_schedule(state)
    ask_for_approvals(state.environment)
    services.apply_due_changes(at=LATER)
    row.refresh_from_db()
    assert (row.status, row.note) == ("CONFLICT", "Production asks for approval of every change.")
    assert again(state).status == "OFF"


def test_keys_propose_and_people_approve(state: FlagState, omar: audit.Actor) -> None:
    request = make_request(state, patch={"status": "OFF"}, actor=audit.api_key(id=3, name="CI"))
    assert approve(request, omar).status == "APPLIED"
    assert AuditEntry.objects.get(kind="flags.state_changed", reason="launch (approved by omar)").actor_label == "CI"


def test_an_environment_that_asks_no_more_still_waits_for_somebody(state: FlagState, omar: audit.Actor) -> None:
    request = propose(state, {"status": "OFF"})
    ask_for_approvals(Environment.objects.get(pk=state.environment_id), 0)
    assert ChangeRequest.objects.get(pk=request.pk).status == "PENDING"
    assert approvals.needed(ChangeRequest.objects.get(pk=request.pk)) == 0
    assert approve(request, omar).status == "APPLIED"
