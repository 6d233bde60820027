"""Rolling back and holding deployments by themselves: what is found, done, and refused with which words.

How a deployment goes back is the deployments' own, and tested there."""

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Response
from apps.core import clock
from apps.core.models import AuditEntry, Environment
from apps.deployments import services as deployments
from apps.deployments.models import Deployment, Rollback
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, make_project, make_rule, push
from tests.factories.deployments import make_deployment, make_release, make_target
from tests.flags.visit import Visitor, shows

__all__ = ["world"]
pytestmark = pytest.mark.django_db
ROLL_BACK: dict[str, Any] = {"kind": "roll_back_deployment", "service": "web"}
HOLD: dict[str, Any] = {"kind": "hold_deployment", "service": "web"}
State = Deployment.State


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


def watched(environment: Environment, world: World, **fields: Any) -> Deployment:
    """1.4.2 over 1.4.1: all traffic is on it, for a minute."""
    target = make_target(environment, live="1.4.1", driver="CADDY", **fields)
    row = make_deployment(target, number="1.4.2")
    world.run(60)
    row.refresh_from_db()
    return row


def fire(environment: Environment, world: World, response: dict[str, Any], key: str = "errors") -> Response:
    push(environment, "errors", (world.at, 9))
    make_rule(environment, key=key, at=world.at, response=response)
    services.judge_due(at=world.at)
    services.respond_due(at=world.at)
    return Response.objects.latest("pk")


def test_it_takes_the_traffic_back_and_names_the_rule(staging: Environment, world: World) -> None:
    row = watched(staging, world)
    assert (row.state, world.weights["green"]) == (State.WATCHING, 100_000)
    done = fire(staging, world, ROLL_BACK)
    assert done.status == "DONE"
    assert done.told.startswith("rolls back web 1.4.2 in staging: its traffic goes to the version before")
    rollback = Rollback.objects.get()
    assert (rollback.deployment, rollback.automatic, rollback.trigger) == (row, True, "errors")
    assert rollback.reason == "Too many errors (errors)"
    world.run(60)
    row.refresh_from_db()
    assert (row.state, world.weights) == (State.ROLLED_BACK, {"blue": 100_000, "green": 0})


def test_one_that_succeeded_just_now_is_rolled_back_too(staging: Environment, world: World) -> None:
    row = watched(staging, world, watch_seconds=10)
    assert row.state == State.SUCCEEDED
    assert fire(staging, world, ROLL_BACK).status == "DONE"
    row.refresh_from_db()
    assert row.state == State.ROLLING_BACK


def test_one_that_has_been_there_for_long_is_not_to_blame(staging: Environment, world: World) -> None:
    watched(staging, world, watch_seconds=10)
    world.at += timedelta(hours=3)
    refused = fire(staging, world, ROLL_BACK)
    assert refused.status == "REFUSED"
    assert "the last change was at 2026-01-05 09:00 UTC, not in the last 1 hour" in refused.told
    assert not Rollback.objects.exists()


def test_a_dry_run_says_that_it_would_have(staging: Environment, world: World) -> None:
    watched(staging, world)
    refused = fire(staging, world, ROLL_BACK | {"dry_run": True})
    assert refused.told.startswith("rolls back the deployment of web 1.4.2 in staging not: this is a dry run")
    assert not Rollback.objects.exists()


def test_of_two_rules_one_rolls_back(staging: Environment, world: World) -> None:
    watched(staging, world)
    fire(staging, world, ROLL_BACK)
    second = fire(staging, world, ROLL_BACK, key="slow")
    assert (second.status, Rollback.objects.count()) == ("REFUSED", 1)
    assert second.told.endswith("not: it is being rolled back already")


def test_one_rolled_back_by_its_own_judge_is_not_rolled_back_again(staging: Environment, world: World) -> None:
    row = watched(staging, world)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "the judge says so", "at": world.at}
    deployments.roll_back(deployment_id=row.pk, automatic=True, trigger="judge", **who)
    world.run(60)
    refused = fire(staging, world, ROLL_BACK)
    assert refused.told.endswith("not: it was rolled back already")
    assert Rollback.objects.count() == 1


