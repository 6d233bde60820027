"""Pages where approval is needed: asking for it from every review, and deciding about it."""

from typing import Any

import pytest

from apps.core import audit
from apps.core.models import ChangeRequest, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag, FlagState, ScheduledChange
from tests.factories import (
    ACTOR,
    AT,
    ask_for_approvals,
    make_approver,
    make_flag,
    make_project,
    make_request,
    make_segment,
    split_rule,
    state_in,
)
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Its production asks for one approval."""
    project = make_project()
    ask_for_approvals(project.environments.get(key="production"))
    return Project.objects.get(pk=project.pk)


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def only() -> ChangeRequest:
    return ChangeRequest.objects.get()


def decide(visitor: Visitor, request: ChangeRequest, **data: Any) -> Any:
    return visitor.post("approval-flags", data, id=request.pk)


# Asking


def test_a_toggle_asks_for_approval_instead(state: FlagState, visitor: Visitor) -> None:
    page = visitor.get("flag-toggle", "?to=on", key="dark")
    shows(page, "Production asks for 1 approval.", 'name="propose" value="1"', "Request approval")
    assert "Turn on for everyone</button>" not in text(page)
    answer = visitor.post("flag-toggle", {"version": 1, "reason": "launch", "propose": "1"}, "?to=on", key="dark")
    assert answer.url == visitor.url("approval-flags", id=only().pk)
    assert (only().patch["status"], only().reason, again(state).version) == ("ON", "launch", 1)
    shows(visitor.client.get(answer.url), "dark in production", "Waiting", "Withdraw the request")


def test_a_button_does_what_it_said_when_the_need_appears_or_goes(project: Project, state: FlagState) -> None:
    visitor, production = Visitor(project), state.environment
    sent = {"version": 1, "reason": "launch"}
    answer = visitor.post("flag-toggle", sent, "?to=on", key="dark")  # an old form, from before approval was needed
    assert answer.status_code == 409
    shows(answer, "Production asks for approval of this.", "Your input is kept", "launch", "Request approval")
    production.refresh_from_db()
    ask_for_approvals(production, 0)
    answer = visitor.post("flag-toggle", {**sent, "propose": "1"}, "?to=on", key="dark")
    assert answer.status_code == 409
    shows(answer, "No approval is needed any more.", "Turn on for everyone")
    assert again(state).version == 1
    assert not ChangeRequest.objects.exists()


def test_a_rollout_is_proposed_from_its_review(state: FlagState, visitor: Visitor) -> None:
    sent = {"version": 1, "who": "everyone", "share": "25", "others": "off", "turn_on": "on"}
    shows(visitor.post("flag-rollout", sent, key="dark"), "Request approval", 'name="propose"')
    sent |= {"confirmed": "1", "reason": "slowly", "propose": "1"}
    assert visitor.post("flag-rollout", sent, key="dark").status_code == 302
    assert only().patch["rules"] == split_rule(on=25, off=75)
    assert again(state).version == 1


def test_a_revert_and_an_undo_are_proposed(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="light"))
    request = make_request(state)
    services.approve_request(request_id=request.pk, actor=make_approver()[1], at=AT)
    page = visitor.get("flag-detail", "?changed=2", key="light")
    shows(page, "Request approval to undo", 'name="propose" value="1"')
    sent = {"version": 2, "reason": "Undo of version 2", "propose": "1"}
    assert visitor.post("flag-revert", sent, key="light", number=1).status_code == 302
    undo = ChangeRequest.objects.latest("id")
    assert (undo.kind, undo.patch, undo.changes) == ("flags.revert", {"to_version": 1}, {"status": ["on", "off"]})
    assert again(state).status == "ON"


def test_what_cannot_be_served_is_not_asked_for(project: Project, visitor: Visitor) -> None:
    state_in(make_flag(project=project, key="dark", killed=False))
    answer = visitor.post("flag-toggle", {"version": 1, "reason": "x", "propose": "1"}, "?to=off", key="dark")
    assert answer.status_code == 409
    shows(answer, "Nothing to change")


def test_variants_are_proposed_once_saving_was_refused(state: FlagState, visitor: Visitor) -> None:
    sent: dict[str, Any] = {"version": 1, "name": "Dark", "purpose": "RELEASE", "variants-TOTAL_FORMS": 3}
    sent |= {"variants-INITIAL_FORMS": 2, "reason": "three"}
    for n, (key, value) in enumerate((("on", "true"), ("no", "false"), ("off", "false"))):
        sent |= {f"variants-{n}-key": key, f"variants-{n}-value": value}
    answer = visitor.post("flag-edit", sent, key="dark")
    assert answer.status_code == 409
    shows(answer, "Production asks for approval of this.", 'name="propose"', "Request approval</button>", 'value="no"')
    assert visitor.post("flag-edit", {**sent, "propose": "1"}, key="dark").status_code == 302
    assert (only().kind, only().environment) == ("flags.flag_change", None)
    assert Flag.objects.get(key="dark").variants.count() == 2
    answer = decide(Visitor(state.flag.project), only(), approve="1")
    assert answer.status_code == 302
    assert Flag.objects.get(key="dark").variants.count() == 3


def test_a_name_is_saved_without_anybody(state: FlagState, visitor: Visitor) -> None:
    sent: dict[str, Any] = {"version": 1, "name": "Night", "purpose": "RELEASE"}
    sent |= {"variants-TOTAL_FORMS": 2, "variants-INITIAL_FORMS": 2}
    for n, (key, value) in enumerate((("on", "true"), ("off", "false"))):
        sent |= {f"variants-{n}-key": key, f"variants-{n}-value": value}
    assert visitor.post("flag-edit", sent, key="dark").status_code == 302
    assert Flag.objects.get(key="dark").name == "Night"


def test_members_are_proposed_from_their_review(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="beta")
    sent = {"version": 1, "targeting_keys": "u-2\nu-1"}
    shows(visitor.post("segment-detail", sent, key="beta"), "Request approval", 'name="propose"')
    sent |= {"confirmed": "1", "reason": "new", "propose": "1"}
    answer = visitor.post("segment-detail", sent, key="beta")
    assert answer.url == visitor.url("approval-flags", id=only().pk)
    assert only().patch == {"mode": "replace", "targeting_keys": ["u-1", "u-2"]}
    shows(visitor.client.get(answer.url), "beta", "u-1", "Open the segment")
    decide(Visitor(project), only(), approve="1")
    assert segment.members.count() == 2


def test_lifting_a_kill_of_a_flag_that_was_off_says_what_to_do(state: FlagState, visitor: Visitor) -> None:
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    answer = visitor.post("flag-lift-kill", {"version": 2, "status": "on", "reason": "fixed"}, key="dark")
    assert answer.status_code == 409
    shows(answer, "It was off before the kill.", "request approval to turn it on")
    assert again(state).status == "KILLED"


# Deciding


def test_a_request_shows_its_diff_and_whom_it_affects(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state, patch={"status": "ON", "rules": split_rule(on=25, off=75)}, reason="first quarter")
    page = visitor.get("approval-flags", id=request.pk)
    shows(
        page,
        f"Request {request.pk}: dark in production",
        "first quarter",
        "Everyone: 25 % on, 75 % off",
        "Of 1,000 sample users",
        "0 of 1 approval.",
        "Approve and apply",
        "Reject",
    )
    assert "Withdraw" not in text(page)


def test_approving_applies_and_says_so(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    answer = decide(visitor, request, approve="1", comment="looks good")
    assert answer.url == visitor.url("approval-flags", id=request.pk)
    assert again(state).status == "ON"
    page = visitor.client.get(answer.url)
    shows(page, "Applied", visitor.user.username, "looks good")
    assert "<button class" not in text(page).split("Votes")[1]
    shows(visitor.get("flag-detail", key="dark"), "launch (approved by")


def test_the_first_of_two_approvals_only_counts(state: FlagState, visitor: Visitor) -> None:
    ask_for_approvals(state.environment, 2)
    request = make_request(state)
    shows(visitor.get("approval-flags", id=request.pk), "0 of 2 approvals.", "Approve</button>")
    decide(visitor, request, approve="1")
    page = visitor.get("approval-flags", id=request.pk)
    shows(page, "1 of 2 approvals.", "You have voted.")
    assert again(state).status == "OFF"
    shows(Visitor(state.flag.project).get("approval-flags", id=request.pk), "Approve and apply")


def test_the_author_may_withdraw_and_nothing_else(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state, actor=audit.person(visitor.user))
    page = visitor.get("approval-flags", id=request.pk)
    shows(page, "Somebody else has to decide about your request.", "Withdraw the request")
    assert 'name="approve"' not in text(page)
    answer = decide(visitor, request, approve="1")
    assert answer.status_code == 409
    shows(answer, "This is your own request")
    decide(visitor, request, withdraw="1", comment="too early")
    assert only().status == "WITHDRAWN"
    assert again(state).status == "OFF"


def test_others_do_not_withdraw(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    assert decide(visitor, request, withdraw="1").status_code == 409
    assert only().status == "PENDING"


def test_rejecting_ends_it(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    decide(visitor, request, reject="1", comment="not on a Friday")
    shows(visitor.get("approval-flags", id=request.pk), "Rejected", "not on a Friday")
    assert again(state).status == "OFF"


def test_somebody_who_was_faster_is_told_of(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    decide(Visitor(state.flag.project), request, reject="1")
    answer = decide(visitor, request, approve="1")
    assert answer.status_code == 409
    shows(answer, "Somebody was faster: this request is closed.", "Rejected")


def test_a_request_that_was_overtaken_says_by_what_and_is_not_offered(state: FlagState, visitor: Visitor) -> None:
    late, soon = make_request(state), make_request(state, patch={"default_variant": "off"}, reason="meanwhile")
    decide(visitor, soon, approve="1")
    page = visitor.get("approval-flags", id=late.pk)
    shows(page, "This was proposed on version 1, which is not the present one any more.", "meanwhile", "Reject")
    assert 'name="approve"' not in text(page)
    decide(visitor, late, approve="1")  # from a page that was open before
    shows(visitor.get("approval-flags", id=late.pk), "Outdated", "Nothing was applied.")
    assert again(state).status == "OFF"


def test_a_change_that_became_impossible_says_why_and_stays_open(state: FlagState, visitor: Visitor) -> None:
    base = make_flag(project=state.flag.project, key="base")
    request = make_request(state, patch={"prerequisites": [{"flag": "base", "variants": ["on"]}]})
    other = make_request(state_in(base), patch={"prerequisites": [{"flag": "dark", "variants": ["on"]}]})
    decide(visitor, other, approve="1")
    answer = decide(visitor, request, approve="1", comment="go")
    assert answer.status_code == 422
    shows(answer, "This cannot be served.", "circle", "go")
    assert ChangeRequest.objects.get(pk=request.pk).status == "PENDING"


def test_a_proposed_schedule_says_when(state: FlagState, visitor: Visitor) -> None:
    patch = {"apply_at": "2099-03-01T09:00:00+00:00", "change": {"status": "ON"}}
    request = make_request(state, kind="flags.schedule", patch=patch)
    shows(visitor.get("approval-flags", id=request.pk), "2099-03-01 09:00 UTC", "On", "Approve and schedule")
    decide(visitor, request, approve="1")
    assert (again(state).status, ScheduledChange.objects.get().status) == ("OFF", "PENDING")
    shows(visitor.get("flag-detail", key="dark"), "Yet to come", "2099-03-01 09:00 UTC", "Scheduled")


def test_the_flags_page_shows_what_waits(state: FlagState, visitor: Visitor) -> None:
    assert "Yet to come" not in text(visitor.get("flag-detail", key="dark"))
    request = make_request(state)
    shows(
        visitor.get("flag-detail", key="dark"),
        "Yet to come",
        f"Request {request.pk} by tests",
        visitor.url("approval-flags", id=request.pk),
    )


def test_a_request_without_a_decision_is_not_found(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    assert decide(visitor, request).status_code == 404
    assert visitor.get("approval-flags", id=request.pk + 1).status_code == 404


def test_in_another_environment_the_switch_leads_to_the_list(state: FlagState) -> None:
    request = make_request(state)
    staging = Visitor(state.flag.project, environment="staging")
    assert staging.get("approval-flags", id=request.pk).url == staging.url("approval-list")


def test_other_projects_do_not_see_it(state: FlagState) -> None:
    request = make_request(state)
    assert Visitor(make_project()).get("approval-flags", id=request.pk).status_code == 404


def test_viewers_look(state: FlagState) -> None:
    request, viewer = make_request(state), Visitor(state.flag.project, role="Viewer")
    page = viewer.get("approval-flags", id=request.pk)
    shows(page, "These roles may: Administrator, Operator and Product.")
    for decision in ("approve", "reject", "withdraw"):
        assert decide(viewer, request, **{decision: "1"}).status_code == 403
    assert only().status == "PENDING"


def test_looking_changes_nothing(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    visitor.get("approval-flags", f"?approve=1&id={request.pk}", id=request.pk)
    assert (only().status, only().version) == ("PENDING", 1)


def test_unreadable_rules_do_not_break_the_page(state: FlagState, visitor: Visitor) -> None:
    request = make_request(state)
    FlagState.objects.filter(pk=state.pk).update(rules=[{"broken": True}])
    shows(visitor.get("approval-flags", id=request.pk), "Status", "Approve and apply")


def test_elsewhere_reviews_make_the_change(project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"), "staging")
    staging = Visitor(project, environment="staging")
    assert "Request approval" not in text(staging.get("flag-toggle", "?to=on", key="dark"))
    staging.post("flag-toggle", {"version": 1}, "?to=on", key="dark")
    assert again(state).status == "ON"
    services.set_state(
        state_id=state.pk,
        change=Change(status=FlagStatus.OFF),
        actor=ACTOR,
        reason="",
        at=AT,
        expected_version=None,
    )
