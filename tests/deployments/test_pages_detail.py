"""The page of one deployment: what it shows, what can be done there, what it refuses, and who may do what."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import audit, clock
from apps.core.models import ChangeRequest, Environment
from apps.deployments import services
from apps.deployments.domain.plans import Step
from apps.deployments.models import Analysis, ChecklistTick, Deployment, DeploymentStep, Override, Rollback, Service
from tests.deployments.world import World, states, world
from tests.factories import ACTOR, ask_for_approvals, make_flag, make_project, state_in
from tests.factories.deployments import make_deployment, make_release, make_target
from tests.flags.visit import Visitor, shows, text

__all__ = ["world"]
pytestmark = pytest.mark.django_db
State = Deployment.State
STEPS = [
    {"weight": 5_000, "hold_seconds": 300, "analyse": False, "needs_approval": True},
    {"weight": 50_000, "hold_seconds": 300},
    {"weight": 100_000, "analyse": False},
]


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Administrator")


def make_canary(environment: Environment, world: World | None = None, **fields: Any) -> Deployment:
    """Asked for a minute ago. With a world it is at its first step, which has 5 % and waits for approval."""
    at = clock.now() - timedelta(minutes=1)
    row = make_deployment(
        make_target(environment, driver="CADDY", strategy="CANARY", steps=STEPS), number="1.1.0", at=at, **fields
    )
    if world is not None:
        world.at = at
        world.run(20)
    row.refresh_from_db()
    return row


def at_state(row: Deployment) -> str:
    row.refresh_from_db()
    return row.state


def deed(row: Deployment, **fields: Any) -> dict[str, Any]:
    row.refresh_from_db()
    return {"version": row.version, "reason": "because", **fields}


# What it shows


def test_a_canary_on_its_way_is_told_whole(environment: Environment, visitor: Visitor, world: World) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    row = make_canary(environment, world, reason="Faster checkout")
    Service.objects.update(repository_url="https://github.com/acme/shop")
    type(row.release).objects.filter(pk=row.release_id).update(
        commit_sha="abcdef0123456789", flags=["checkout", "gone"]
    )
    page = visitor.get("deployment-detail", deployment=row.pk)
    assert row.hold_until
    shows(page, "Web 1.1.0 in Production", "Rolling out", f"Holds until {row.hold_until:%H:%M:%S} UTC.")
    shows(page, "5 % on green", "95 % on blue", "Faster checkout", "Canary", "after 1.0.0", "by ada")
    shows(page, 'href="https://github.com/acme/shop/commit/abcdef0123456789"', "abcdef0123</code>")
    shows(page, "5 % of the traffic", "95 % of the traffic", "/healthz answered", "(new)", "(before)")
    shows(page, "planned: up to 30 min", "planned: 10 min to 15 min", "planned: 15 min to 30 min", "planned: 1 h")
    shows(page, "One at a time", "No other deployment is under way here.", "7 gates are not asked for")
    shows(page, "It has not looked yet.", "Moving traffic", "Bringing the release up", "gave traffic to")
    shows(page, visitor.url("flag-detail", key="checkout"), "not there", "Health checks passing", "of 8 passed")
    shows(
        page, visitor.url("deployment-roll-back", deployment=row.pk), visitor.url("deployment-pause", deployment=row.pk)
    )
    assert text(page).count('aria-current="step"') == 2  # the phase and the step


def test_what_the_judge_found_is_told_with_its_numbers(
    environment: Environment, visitor: Visitor, world: World
) -> None:
    row = make_canary(environment, world)
    found = {
        "metric": "errors",
        "action": "roll_back",
        "verdict": "bad",
        "reason": "The new slot fails more often.",
        "canary": 0.05,
        "baseline": 0.001,
        "ratio": 50.0,
        "interval": [12.0, None],
    }
    slow = {"metric": "slow_latency", "action": "ignore", "verdict": "good", "reason": "Fine."}
    told = {"deployment": row, "position": 0, "findings": [found, slow]}
    Analysis.objects.create(look=1, verdict="INCONCLUSIVE", words="Too early to say.", at=row.task_since, **told)
    later = row.task_since + timedelta(minutes=1)
    Analysis.objects.create(look=2, verdict="BAD", words="Errors rose from 0.1 % to 5 %.", at=later, **told)
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Inconclusive", "Bad", "Errors rose from 0.1 % to 5 %.", "Look 2 at step 1", "at least 12", "<dd>50 ")
    shows(page, "<dd>5 %</dd>", "<dd>0.1 %</dd>", "rolls back", "dry run", "Slow response time (p95)")
    assert text(page).index("Errors rose") < text(page).index("Too early to say.")


def test_health_is_shown_as_it_was_kept(environment: Environment, visitor: Visitor) -> None:
    row = make_canary(environment)
    before = {"requests": 12_000, "error_share": 0.001, "p95_ms": 250.4}
    Deployment.objects.filter(pk=row.pk).update(
        health_before=before, health_after={"requests": 900, "error_share": 0.2, "p95_ms": None}
    )
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "12,000", "0.1 %", "250 ms", "20 %", "900")


def test_one_done_elsewhere_says_so(environment: Environment, visitor: Visitor) -> None:
    make_target(environment)
    row = Deployment.objects.get(elsewhere=True)
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Done elsewhere, only recorded here", "Succeeded", "no gate was asked here", "data-over")
    assert "planned:" not in text(page)
    assert visitor.url("deployment-roll-back", deployment=row.pk) not in text(page)


def test_it_belongs_to_its_environment(environment: Environment, visitor: Visitor) -> None:
    row = make_canary(environment)
    elsewhere = Visitor(environment.project, role="Administrator", environment="staging")
    assert elsewhere.get("deployment-detail", deployment=row.pk).status_code == 404
    assert elsewhere.post("deployment-cancel", deed(row), deployment=row.pk).status_code == 404
    assert visitor.get("deployment-detail", deployment=row.pk + 1).status_code == 404


def test_the_table_and_the_trail_lead_to_the_page(environment: Environment, visitor: Visitor) -> None:
    row = make_canary(environment)
    answer = visitor.client.get(f"/admin/deployments/deployment/{row.pk}/change/")
    assert answer.headers["Location"] == visitor.url("deployment-detail", deployment=row.pk)


def test_the_parts_that_follow_are_those_of_the_page(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    page, parts = (visitor.get(name, deployment=row.pk) for name in ("deployment-detail", "deployment-progress"))
    assert text(page).count("data-live ") + text(page).count("data-live>") == text(parts).count("data-live")
    shows(parts, 'data-say="Rolling out. Traffic: ')
    assert "<html" not in text(parts)
    assert "data-over" not in text(parts)


def test_whoever_has_the_parts_gets_them_again_when_something_changed(
    environment: Environment, visitor: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_canary(environment, world)
    monkeypatch.setattr(clock, "now", lambda: world.at)  # the minute stays the same
    back: dict[str, Any] = {"method": "SWITCH", "reason": "x", "target_seconds": 180, "asked_by_label": "x"}
    url = visitor.url("deployment-progress", deployment=row.pk)
    seen = visitor.client.get(url).headers["ETag"]
    for change in (
        lambda: row.target.slots.filter(name="green").update(weight=6_000),
        lambda: row.target.slots.filter(name="green").update(healthy=False),
        lambda: row.gates.filter(gate="LOCK").update(verdict="WAITING"),
        lambda: Analysis.objects.create(deployment=row, position=0, look=1, verdict="GOOD", words="x", at=world.at),
        lambda: services.tick_item(deployment_id=row.pk, item="rollback_reviewed", done=True, actor=ACTOR, at=world.at),
        lambda: Rollback.objects.create(deployment=row, status="DONE", asked_at=world.at, **back),
        lambda: services.confirm_rollback(deployment_id=row.pk, actor=ACTOR, at=world.at),
        lambda: Deployment.objects.filter(pk=row.pk).update(words="Something else"),
        lambda: row.steps.filter(status="RUNNING").update(status="DONE"),
    ):
        row.target.slots.update(seen_at=world.at)  # alone it changes nothing
        assert visitor.client.get(url, headers={"If-None-Match": seen}).status_code == 304
        change()
        answer = visitor.client.get(url, headers={"If-None-Match": seen})
        assert (answer.status_code, answer.headers["ETag"] != seen) == (200, True)
        seen = answer.headers["ETag"]
    world.at += timedelta(minutes=1)
    assert visitor.client.get(url, headers={"If-None-Match": seen}).status_code == 200


def test_a_long_deployment_costs_no_more_queries(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert visitor.get("deployment-detail", deployment=row.pk).status_code == 200
        return len(queries)

    count()  # remembers the scope in the session
    few = count()
    plan = {**row.plan, "steps": [{**STEPS[1], "weight": n * 5_000, "needs_approval": False} for n in range(1, 21)]}
    Deployment.objects.filter(pk=row.pk).update(plan=plan)
    at, usual = row.task_since, {"deployment": row, "at": row.task_since, "words": "Nothing."}
    Analysis.objects.bulk_create(Analysis(look=n, position=n // 3, verdict="GOOD", **usual) for n in range(60))
    DeploymentStep.objects.bulk_create(
        DeploymentStep(deployment=row, state="ROLLING", task="SHIFT", status="DONE", began_at=at, ended_at=at)
        for _n in range(100)
    )
    for n in range(10):
        audit.record(
            kind="deployments.paused", subject=row, project_id=environment.project_id,
            environment_id=environment.pk, actor=ACTOR, reason=f"{n}", at=at, changes=None,
        )  # fmt: skip
    assert count() == few
    assert few <= 30
    shows(visitor.get("deployment-detail", deployment=row.pk), "40 earlier looks are not shown.", "earlier steps")


# Steering


def test_it_is_paused_resumed_sent_on_and_approved(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    for name, reached in (
        ("pause", State.PAUSED),
        ("resume", State.ROLLING),
        ("approve-step", State.ROLLING),
        ("skip", State.ROLLING),
    ):
        shows(visitor.get(f"deployment-{name}", deployment=row.pk), 'name="reason"', "Web 1.1.0 in Production")
        sent = visitor.post(f"deployment-{name}", deed(row), deployment=row.pk)
        assert (sent.status_code, at_state(row)) == (302, reached), name
    assert row.position == 1
    assert states(row)[-5:] == ["rolling", "paused", "rolling", "step_approved", "rolling"]
    shows(visitor.get("deployment-detail", deployment=row.pk), visitor.user.username, "because")


def test_it_is_cancelled_before_anybody_met_it(environment: Environment, visitor: Visitor) -> None:
    row = make_canary(environment)
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, visitor.url("deployment-cancel", deployment=row.pk))
    assert visitor.url("deployment-pause", deployment=row.pk) not in text(page)
    assert visitor.post("deployment-cancel", deed(row), deployment=row.pk).status_code == 302
    assert at_state(row) == State.CANCELLED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cancel", "It is too late to cancel."),
        ("skip", "Somebody has to approve the present step first."),
        ("resume", "It is not paused, so there is nothing to resume."),
        ("confirm", "No rollback waits to be confirmed."),
        ("approve", "It waits for nobody any more."),
        ("reject", "It waits for nobody any more."),
    ],
)
def test_what_a_live_one_refuses(
    environment: Environment, visitor: Visitor, world: World, name: str, words: str
) -> None:
    row = make_canary(environment, world)
    answer = visitor.post(f"deployment-{name}", deed(row, plan=row.plan_digest), deployment=row.pk)
    assert (answer.status_code, at_state(row)) == (409, State.ROLLING)
    shows(answer, words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pause", "It carries no traffic that could be held or sent on."),
        ("skip", "It carries no traffic that could be held or sent on."),
        ("approve-step", "The present step needs no approval, or has it."),
    ],
)
def test_what_a_waiting_one_refuses(environment: Environment, visitor: Visitor, name: str, words: str) -> None:
    row = make_canary(environment)
    answer = visitor.post(f"deployment-{name}", deed(row), deployment=row.pk)
    assert (answer.status_code, at_state(row)) == (409, State.CHECKING)
    shows(answer, words)


def test_one_that_went_on_meanwhile_is_looked_at_again(
    environment: Environment, visitor: Visitor, world: World
) -> None:
    row = make_canary(environment, world)
    seen = deed(row, reason="typed at length")
    services.pause_deployment(deployment_id=row.pk, actor=ACTOR, reason="other", at=world.at, expected_version=None)
    answer = visitor.post("deployment-skip", seen, deployment=row.pk)
    assert (answer.status_code, at_state(row), row.position) == (409, State.PAUSED, 0)
    shows(answer, "This deployment went on while you were here.", "typed at length", f'value="{row.version}"')


def test_going_on_without_waiting_always_says_why(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    answer = visitor.post("deployment-skip", deed(row, reason=" "), deployment=row.pk)
    assert (answer.status_code, row.position) == (422, 0)
    shows(answer, "Say why, so that others understand this later.")


def test_who_asked_for_it_does_not_approve_its_steps(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world, actor=audit.person(visitor.user))
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "The present step waits for approval by somebody other than who asked for the deployment.")
    assert visitor.url("deployment-skip", deployment=row.pk) not in text(page)
    answer = visitor.post("deployment-approve-step", deed(row), deployment=row.pk)
    assert answer.status_code == 403
    shows(answer, "You asked for this deployment: somebody else has to approve it.")


# Approvals, gates and the checklist


@pytest.fixture
def asked(environment: Environment, visitor: Visitor) -> Deployment:
    """Waits for two people's approval."""
    ask_for_approvals(environment, 2)
    row = make_canary(environment)
    services.advance_deployments(at=clock.now())
    return row


