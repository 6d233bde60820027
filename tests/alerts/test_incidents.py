"""Incidents by themselves: opened by severe alerts, joined, raised, resolved or left to whoever took them on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from apps.alerts import services
from apps.alerts.models import Alert, Incident, IncidentUpdate, Response
from apps.core import audit
from apps.core.models import AuditEntry, Environment
from tests.factories import ACTOR, AT, make_flag, make_incident, make_project, make_rule, make_user, push

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "tests"}


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def judge(environment: Environment, value: float, minutes: float = 0, *, metric: str = "errors", **labels: str) -> None:
    """One sample so many minutes after AT, and whatever follows from it."""
    at = AT + minutes * MINUTE
    push(environment, metric, (at, value), **labels)
    services.judge_due(at=at)


def slow(environment: Environment, **fields: Any) -> None:
    query = {"metric": "latency", "aggregate": "last", "window_seconds": 60}
    make_rule(environment, **{"key": "slow", "name": "Too slow", "severity": "error", "query": query} | fields)


def test_a_severe_alert_opens_an_incident(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 7, host="a")
    row = Incident.objects.get()
    told = (row.title, row.severity, row.status, row.automatic, row.opened_at, row.public, row.owner)
    assert told == ("Too many errors (host=a)", "critical", "INVESTIGATING", True, AT, False, None)
    assert Alert.objects.get().incident == row
    entry = AuditEntry.objects.get(kind="alerts.incident_opened")
    assert (entry.actor_label, entry.reason) == ("alerts", "Too many errors (host=a) fired")


@pytest.mark.parametrize("severity", ["info", "warning"])
def test_a_mild_one_does_not(environment: Environment, severity: str) -> None:
    make_rule(environment, severity=severity)
    judge(environment, 7)
    assert (Alert.objects.count(), Incident.objects.count()) == (1, 0)


def test_series_that_fire_at_once_are_one_incident(environment: Environment) -> None:
    make_rule(environment)
    push(environment, "errors", (AT, 7), host="a")
    judge(environment, 7, host="b")
    row = Incident.objects.get()
    assert (row.title, row.alerts.count()) == ("Too many errors", 2)


def test_another_alert_joins_and_raises_the_severity(environment: Environment) -> None:
    slow(environment)
    judge(environment, 9, metric="latency")
    assert Incident.objects.get().severity == "error"
    make_rule(environment)
    judge(environment, 9, 1)
    row = Incident.objects.get()
    assert (row.severity, row.alerts.count(), row.title) == ("critical", 2, "Too slow")
    assert AuditEntry.objects.get(kind="alerts.incident_joined").changes["severity"] == ["error", "critical"]


def test_alerts_that_pour_in_do_not_refuse_whoever_writes(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 9, host="a")
    read = Incident.objects.get().version
    push(environment, "errors", (AT + MINUTE, 9), host="a")
    judge(environment, 9, 1, host="b")
    row = Incident.objects.get()
    assert row.alerts.count() == 2
    services.post_update(incident_id=row.pk, text="Looking.", at=AT + MINUTE, expected_version=read, **WHO)


def hold(row: Incident) -> None:
    services.post_update(incident_id=row.pk, text="Looking.", at=AT, expected_version=None, **WHO)


@pytest.mark.parametrize(("minutes", "incidents"), [(31, 1), (32, 2)])
def test_it_takes_in_what_fires_within_half_an_hour(environment: Environment, minutes: int, incidents: int) -> None:
    make_rule(environment)
    judge(environment, 7)
    hold(Incident.objects.get())  # so that it stays open
    judge(environment, 1, 1)
    judge(environment, 7, minutes)
    assert Incident.objects.count() == incidents


def test_a_resolved_one_takes_in_nothing(environment: Environment) -> None:
    make_rule(environment)
    for minutes, value in enumerate((7, 1, 7)):
        judge(environment, value, minutes)
    assert [row.status for row in Incident.objects.order_by("pk")] == ["RESOLVED", "INVESTIGATING"]


def test_one_opened_by_hand_takes_in_nothing_by_itself(environment: Environment) -> None:
    make_incident(environment)
    make_rule(environment)
    judge(environment, 7)
    assert Incident.objects.count() == 2


def test_what_nobody_took_on_resolves_by_itself(environment: Environment) -> None:
    make_rule(environment)
    push(environment, "errors", (AT, 7), host="a")
    judge(environment, 7, host="b")
    push(environment, "errors", (AT + MINUTE, 7), host="a")
    judge(environment, 1, 1, host="b")
    assert Incident.objects.get().status == "INVESTIGATING"
    push(environment, "errors", (AT + 2 * MINUTE, 1), host="b")
    judge(environment, 1, 2, host="a")
    row = Incident.objects.get()
    assert (row.status, row.resolved_at) == ("RESOLVED", AT + 2 * MINUTE)
    update = IncidentUpdate.objects.get()
    assert (update.status, update.public, update.author_label) == ("RESOLVED", False, "alerts")
    assert "resolved by itself" in update.text


def test_a_rule_that_is_switched_off_takes_its_incident_along(environment: Environment) -> None:
    rule = make_rule(environment)
    judge(environment, 7)
    given: dict[str, Any] = {"actor": ACTOR, "reason": "noise", "at": AT + MINUTE, "expected_version": None}
    services.update_rule(rule_id=rule.pk, enabled=False, **given)
    row = Incident.objects.get()
    assert (row.status, row.resolved_at) == ("RESOLVED", AT + MINUTE)


def take(row: Incident) -> None:
    fields = {"owner": make_user(username="ann").pk}
    services.update_incident(incident_id=row.pk, fields=fields, at=AT, expected_version=None, **WHO)


def acknowledge(row: Incident) -> None:
    services.acknowledge_incident(incident_id=row.pk, at=AT, **WHO)


def rename(row: Incident) -> None:
    services.update_incident(incident_id=row.pk, fields={"title": "X"}, at=AT, expected_version=None, **WHO)


@pytest.mark.parametrize("touch", [take, acknowledge, hold, rename])
def test_what_somebody_took_on_waits_for_them(environment: Environment, touch: Callable[[Incident], None]) -> None:
    make_rule(environment)
    judge(environment, 7)
    touch(Incident.objects.get())
    judge(environment, 1, 1)
    row = Incident.objects.get()
    assert (row.status, row.resolved_at) == ("MONITORING", None)
    assert IncidentUpdate.objects.latest("pk").text == "All of its alerts are over. Resolve it once you are sure."


def test_what_fires_again_is_looked_into_again(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 7)
    acknowledge(Incident.objects.get())
    judge(environment, 1, 1)
    judge(environment, 7, 2)
    row = Incident.objects.get()
    assert (row.status, row.alerts.count()) == ("INVESTIGATING", 2)
    assert IncidentUpdate.objects.latest("pk").text == "Too many errors fired: it is not over."


def test_no_data_after_firing_stays_in_the_incident(environment: Environment) -> None:
    make_rule(environment, no_data="own_state")
    judge(environment, 7)
    services.judge_due(at=AT + 20 * MINUTE)
    alerts = Alert.objects.order_by("pk")
    assert [(alert.kind, alert.resolved_at is None) for alert in alerts] == [("FIRING", False), ("NO_DATA", True)]
    assert {alert.incident for alert in alerts} == {Incident.objects.get()}
    assert Incident.objects.get().resolved_at is None


def test_acknowledging_an_alert_takes_the_incident_on(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 7)
    services.acknowledge(alert_id=Alert.objects.get().pk, at=AT + MINUTE, **WHO)
    assert Incident.objects.get().acknowledged_at == AT + MINUTE


def test_taking_an_incident_on_acknowledges_its_open_alerts(environment: Environment) -> None:
    make_rule(environment)
    push(environment, "errors", (AT, 7), host="a")
    judge(environment, 7, host="b")
    services.acknowledge_incident(incident_id=Incident.objects.get().pk, at=AT + MINUTE, **WHO)
    services.acknowledge_incident(incident_id=Incident.objects.get().pk, at=AT + 2 * MINUTE, **WHO)
    assert Incident.objects.get().acknowledged_at == AT + MINUTE
    assert {alert.acknowledged_at for alert in Alert.objects.all()} == {AT + MINUTE}
    assert {alert.acknowledged_by_label for alert in Alert.objects.all()} == {"tests"}


def test_the_first_response_that_is_done_is_when_it_was_acted_on(environment: Environment) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    response = {"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9}
    make_rule(environment, response=response)
    judge(environment, 7)
    services.respond_due(at=AT + MINUTE)
    assert Response.objects.get().status == "DONE"
    assert Incident.objects.get().acted_at == AT + MINUTE


def test_what_comes_after_the_end_changes_no_times(environment: Environment) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    make_rule(environment, response={"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9})
    judge(environment, 7)
    over: dict[str, Any] = {"text": "Fixed.", "status": "RESOLVED", "expected_version": None}
    services.post_update(incident_id=Incident.objects.get().pk, at=AT, **over, **WHO)
    services.acknowledge(alert_id=Alert.objects.get().pk, at=AT + MINUTE, **WHO)
    services.respond_due(at=AT + MINUTE)
    row = Incident.objects.get()
    assert (Response.objects.get().status, row.acknowledged_at, row.acted_at) == ("DONE", None, None)
    judge(environment, 1, 2)
    row.refresh_from_db()
    assert (row.status, row.resolved_at) == ("RESOLVED", AT)


def test_a_refused_response_is_no_act(environment: Environment) -> None:
    make_rule(environment, response={"kind": "kill_flag", "flag": "gone"})
    judge(environment, 7)
    services.respond_due(at=AT + MINUTE)
    assert (Response.objects.get().status, Incident.objects.get().acted_at) == ("REFUSED", None)


def test_a_person_called_like_the_machine_is_a_person(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 7)
    user = get_user_model().objects.create_user("alerts")
    note: dict[str, Any] = {"text": "Mine.", "at": AT, "expected_version": None}
    services.post_update(incident_id=Incident.objects.get().pk, actor=audit.person(user), **note)
    judge(environment, 1, 1)
    assert Incident.objects.get().status == "MONITORING"


def test_environments_have_incidents_of_their_own(environment: Environment) -> None:
    staging = environment.project.environments.get(key="staging")
    make_rule(environment)
    make_rule(staging)
    push(staging, "errors", (AT, 7))
    judge(environment, 7)
    assert {row.environment for row in Incident.objects.all()} == {environment, staging}
    assert [row.alerts.count() for row in Incident.objects.all()] == [1, 1]
