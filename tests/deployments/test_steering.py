"""Deployments as people steer them, and what gates let through."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core import approvals, holds
from apps.core.audit import person
from apps.core.models import ChangeRequest, Environment, Hold
from apps.core.services import ReasonMissing, StaleVersion
from apps.deployments import services
from apps.deployments.domain.checklists import Source
from apps.deployments.domain.plans import Step
from apps.deployments.models import Deployment, Rollback
from apps.deployments.selectors.checklists import facts
from apps.flags.models import FlagState
from tests.deployments.world import World, states, world
from tests.factories import ACTOR, AT, ask_for_approvals, make_flag, make_project, make_user
from tests.factories.deployments import make_deployment, make_release, make_target

__all__ = ["world"]
pytestmark = pytest.mark.django_db
State = Deployment.State
SIGNED: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": AT}
ANY: dict[str, Any] = SIGNED | {"expected_version": None}
LONG = [{"weight": 25_000, "hold_seconds": 600, "analyse": False}, {"weight": 100_000, "analyse": False}]


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def production(staging: Environment) -> Environment:
    return staging.project.environments.get(key="production")


def now(row: Deployment) -> str:
    row.refresh_from_db()
    return row.state


def canary(environment: Environment, **fields: Any) -> Deployment:
    target = make_target(environment, driver="CADDY", strategy="CANARY", steps=LONG, **fields)
    return make_deployment(target)


def signed(world: World, reason: str = "tests") -> dict[str, Any]:
    return {"actor": ACTOR, "reason": reason, "at": world.at, "expected_version": None}


# Waiting


def test_the_second_waits_for_the_first(staging: Environment, world: World) -> None:
    target = make_target(staging, driver="CADDY", watch_seconds=30)
    first, second = make_deployment(target), make_deployment(target)
    world.run(10)
    assert (now(first), now(second)) == (State.WATCHING, State.QUEUED)
    assert second.words == f"{first.release} is being deployed here; this one is next."
    world.run(40)
    assert (now(first), now(second)) == (State.SUCCEEDED, State.WATCHING)


def test_what_waits_behind_a_newer_one_is_passed_over(production: Environment, world: World) -> None:
    target = make_target(production, driver="CADDY", watch_seconds=0, gates={"STAGING": True}, open_gates=False)
    older = make_deployment(target)
    newer = make_deployment(target)
    world.run(5)
    assert (now(older), now(newer)) == (State.CHECKING, State.CHECKING)
    services.override_gate(deployment_id=newer.pk, gate="STAGING", **signed(world))
    world.run(30)
    assert (now(older), now(newer)) == (State.SUPERSEDED, State.SUCCEEDED)
    assert older.words == f"{newer.release} is newer and starts first"


def test_it_starts_at_its_time(staging: Environment, world: World) -> None:
    row = make_deployment(make_target(staging, driver="CADDY"), scheduled_at=AT + timedelta(minutes=5))
    world.run(299, step=5)
    assert now(row) == State.QUEUED
    assert row.words == "Starts at 2026-01-05 09:05 UTC"
    world.run(10)
    assert now(row) == State.WATCHING


def test_a_week_of_waiting_is_enough(production: Environment, world: World) -> None:
    target = make_target(production, driver="CADDY", gates={"STAGING": True}, open_gates=False)
    row = make_deployment(target)
    world.run(7 * 86_400 + 1, step=6 * 3_600)
    assert now(row) == State.EXPIRED


def test_the_same_key_again_is_the_same_deployment(staging: Environment) -> None:
    target = make_target(staging)
    first = make_deployment(target, idempotency_key="ci-17")
    assert make_deployment(target, idempotency_key="ci-17") == first


# Gates


def test_production_asks_for_staging_first(staging: Environment, production: Environment, world: World) -> None:
    here = make_target(production, driver="CADDY", gates={"STAGING": True}, open_gates=False)
    there = make_target(staging, driver="CADDY", watch_seconds=0, live="")
    row = make_deployment(here, number="2.0")
    world.run(5)
    assert now(row) == State.CHECKING
    assert "has not been deployed to staging successfully" in row.words
    services.record_deployment(target_id=there.pk, release_id=row.release_id, **SIGNED)
    world.run(20)
    assert now(row) == State.WATCHING


def test_monday_is_no_day_but_an_emergency_may(production: Environment, world: World) -> None:
    """AT is a Monday at 9:00; the usual days are Tuesday to Thursday, 10:00 to 14:00."""
    target = make_target(production, driver="CADDY", gates={"CALENDAR": True}, open_gates=False)
    row = make_deployment(target)
    world.run(5)
    assert now(row) == State.QUEUED
    gate = row.gates.get(gate="CALENDAR")
    assert (gate.verdict, gate.opens_at) == ("WAITING", datetime(2026, 1, 6, 10, tzinfo=UTC))
    hotfix = make_deployment(target, hotfix=True)
    world.run(10)
    assert (now(hotfix), now(row)) == (State.WATCHING, State.QUEUED)
    assert hotfix.gates.get(gate="CALENDAR").verdict == "OVERRIDDEN"


def test_a_freeze_stops_what_has_not_started(staging: Environment, world: World) -> None:
    target = make_target(staging, driver="CADDY", gates={"CALENDAR": True}, windows={"windows": []}, open_gates=False)
    freeze = services.create_freeze(
        project_id=staging.project_id,
        environment_id=None,
        name="Sale",
        reason="The big sale",
        starts_at=AT - timedelta(hours=1),
        ends_at=AT + timedelta(days=1),
        actor=ACTOR,
        at=AT,
    )
    row = make_deployment(target)
    world.run(5)
    assert now(row) == State.QUEUED
    assert "The big sale" in row.words
    services.end_freeze(freeze_id=freeze.pk, **signed(world))
    world.run(20)
    assert now(row) == State.WATCHING


def test_an_open_incident_holds_and_silence_of_alerts_too(staging: Environment, world: World) -> None:
    target = make_target(staging, driver="CADDY", gates={"HOLDS": True}, open_gates=False)
    row = make_deployment(target)
    world.run(5)
    assert row.gates.get(gate="HOLDS").reason == "Held by open_incident: no verdict yet."
    said: dict[str, Any] = {"environment_id": staging.pk, "guard": "open_incident", "actor": ACTOR, "at": world.at}
    until = world.at + timedelta(minutes=1)
    holds.write(verdict=Hold.Verdict.RED, reason="Checkout is down", valid_until=until, **said)
    world.run(5)
    assert now(row) == State.QUEUED
    holds.write(verdict=Hold.Verdict.GREEN, reason="", valid_until=until, **said)
    world.run(10)
    assert now(row) == State.WATCHING


def test_an_override_always_says_why_and_not_everything_can_be(staging: Environment, world: World) -> None:
    row = make_deployment(make_target(staging))
    with pytest.raises(ReasonMissing):
        services.override_gate(deployment_id=row.pk, gate="CALENDAR", **signed(world, ""))
    with pytest.raises(services.GateCannotBeOverridden):
        services.override_gate(deployment_id=row.pk, gate="APPROVALS", **signed(world))


# Approvals


def test_others_approve_and_another_plan_voids_it(production: Environment, world: World) -> None:
    ask_for_approvals(production, 2)
    author, one, two = (person(make_user(role="Administrator")) for _ in range(3))
    row = make_deployment(make_target(production, driver="CADDY"), actor=author)
    world.run(5)
    assert now(row) == State.AWAITING_APPROVAL
    with pytest.raises(approvals.AuthorCannotApprove):
        services.approve_deployment(deployment_id=row.pk, actor=author, at=world.at)
    services.approve_deployment(deployment_id=row.pk, actor=one, at=world.at)
    seen = row.plan_digest
    services.change_plan(deployment_id=row.pk, watch_seconds=60, **signed(world) | {"actor": author})
    with pytest.raises(services.PlanChanged):
        services.approve_deployment(deployment_id=row.pk, actor=two, at=world.at, plan_digest=seen)
    services.approve_deployment(deployment_id=row.pk, actor=two, at=world.at)
    world.run(10)
    assert now(row) == State.AWAITING_APPROVAL  # the first consent was to another plan
    services.approve_deployment(deployment_id=row.pk, actor=one, at=world.at)
    world.run(10)
    assert now(row) == State.WATCHING
    statuses = ChangeRequest.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["OUTDATED", "APPLIED"]


def test_one_rejection_ends_it(production: Environment, world: World) -> None:
    ask_for_approvals(production, 2)
    row = make_deployment(make_target(production), actor=person(make_user()))
    services.reject_deployment(deployment_id=row.pk, actor=person(make_user()), at=AT, comment="Not today")
    assert (now(row), row.words) == (State.REJECTED, "Not today")


def test_an_emergency_asks_one_person(production: Environment, world: World) -> None:
    ask_for_approvals(production, 2)
    row = make_deployment(make_target(production, driver="CADDY"), hotfix=True, actor=person(make_user()))
    world.run(3)
    assert now(row) == State.AWAITING_APPROVAL
    services.approve_deployment(deployment_id=row.pk, actor=person(make_user()), at=world.at)
    world.run(20)
    assert now(row) == State.WATCHING


# Steering


def test_pausing_keeps_the_rest_of_the_hold(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(100)
    assert now(row) == State.ROLLING
    held_until = row.hold_until
    assert held_until is not None
    left = round((held_until - world.at).total_seconds())
    services.pause_deployment(deployment_id=row.pk, **signed(world))
    assert (now(row), row.remaining_seconds) == (State.PAUSED, left)
    world.run(1_000, step=50)
    assert now(row) == State.PAUSED
    services.resume_deployment(deployment_id=row.pk, **signed(world))
    world.run(left - 20, step=5)
    assert now(row) == State.ROLLING
    world.run(60, step=5)
    assert now(row) == State.WATCHING


def test_skipping_waits_for_nothing_and_says_why(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    with pytest.raises(ReasonMissing):
        services.skip_step(deployment_id=row.pk, **signed(world, " "))
    services.skip_step(deployment_id=row.pk, **signed(world))
    world.run(5)
    assert (now(row), world.weights["green"]) == (State.WATCHING, 100_000)
    services.skip_step(deployment_id=row.pk, **signed(world))
    world.run(5)
    assert now(row) == State.SUCCEEDED


def test_a_step_waits_for_somebody_elses_approval(staging: Environment, world: World) -> None:
    author = person(make_user())
    row = make_deployment(
        make_target(staging, driver="CADDY"),
        strategy="CANARY",
        steps=(Step(10_000, 0, needs_approval=True, analyse=False), Step(100_000, analyse=False)),
        actor=author,
    )
    world.run(30)
    assert (now(row), row.words) == (State.ROLLING, "10 % waits for somebody's approval")
    with pytest.raises(approvals.AuthorCannotApprove):
        services.approve_step(deployment_id=row.pk, **signed(world) | {"actor": author})
    services.approve_step(deployment_id=row.pk, **signed(world) | {"actor": person(make_user())})
    world.run(10)
    assert now(row) == State.WATCHING


def test_cancelling_is_for_before_traffic(staging: Environment, world: World) -> None:
    early, target = make_deployment(make_target(staging, driver="CADDY")), None
    services.cancel_deployment(deployment_id=early.pk, **signed(world))
    assert now(early) == State.CANCELLED
    target = early.target
    late = make_deployment(target)
    world.run(20)
    with pytest.raises(services.TooLateToCancel):
        services.cancel_deployment(deployment_id=late.pk, **signed(world))


def test_who_read_an_older_version_does_not_steer(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    with pytest.raises(StaleVersion):
        services.pause_deployment(deployment_id=row.pk, **SIGNED, expected_version=1)


# Rolling back


def test_rolling_back_moves_traffic_first_and_then_looks(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    made = services.roll_back(deployment_id=row.pk, **signed(world, "Errors"))
    services.advance_deployment(deployment_id=row.pk, at=world.at)
    assert world.weights == {"green": 0, "blue": 100_000}
    world.run(20)
    made.refresh_from_db()
    assert now(row) == State.ROLLED_BACK
    assert (made.status, made.automatic, made.target_seconds) == ("DONE", False, 180)
    assert made.moved_at is not None
    assert made.verified_at is not None
    assert made.verified_at > made.moved_at
    assert set(row.steps.filter(state="ROLLING_BACK").values_list("status", flat=True)) == {"DONE"}
    assert row.target.live_slot == "blue"
    services.confirm_rollback(deployment_id=row.pk, actor=ACTOR, at=world.at)
    with pytest.raises(services.NothingToConfirm):
        services.confirm_rollback(deployment_id=row.pk, actor=ACTOR, at=world.at)


def test_after_a_rollback_the_old_slot_is_watched_for_a_quarter_of_an_hour(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    services.roll_back(deployment_id=row.pk, **signed(world))
    world.run(20)
    services.reconcile_traffic(at=world.at)
    assert "ill_after_rollback" not in states(row)
    world.healthy["blue"] = False
    for _ in range(2):  # it is told once
        world.at += timedelta(minutes=1)
        services.reconcile_traffic(at=world.at)
    assert states(row)[-1:] == ["ill_after_rollback"]
    assert row.target.slots.get(name="blue").healthy is False
    world.healthy["blue"] = True
    world.at += timedelta(minutes=15)
    services.reconcile_traffic(at=world.at)
    assert row.target.slots.get(name="blue").healthy is False  # nobody looks any more


def test_what_succeeded_last_can_still_go_back(staging: Environment, world: World) -> None:
    row = make_deployment(make_target(staging, driver="CADDY", watch_seconds=0))
    world.run(20)
    assert now(row) == State.SUCCEEDED
    services.roll_back(deployment_id=row.pk, **signed(world))
    world.run(20)
    row.target.refresh_from_db()
    assert (now(row), row.target.live_release) == (State.ROLLED_BACK, row.previous)


def test_by_itself_it_rolls_back_once(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    services.roll_back(deployment_id=row.pk, automatic=True, trigger="errors", **signed(world))
    with pytest.raises(services.RolledBackAlready):
        services.roll_back(deployment_id=row.pk, automatic=True, trigger="latency", **signed(world))
    assert Rollback.objects.count() == 1


def test_an_old_slot_that_is_ill_calls_a_person_and_is_tried_further(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    services.roll_back(deployment_id=row.pk, **signed(world))
    world.healthy["blue"] = False
    world.run(400, step=2)
    assert now(row) == State.ROLLBACK_FAILED
    assert world.weights["blue"] == 100_000
    world.healthy["blue"] = True
    world.run(30)
    assert now(row) == State.ROLLED_BACK


def test_flags_are_the_fastest_way_back(staging: Environment, world: World) -> None:
    make_flag(project=staging.project, key="checkout", on=True)
    target = make_target(staging, driver="CADDY", strategy="CANARY", steps=LONG)
    release = make_release(target.service, "2.0", flags=["checkout"])
    row = services.request_deployment(target_id=target.pk, release_id=release.pk, **SIGNED)
    world.run(30)
    made = services.roll_back(deployment_id=row.pk, method="FLAG", **signed(world))
    assert (made.status, made.told) == ("DONE", "Killed checkout")
    assert now(row) == State.PAUSED
    state = FlagState.objects.get(flag__key="checkout", environment=staging)
    assert state.status == FlagState.Status.KILLED
    with pytest.raises(services.CannotRollBack):
        services.roll_back(deployment_id=row.pk, method="FLAG", **signed(world))


def test_a_contracted_database_has_no_way_back_by_traffic(staging: Environment, world: World) -> None:
    target = make_target(staging, driver="CADDY", strategy="CANARY", steps=LONG)
    release = make_release(target.service, "2.0", contracts=True)
    row = services.request_deployment(target_id=target.pk, release_id=release.pk, **SIGNED)
    world.run(30)
    with pytest.raises(services.CannotRollBack, match="contract migration"):
        services.roll_back(deployment_id=row.pk, **signed(world))


# Bad days


def test_a_slot_that_does_not_come_up_never_gets_traffic(staging: Environment, world: World) -> None:
    world.healthy["green"] = False
    row = make_deployment(make_target(staging, driver="CADDY", prepare_seconds=60))
    world.run(80)
    assert now(row) == State.FAILED_BEFORE_TRAFFIC
    assert row.words.startswith("The new slot did not become healthy")
    assert world.weights["blue"] == 100_000


def test_a_proxy_that_lost_its_weights_is_told_again(staging: Environment, world: World) -> None:
    row = canary(staging)
    world.run(30)
    world.weights = {"blue": 100_000, "green": 0}  # it was restarted
    world.run(10)
    assert world.weights == {"green": 25_000, "blue": 75_000}
    assert now(row) == State.ROLLING


def test_idle_traffic_stays_where_it_belongs(staging: Environment, world: World) -> None:
    make_target(staging, driver="CADDY")
    world.weights = {"blue": 50_000, "green": 50_000}
    services.reconcile_traffic(at=world.at)
    assert world.weights == {"blue": 100_000, "green": 0}


def test_a_proxy_that_is_gone_pauses_what_rolls(staging: Environment, world: World) -> None:
    row = make_deployment(make_target(staging, driver="CADDY"))
    world.run(1)
    world.proxy_answers = False
    world.run(200, step=2)
    assert now(row) in (State.PAUSED, State.PREPARING)
    assert world.moves == []


def test_somebody_else_moves_the_traffic_and_reports(staging: Environment, world: World, monkeypatch: Any) -> None:
    from apps.deployments.gateways import driver_of
    from apps.deployments.services import errands

    monkeypatch.setattr(errands, "driver_of", driver_of)
    target = make_target(staging, driver="EXTERNAL", watch_seconds=0)
    services.report_weights(target_id=target.pk, weights={"blue": 100_000, "green": 0}, actor=ACTOR, at=AT)
    row = make_deployment(target)
    world.run(600, step=5)
    assert now(row) == State.ROLLING
    assert row.words == "the traffic is 100 % on blue, 0 % on green instead of 0 % on blue, 100 % on green"
    services.report_weights(target_id=target.pk, weights={"blue": 0, "green": 100_000}, actor=ACTOR, at=world.at)
    world.run(20)
    assert now(row) == State.SUCCEEDED


def test_a_deployment_done_elsewhere_is_one_row(staging: Environment) -> None:
    target = make_target(staging)
    release = make_release(target.service)
    row = services.record_deployment(target_id=target.pk, release_id=release.pk, **SIGNED)
    target.refresh_from_db()
    assert (row.state, row.elsewhere, target.live_release) == (State.SUCCEEDED, True, release)
    assert states(row) == ["recorded"]


# The checklist


@pytest.mark.parametrize(
    ("before", "after", "errors", "performance"),
    [
        ({}, {}, None, None),
        ({"error_share": 0.01, "p95_ms": 400}, {"error_share": 0.0125, "p95_ms": 500}, True, True),  # a quarter more
        ({"error_share": 0.01, "p95_ms": 400}, {"error_share": 0.013, "p95_ms": 501}, False, False),
        ({"error_share": 0.0, "p95_ms": 50}, {"error_share": 0.001, "p95_ms": 300}, True, True),  # the customer's aims
        ({}, {"error_share": 0.002, "p95_ms": 299}, False, True),
    ],
)
def test_health_after_is_held_against_health_before(
    staging: Environment, before: Any, after: Any, errors: bool | None, performance: bool | None
) -> None:
    row = make_deployment(make_target(staging))
    row.health_before, row.health_after = before, after
    found = facts(row, AT)
    assert [found[one].ok for one in (Source.ERROR_RATES_NORMAL, Source.PERFORMANCE_GOOD)] == [errors, performance]