def test_two_people_approve(environment: Environment, visitor: Visitor, asked: Deployment) -> None:
    shows(visitor.get("deployment-detail", deployment=asked.pk), "2 people other than tests have to approve this plan.")
    for person in (visitor, Visitor(environment.project, role="Product")):
        vote: dict[str, Any] = {"plan": asked.plan_digest, "comment": "looks right"}
        assert person.post("deployment-approve", vote, deployment=asked.pk).status_code == 302
    page = visitor.get("deployment-detail", deployment=asked.pk)
    shows(page, "Approved", "looks right", visitor.user.username)
    again = visitor.post("deployment-approve", vote, deployment=asked.pk)
    assert again.status_code == 409
    shows(again, "You have voted on this plan already.")
    services.advance_deployments(at=clock.now())
    assert at_state(asked) not in Deployment.WAITING


def test_one_person_rejects(visitor: Visitor, asked: Deployment) -> None:
    vote: dict[str, Any] = {"plan": asked.plan_digest, "comment": "not today"}
    assert visitor.post("deployment-reject", vote, deployment=asked.pk).status_code == 302
    assert at_state(asked) == State.REJECTED
    shows(visitor.get("deployment-detail", deployment=asked.pk), "Rejected", "not today")


def test_the_author_is_told_that_somebody_else_approves(environment: Environment, visitor: Visitor) -> None:
    ask_for_approvals(environment, 1)
    row = make_canary(environment, actor=audit.person(visitor.user))
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "You asked for it, so somebody else has to approve.")
    assert "Approve this plan" not in text(page)
    answer = visitor.post("deployment-approve", {"plan": row.plan_digest}, deployment=row.pk)
    assert answer.status_code == 403