def test_what_the_service_refuses_is_told(staging: Environment, world: World, monkeypatch: Any) -> None:
    """Between finding and doing, somebody else may have been faster."""
    watched(staging, world)

    def late(**_: Any) -> None:
        raise deployments.RolledBackAlready

    monkeypatch.setattr("apps.alerts.responses.deployments.services.roll_back", late)
    refused = fire(staging, world, ROLL_BACK)
    assert refused.status == "REFUSED"
    assert refused.told.endswith("not: at most one automatic rollback per deployment, whoever asks")


def test_a_release_that_contracts_has_no_way_back(staging: Environment, world: World) -> None:
    target = make_target(staging, live="1.4.1", driver="CADDY")
    release = make_release(target.service, "1.4.2", contracts=True)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": AT}
    deployments.request_deployment(target_id=target.pk, release_id=release.pk, **who)
    world.run(60)
    refused = fire(staging, world, ROLL_BACK)
    assert refused.told.endswith("not: a contract migration has run: the previous version needs what it removed")


def test_where_nothing_of_it_runs(staging: Environment, world: World) -> None:
    refused = fire(staging, world, ROLL_BACK)
    assert (refused.status, refused.told) == (
        "REFUSED",
        "nothing of web was deployed here, so nothing can be blamed",
    )


def test_a_service_of_another_environment_is_left_alone(staging: Environment, world: World) -> None:
    watched(staging, world)
    production = staging.project.environments.get(key="production")
    assert fire(production, world, ROLL_BACK).status == "REFUSED"
    assert not Rollback.objects.exists()


def test_a_rollback_is_not_undone(staging: Environment, world: World) -> None:
    watched(staging, world)
    done = fire(staging, world, ROLL_BACK)
    with pytest.raises(services.CannotUndo, match="start a new deployment"):
        services.undo_response(response_id=done.pk, actor=ACTOR, reason="a false alarm", at=world.at)


def test_a_hold_pauses_and_undoing_it_goes_on(staging: Environment, world: World) -> None:
    row = watched(staging, world)
    done = fire(staging, world, HOLD)
    row.refresh_from_db()
    assert (done.status, row.state) == ("DONE", State.PAUSED)
    services.undo_response(response_id=done.pk, actor=ACTOR, reason="a false alarm", at=world.at)
    row.refresh_from_db()
    assert row.state == State.WATCHING
    told = AuditEntry.objects.get(kind="alerts.response_undone")
    assert told.reason == "resumed web 1.4.2 in staging: a false alarm"


def test_a_hold_is_not_undone_once_somebody_went_on(staging: Environment, world: World) -> None:
    row = watched(staging, world)
    done = fire(staging, world, HOLD)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "", "at": world.at, "expected_version": None}
    deployments.resume_deployment(deployment_id=row.pk, **who)
    with pytest.raises(services.CannotUndo, match="went on since"):
        services.undo_response(response_id=done.pk, actor=ACTOR, reason="a false alarm", at=world.at)


def test_what_has_ended_is_not_held(staging: Environment, world: World) -> None:
    watched(staging, world, watch_seconds=10)
    assert fire(staging, world, HOLD).told.endswith("not: no deployment of it is under way")


def test_a_rollback_that_was_asked_for_may_follow_a_hold(staging: Environment, world: World) -> None:
    """Each has a cooldown of its own: a hold must not keep a rollback away."""
    row = watched(staging, world)
    fire(staging, world, HOLD)
    assert fire(staging, world, ROLL_BACK, key="worse").status == "DONE"
    row.refresh_from_db()
    assert row.state == State.ROLLING_BACK


def test_the_rule_form_offers_both_and_the_services(staging: Environment, world: World) -> None:
    make_target(staging)
    page = Visitor(staging.project, role="Operator").get("rule-new", environment="staging")
    shows(page, "it rolls back the deployment of the service below", "it holds the deployment of the service below")
    assert '<datalist id="known-service"><option value="web">' in page.content.decode()


def test_the_alerts_page_says_what_was_done_and_that_it_is_final(staging: Environment, world: World) -> None:
    world.at = clock.now()
    watched(staging, world)
    row = fire(staging, world, ROLL_BACK)
    page = Visitor(staging.project, role="Operator").get("alert-detail", environment="staging", alert=row.alert_id)
    shows(page, "Roll back the deployment of web", "A rollback is not taken back")
    assert "<details" not in page.content.decode().partition("What it set off")[2].partition("</section>")[0]
