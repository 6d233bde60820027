"""What alerting vouches for below: verdicts that open or shut the gates of a deployment, and expire with the judge."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts import services
from apps.alerts.tasks import judge
from apps.core import holds
from apps.core.models import AuditEntry, Environment, Hold
from apps.deployments.models import Deployment
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, make_project, make_rule
from tests.factories.delivery import make_channel
from tests.factories.deployments import make_deployment, make_target
from tests.factories.incidents import make_incident
from tests.factories.status import make_component, make_status_page

__all__ = ["world"]
pytestmark = pytest.mark.django_db
GUARDS = ("open_incident", "channels_configured", "alert_rules_enabled", "status_page_ready")


@pytest.fixture
def environment() -> Environment:
    found = make_project(key="shop").environments.get(key="staging")
    make_target(found)
    return found


def said(environment: Environment, at: Any = AT) -> dict[str, tuple[bool, str]]:
    return {one.name: (one.green, one.words) for one in holds.verdicts(environment.pk, GUARDS, at)}


def test_nothing_is_configured(environment: Environment) -> None:
    assert services.vouch(at=AT) == 1
    assert said(environment) == {
        "open_incident": (True, "no severe incident is open"),
        "channels_configured": (False, "no channel is on"),
        "alert_rules_enabled": (False, "no alert rule is on"),
        "status_page_ready": (False, "no status page is published"),
    }


def test_all_is_configured(environment: Environment) -> None:
    make_channel(environment.project)
    make_channel(environment.project, key="pager")
    make_channel(environment.project, key="old", off=True)
    make_rule(environment)
    make_rule(environment, key="off", enabled=False)
    make_status_page(environment)
    make_component(environment)
    services.vouch(at=AT)
    assert said(environment) == {
        "open_incident": (True, "no severe incident is open"),
        "channels_configured": (True, "2 channels are on"),
        "alert_rules_enabled": (True, "1 alert rule is on"),
        "status_page_ready": (True, "the status page is published, with 1 component"),
    }


def test_a_channel_of_the_settings_counts_before_its_first_notice(environment: Environment, settings: Any) -> None:
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.com/services/T/B/x"
    services.vouch(at=AT)
    assert said(environment)["channels_configured"] == (True, "1 channel is on")


@pytest.mark.parametrize(("severity", "well"), [("critical", False), ("error", False), ("warning", True)])
def test_severe_incidents_hold_deployments(environment: Environment, severity: str, well: bool) -> None:
    make_incident(environment, severity=severity)
    services.vouch(at=AT)
    assert said(environment)["open_incident"][0] is well


def test_the_worst_is_named_and_gone_once_resolved(environment: Environment) -> None:
    make_incident(environment, title="Slow", severity="error")
    row = make_incident(environment, title="Down", severity="critical", at=AT + timedelta(minutes=1))
    services.vouch(at=AT)
    assert said(environment)["open_incident"] == (False, "“Down” is open (critical) since 2026-01-05 09:01 UTC")
    over: dict[str, Any] = {"text": "Over.", "status": "RESOLVED", "expected_version": None, "actor": ACTOR, "at": AT}
    services.post_update(incident_id=row.pk, **over)
    services.vouch(at=AT)
    assert said(environment)["open_incident"][1].startswith("“Slow” is open (error)")


def test_other_places_count_for_nothing(environment: Environment) -> None:
    other = make_project(key="other").environments.get(key="staging")
    production = environment.project.environments.get(key="production")
    make_channel(other.project)
    make_rule(production)
    make_incident(production)
    make_status_page(production)
    services.vouch(at=AT)
    assert [green for green, _words in said(environment).values()] == [True, False, False, False]
    assert not Hold.objects.exclude(environment=environment).exists()


def test_verdicts_expire_when_nobody_judges(environment: Environment) -> None:
    """A round of the judge is 15 s, and four of them are waited for."""
    services.vouch(at=AT)
    assert said(environment, AT + timedelta(seconds=59))["open_incident"][0]
    assert said(environment, AT + timedelta(seconds=61))["open_incident"][0] is False


def test_the_task_of_the_judge_keeps_them_alive(environment: Environment) -> None:
    judge()
    assert Hold.objects.filter(environment=environment).count() == 4


def test_saying_the_same_is_not_audited_and_hardly_written(environment: Environment) -> None:
    services.vouch(at=AT)
    turned = AuditEntry.objects.filter(kind="core.guard_turned").count()
    services.vouch(at=AT + timedelta(seconds=5))
    assert Hold.objects.filter(valid_until=AT + timedelta(seconds=60)).count() == 4
    services.vouch(at=AT + timedelta(seconds=20))
    assert Hold.objects.filter(valid_until=AT + timedelta(seconds=80)).count() == 4
    assert AuditEntry.objects.filter(kind="core.guard_turned").count() == turned


def test_many_environments_cost_no_more_queries(environment: Environment) -> None:
    def cost(at: Any) -> int:
        services.vouch(at=at)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            services.vouch(at=at + timedelta(minutes=1))
        return len(queries)

    one = cost(AT)
    for n in range(3):
        make_target(make_project(key=f"p{n}").environments.get(key="production"))
    assert cost(AT + timedelta(minutes=5)) == one


def test_an_open_incident_keeps_a_deployment_waiting_and_its_end_lets_it_go(
    environment: Environment, world: World
) -> None:
    target = make_target(environment, key="api", driver="CADDY", open_gates=False, gates={"HOLDS": True})
    incident = make_incident(environment, severity="critical", title="Down")
    row = make_deployment(target)

    def run(seconds: int) -> str:
        for _ in range(seconds):
            services.vouch(at=world.at)
            world.run(1)
        row.refresh_from_db()
        return row.state

    assert run(10) == Deployment.State.QUEUED
    assert "“Down” is open" in row.words
    over: dict[str, Any] = {"text": "Over.", "status": "RESOLVED", "expected_version": None}
    services.post_update(incident_id=incident.pk, actor=ACTOR, at=world.at, **over)
    assert run(60) in (Deployment.State.ROLLING, Deployment.State.WATCHING)