def test_nobody_approves_a_plan_that_they_have_not_seen(visitor: Visitor, asked: Deployment) -> None:
    vote: dict[str, Any] = {"plan": asked.plan_digest, "comment": "typed"}
    other: dict[str, Any] = {"strategy": "CANARY", "steps": (Step(50_000, 60), Step(100_000)), "expected_version": None}
    services.change_plan(deployment_id=asked.pk, actor=ACTOR, reason="faster", at=clock.now(), **other)
    answer = visitor.post("deployment-approve", vote, deployment=asked.pk)
    asked.refresh_from_db()
    assert answer.status_code == 409
    shows(answer, "The plan changed while you were here.", "typed", asked.plan_digest)
    assert not ChangeRequest.objects.filter(votes__isnull=False).exists()


def test_the_list_of_approvals_leads_to_it(visitor: Visitor, asked: Deployment) -> None:
    request = ChangeRequest.objects.get()
    shows(visitor.get("approval-list"), visitor.url("approval-deployments", id=request.pk))
    answer = visitor.get("approval-deployments", id=request.pk)
    assert answer.headers["Location"] == visitor.url("deployment-detail", deployment=asked.pk)
    assert visitor.get("approval-deployments", id=request.pk + 1).status_code == 404


def test_a_gate_is_overridden_with_a_reason(environment: Environment, visitor: Visitor) -> None:
    gates: dict[str, Any] = {"STAGING": True}
    row = make_deployment(make_target(environment, open_gates=False, gates=gates), at=clock.now())
    services.advance_deployments(at=clock.now())
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Failed", "has not been deployed to staging successfully", "Override the gate “Same commit on staging”")
    about: dict[str, Any] = {"deployment": row.pk, "gate": "STAGING"}
    answer = visitor.post("deployment-override", {"reason": ""}, **about)
    assert (answer.status_code, Override.objects.exists()) == (422, False)
    assert visitor.post("deployment-override", {"reason": "seen by hand"}, **about).status_code == 302
    services.advance_deployments(at=clock.now())
    shows(visitor.get("deployment-detail", deployment=row.pk), "Overridden", "seen by hand", "overrode a gate of")
    refused = visitor.post("deployment-override", {"reason": "x"}, deployment=row.pk, gate="APPROVALS")
    assert refused.status_code == 422
    shows(refused, "This gate cannot be overridden.")


