"""Incidents of what was rolled back: opened or joined, followed, resolved, and told to the public where it may know."""

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, Incident, Notification
from apps.alerts.selectors import incident as incident_in
from apps.alerts.selectors.timelines import timeline
from apps.core.models import Environment
from apps.core.sealer import seal
from apps.deployments import services as deployments
from apps.deployments.models import Deployment
from tests.deployments.world import World, world
from tests.factories import ACTOR, make_flag, make_project, make_rule, push
from tests.factories.delivery import make_channel, make_route
from tests.factories.deployments import make_deployment, make_release, make_target
from tests.factories.status import make_component, make_status_page

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def live(environment: Environment, world: World) -> Deployment:
    row = make_deployment(make_target(environment, live="1.4.1", driver="CADDY"), number="1.4.2")
    world.run(20)
    return row


def roll_back(row: Deployment, world: World, **fields: Any) -> None:
    usual: dict[str, Any] = {"actor": ACTOR, "reason": "7 % of requests fail", "at": world.at}
    deployments.roll_back(deployment_id=row.pk, **usual | fields)


def hear(world: World) -> None:
    seal()
    services.hear_deployments(at=world.at)


def said(row: Incident) -> list[tuple[bool, str]]:
    return list(row.updates.order_by("pk").values_list("public", "text"))


def test_a_rollback_opens_one_and_a_persons_word_resolves_it(live: Deployment, world: World) -> None:
    roll_back(live, world, automatic=True, trigger="errors")
    hear(world)
    row = Incident.objects.get()
    assert (row.title, row.severity, row.status) == ("web 1.4.2 was rolled back in Staging", "error", "IDENTIFIED")
    assert list(row.deployments.all()) == [live]
    world.run(30)
    hear(world)
    row.refresh_from_db()
    assert row.status == "MONITORING"
    assert row.acted_at
    deployments.confirm_rollback(deployment_id=live.pk, actor=ACTOR, at=world.at)
    hear(world)
    row.refresh_from_db()
    assert (row.status, row.resolved_at, row.public) == ("RESOLVED", world.at, False)
    assert said(row) == [
        (False, "web 1.4.2 is rolled back to 1.4.1 in Staging: 7 % of requests fail"),
        (False, "web 1.4.2 was rolled back: 1.4.1 has the traffic in Staging."),
        (False, "tests found all well after the rollback of web 1.4.2."),
    ]


def test_killing_its_flags_is_a_rollback_too(environment: Environment, world: World) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    target = make_target(environment, live="1.4.1", driver="CADDY")
    release = make_release(target.service, "1.4.2", flags=["checkout"])
    who: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": world.at}
    row = deployments.request_deployment(target_id=target.pk, release_id=release.pk, **who)
    world.run(20)
    roll_back(row, world, method="FLAG")
    hear(world)
    found = Incident.objects.get()
    assert (found.status, said(found)) == (
        "MONITORING",
        [(False, "The flags of web 1.4.2 were killed in Staging: 7 % of requests fail")],
    )
    deployments.confirm_rollback(deployment_id=row.pk, actor=ACTOR, at=world.at)
    hear(world)
    found.refresh_from_db()
    assert found.status == "RESOLVED"


def test_it_joins_the_incident_of_the_alert_that_asked_for_it(
    environment: Environment, live: Deployment, world: World
) -> None:
    push(environment, "errors", (world.at, 9))
    make_rule(environment, at=world.at, response={"kind": "roll_back_deployment", "service": "web"})
    services.judge_due(at=world.at)
    services.respond_due(at=world.at)
    hear(world)
    row = Incident.objects.get()
    assert (row.title, list(row.deployments.all())) == ("Too many errors", [live])
    assert row.updates.get().text.startswith("web 1.4.2 is rolled back to 1.4.1 in Staging: Too many errors (errors)")
    world.run(30)
    hear(world)
    row.refresh_from_db()
    assert row.status == "IDENTIFIED"  # its alert fires on
    deployments.confirm_rollback(deployment_id=live.pk, actor=ACTOR, at=world.at)
    hear(world)
    row.refresh_from_db()
    assert row.resolved_at is None


def test_an_alert_joins_the_incident_of_the_rollback_before_it(
    environment: Environment, live: Deployment, world: World
) -> None:
    roll_back(live, world)
    hear(world)
    world.at += timedelta(minutes=5)
    push(environment, "errors", (world.at, 9))
    make_rule(environment, at=world.at)
    services.judge_due(at=world.at)
    assert Alert.objects.get().incident == Incident.objects.get()


def test_one_that_fails_is_critical_and_pages(environment: Environment, live: Deployment, world: World) -> None:
    for key, severity in (("pager", "critical"), ("chat", "info")):
        make_channel(environment.project, key=key)
        matchers = [{"label": "severity", "match": "=", "value": severity}]
        make_route(environment.project, key=key, matchers=matchers, channels=[key])
    world.proxy_answers = False
    roll_back(live, world)
    world.run(900, step=10)
    live.refresh_from_db()
    assert live.state == Deployment.State.ROLLBACK_FAILED
    hear(world)
    row = Incident.objects.get()
    assert row.severity == "critical"
    assert row.updates.latest("pk").text.startswith("web 1.4.2 could not be rolled back in Staging")
    paged = Notification.objects.get(channel__key="pager")
    assert paged.content["name"] == "FAILED: Web 1.4.2 on Staging"
    assert paged.content["severity"] == "critical"


def test_the_status_page_hears_where_a_component_is_the_service(
    environment: Environment, live: Deployment, world: World
) -> None:
    make_status_page(environment)
    component = make_component(environment, key="web")
    make_component(environment, key="api")
    roll_back(live, world)
    hear(world)
    row = Incident.objects.get()
    assert (row.public, row.impact, list(row.components.all())) == (True, "DEGRADED", [component])
    world.run(30)
    deployments.confirm_rollback(deployment_id=live.pk, actor=ACTOR, at=world.at)
    hear(world)
    row.refresh_from_db()
    assert (row.status, row.impact) == ("RESOLVED", "OPERATIONAL")
    assert [text for public, text in said(row) if public] == [
        "We are returning this to the version before.",
        "This runs on the version before again. We keep watching.",
        "All is well again.",
    ]


def test_an_incident_of_an_alert_is_not_made_public(environment: Environment, live: Deployment, world: World) -> None:
    make_status_page(environment)
    make_component(environment, key="web")
    push(environment, "errors", (world.at, 9))
    make_rule(environment, at=world.at)
    services.judge_due(at=world.at)
    roll_back(live, world)
    hear(world)
    row = Incident.objects.get()
    assert (row.public, row.components.count()) == (False, 0)


def test_the_timeline_shows_what_the_deployment_did(environment: Environment, live: Deployment, world: World) -> None:
    roll_back(live, world)
    hear(world)
    world.run(30)
    hear(world)
    row = incident_in(environment.project, environment, Incident.objects.get().pk)
    assert row
    did = [(one.source, one.did) for one in timeline(row) if one.source == "deployment"]
    assert [words for _source, words in did][-4:] == [
        "gave traffic to",
        "watches, with all traffic on it,",
        "rolls back",
        "rolled back",
    ]