def test_an_item_is_ticked_and_unticked(environment: Environment, visitor: Visitor) -> None:
    row = make_canary(environment)
    tick = {"item": "rollback_reviewed"}
    assert visitor.post("deployment-tick", tick, deployment=row.pk).status_code == 302
    shows(
        visitor.get("deployment-detail", deployment=row.pk),
        f"ticked by {visitor.user.username} on",
        "Take the tick back",
    )
    visitor.post("deployment-tick", {**tick, "undo": "1"}, deployment=row.pk)
    assert not ChecklistTick.objects.exists()
    answer = visitor.post("deployment-tick", {"item": "no such thing"}, deployment=row.pk)
    assert answer.status_code == 422
    shows(answer, "The checklist has no such item any more.")


# Back


def test_rolled_back_by_a_switch_and_confirmed(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    page = visitor.get("deployment-roll-back", deployment=row.pk)
    shows(page, "Switch traffic back", "Moves all traffic to 1.0.0", "Target: 3 min.", "Possible now")
    shows(page, "No flag is linked to the release", "Not possible now", "Everything written after the backup was made")
    sent: dict[str, Any] = {"method": "SWITCH", "reason": "errors"}
    assert visitor.post("deployment-roll-back", sent, deployment=row.pk).status_code == 302
    assert at_state(row) == State.ROLLING_BACK
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Rolling back", "Traffic is to be back within 3 min.", visitor.user.username, "went back from here")
    again = visitor.post("deployment-roll-back", sent, deployment=row.pk)
    assert again.status_code == 409
    shows(again, "It is being rolled back already.")
    world.at = clock.now()
    Rollback.objects.update(asked_at=world.at)
    world.run(30)
    assert at_state(row) == State.ROLLED_BACK
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Users were back after 0 s, within the target of 3 min.", "Watched until", "I looked: it is well again")
    assert visitor.post("deployment-confirm", {"comment": "graphs are flat"}, deployment=row.pk).status_code == 302
    shows(visitor.get("deployment-detail", deployment=row.pk), f"{visitor.user.username} looked: it is well again.")


def test_a_target_that_was_missed_is_told(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    at = clock.now()
    told = {"reason": "errors", "target_seconds": 180, "asked_by_label": "deployments", "automatic": True}
    Rollback.objects.create(
        deployment=row, method="SWITCH", asked_at=at - timedelta(minutes=9), trigger="error rate", **told
    )
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "by itself", "(error rate)", "The target of 3 min is over, and traffic is not back yet.")
    Rollback.objects.update(moved_at=at - timedelta(minutes=5), status="DONE")
    page = visitor.get("deployment-detail", deployment=row.pk)
    shows(page, "Users were back after 4 min; the target of 3 min was missed.")


def test_rolled_back_by_its_flags(environment: Environment, visitor: Visitor, world: World) -> None:
    flag = make_flag(project=environment.project, key="checkout", on=True)
    row = make_canary(environment, world)
    type(row.release).objects.filter(pk=row.release_id).update(flags=["checkout"])
    page = visitor.get("deployment-roll-back", deployment=row.pk)
    shows(page, "Kills checkout: everyone gets the off variant", "Target: 30 s.")
    assert text(page).index("Turn its flags off") < text(page).index("Switch traffic back")  # the faster first
    assert visitor.post("deployment-roll-back", {"method": "FLAG", "reason": "errors"}, deployment=row.pk)
    assert (state_in(flag).status, at_state(row)) == ("KILLED", State.PAUSED)


def test_a_way_that_is_closed_says_why(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    type(row.release).objects.filter(pk=row.release_id).update(contracts=True)
    page = visitor.get("deployment-roll-back", deployment=row.pk)
    shows(page, "A contract migration has run: the previous version needs what it removed")
    assert '<button class="button button-danger button-big">' not in text(page)
    answer = visitor.post("deployment-roll-back", {"method": "SWITCH", "reason": "errors"}, deployment=row.pk)
    assert (answer.status_code, at_state(row)) == (409, State.ROLLING)
    shows(answer, "It cannot be rolled back this way now.")


def test_one_that_was_followed_by_another_offers_no_way_back(
    environment: Environment, visitor: Visitor, world: World
) -> None:
    row = make_canary(environment, world)
    over = {"state": "SUCCEEDED", "task": "NONE", "due_at": None, "ended_at": world.at, "whole_at": world.at}
    Deployment.objects.filter(pk=row.pk).update(**over)
    type(row.target).objects.update(live_release=row.release)
    back = visitor.url("deployment-roll-back", deployment=row.pk)
    assert back in text(visitor.get("deployment-detail", deployment=row.pk))
    type(row.target).objects.update(live_release=make_release(row.target.service))
    page = visitor.get("deployment-detail", deployment=row.pk)
    assert back not in text(page)
    shows(page, visitor.url("deployment-new") + "?service=web&amp;release=1.1.0", "Deploy this version again")
    shows(visitor.get("deployment-roll-back", deployment=row.pk), "Another deployment has taken its place")


@pytest.mark.parametrize("sent", [{"method": "SWITCH", "reason": ""}, {"method": "MAGIC", "reason": "x"}, {}])
def test_a_rollback_names_its_way_and_says_why(
    environment: Environment, visitor: Visitor, world: World, sent: dict[str, str]
) -> None:
    row = make_canary(environment, world)
    assert visitor.post("deployment-roll-back", sent, deployment=row.pk).status_code == 422
    assert at_state(row) == State.ROLLING


# Who may


def test_a_viewer_sees_everything_and_no_button(environment: Environment, world: World) -> None:
    row = make_canary(environment, world)
    viewer = Visitor(environment.project, role="Viewer")
    page = viewer.get("deployment-detail", deployment=row.pk)
    shows(page, "Rolling out", "Gates", "Timeline")
    main = text(page).split("<main")[1]
    assert "<button" not in main
    for name in ("pause", "skip", "cancel", "approve-step", "roll-back", "approve"):
        assert viewer.url(f"deployment-{name}", deployment=row.pk) not in main
        assert viewer.post(f"deployment-{name}", deed(row), deployment=row.pk).status_code == 403


def test_product_approves_but_does_not_steer(environment: Environment, world: World) -> None:
    row = make_canary(environment, world)
    product = Visitor(environment.project, role="Product")
    assert product.post("deployment-pause", deed(row), deployment=row.pk).status_code == 403
    assert product.post("deployment-approve-step", deed(row), deployment=row.pk).status_code == 302


def test_nothing_is_done_by_looking(environment: Environment, visitor: Visitor, world: World) -> None:
    row = make_canary(environment, world)
    for name in (
        "pause",
        "skip",
        "cancel",
        "approve-step",
        "roll-back",
        "approve",
        "reject",
        "resume",
        "tick",
        "confirm",
    ):
        assert visitor.get(f"deployment-{name}", deployment=row.pk).status_code in (200, 302)
    version = row.version
    assert (at_state(row), row.version) == (State.ROLLING, version)


def test_a_hotfix_and_a_plan_for_later_are_told(environment: Environment, visitor: Visitor) -> None:
    target = make_target(environment)
    release = make_release(target.service)
    asked: dict[str, Any] = {"target_id": target.pk, "release_id": release.pk, "actor": ACTOR, "at": clock.now()}
    at = clock.now() + timedelta(days=2)
    row = services.request_deployment(reason="fire", hotfix=True, scheduled_at=at, **asked)
    shows(
        visitor.get("deployment-detail", deployment=row.pk), "Emergency hotfix", f"Planned for {at:%Y-%m-%d %H:%M} UTC."
    )
