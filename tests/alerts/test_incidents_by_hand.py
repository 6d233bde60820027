"""Incidents by hand: opened, changed, written about, with alerts put in and taken out, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Incident, IncidentUpdate
from apps.core.models import AuditEntry, Environment
from apps.core.services import StaleVersion
from tests.factories import ACTOR, AT, make_alert, make_component, make_incident, make_project, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "tests"}
ANY: dict[str, Any] = {"actor": ACTOR, "at": AT + MINUTE, "expected_version": None}


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def last(kind: str) -> AuditEntry:
    return AuditEntry.objects.filter(kind=f"alerts.incident_{kind}").latest("pk")


def test_it_opens_with_components_and_a_first_update(environment: Environment) -> None:
    make_component(environment, key="checkout")
    given: dict[str, Any] = {"impact": "PARTIAL_OUTAGE", "public": True, "components": ["checkout"]}
    row = make_incident(environment, text="We look into slow checkouts.", **given)
    assert (row.status, row.impact, row.public, row.automatic) == ("INVESTIGATING", "PARTIAL_OUTAGE", True, False)
    assert [one.key for one in row.components.all()] == ["checkout"]
    update = row.updates.get()
    assert (update.text, update.public, update.impact) == ("We look into slow checkouts.", True, "PARTIAL_OUTAGE")
    assert last("opened").changes["components"] == [None, ["checkout"]]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"severity": "awful"}, "severity"),
        ({"impact": "HUGE"}, "impact"),
        ({"components": ["nowhere"]}, "components"),
    ],
)
def test_what_makes_no_sense_is_refused(environment: Environment, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(services.InvalidIncident) as refused:
        make_incident(environment, **wrong)
    assert list(refused.value.message_dict) == [field]
    assert not Incident.objects.exists()


def test_a_component_of_another_environment_is_none_of_ours(environment: Environment) -> None:
    make_component(environment.project.environments.get(key="staging"), key="checkout")
    with pytest.raises(services.InvalidIncident):
        make_incident(environment, components=["checkout"])


def change(row: Incident, **fields: Any) -> Incident:
    return services.update_incident(incident_id=row.pk, fields=fields, **ANY | {"reason": "tests"})


def test_it_is_changed_and_the_trail_says_how(environment: Environment) -> None:
    row, ann = make_incident(environment), make_user(username="ann")
    make_component(environment, key="checkout")
    changed = change(row, title="Checkout is down", severity="critical", owner=ann.pk, components=["checkout"])
    assert (changed.title, changed.severity, changed.owner, changed.version) == ("Checkout is down", "critical", ann, 2)
    assert last("updated").changes == {
        "title": ["Checkout is slow", "Checkout is down"],
        "severity": ["error", "critical"],
        "owner": [None, "ann"],
        "components": [[], ["checkout"]],
    }
    assert change(row, owner=None).owner is None


@pytest.mark.parametrize("fields", [{"owner": 10**6}, {"status": "RESOLVED"}, {"severity": ""}])
def test_a_change_that_makes_no_sense(environment: Environment, fields: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidIncident) as refused:
        change(make_incident(environment), **fields)
    assert list(refused.value.message_dict) == list(fields)


def test_who_has_left_cannot_own_one(environment: Environment) -> None:
    gone = make_user(username="gone")
    gone.is_active = False
    gone.save()
    with pytest.raises(services.InvalidIncident):
        change(make_incident(environment), owner=gone.pk)


def post(row: Incident, text: str = "We know why.", **given: Any) -> IncidentUpdate:
    return services.post_update(incident_id=row.pk, text=text, **ANY | given)


def test_an_update_moves_it_on_and_resolves_it(environment: Environment) -> None:
    row = make_incident(environment)
    first = post(row, status="IDENTIFIED", impact="DEGRADED", public=True)
    assert (first.status, first.impact, first.public) == ("IDENTIFIED", "DEGRADED", True)
    assert last("noted").reason == "We know why."
    row.refresh_from_db()
    assert (row.status, row.impact, row.public, row.resolved_at) == ("IDENTIFIED", "DEGRADED", True, None)
    post(row, "Fixed.", status="RESOLVED", at=AT + 5 * MINUTE)
    row.refresh_from_db()
    assert (row.status, row.resolved_at, row.acted_at) == ("RESOLVED", AT + 5 * MINUTE, None)
    assert last("resolved").changes == {"status": ["IDENTIFIED", "RESOLVED"]}


def test_a_note_changes_nothing_else(environment: Environment) -> None:
    row = make_incident(environment)
    note = post(row, acted=True)
    row.refresh_from_db()
    assert (note.public, note.status, row.status, row.public) == (False, "INVESTIGATING", "INVESTIGATING", False)
    assert row.acted_at == AT + MINUTE
    post(row, acted=True, at=AT + 2 * MINUTE)
    row.refresh_from_db()
    assert row.acted_at == AT + MINUTE


def test_what_is_over_takes_notes_and_does_not_come_back(environment: Environment) -> None:
    row = make_incident(environment, resolved_at=AT + MINUTE)
    assert post(row, "What we learnt.", at=AT + 9 * MINUTE).status == "RESOLVED"
    post(row, "Again.", status="RESOLVED", at=AT + 9 * MINUTE)
    with pytest.raises(services.IncidentOver):
        post(row, status="INVESTIGATING")
    with pytest.raises(services.IncidentOver):
        services.acknowledge_incident(incident_id=row.pk, at=AT, **WHO)
    row.refresh_from_db()
    assert (row.status, row.resolved_at) == ("RESOLVED", AT + MINUTE)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 5_001}, "text"),
        ({"status": "DONE"}, "status"),
        ({"impact": "x"}, "impact"),
    ],
)
def test_an_update_that_makes_no_sense(environment: Environment, given: dict[str, Any], field: str) -> None:
    row = make_incident(environment)
    with pytest.raises(services.InvalidIncident) as refused:
        post(row, **given)
    assert list(refused.value.message_dict) == [field]
    assert (row.updates.count(), Incident.objects.get().version) == (0, 1)


def test_who_was_slower_is_told(environment: Environment) -> None:
    row = make_incident(environment)
    post(row, expected_version=1)
    for late in (lambda: post(row, expected_version=1), lambda: change_at(row, 1)):
        with pytest.raises(StaleVersion):
            late()
    change_at(row, 2)


def change_at(row: Incident, version: int) -> None:
    given = ANY | {"reason": "tests", "expected_version": version}
    services.update_incident(incident_id=row.pk, fields={"title": "New"}, **given)


def test_an_alert_moves_from_one_incident_to_another(environment: Environment) -> None:
    alert, row = make_alert(environment), make_incident(environment)
    automatic = alert.incident
    services.attach_alert(incident_id=row.pk, alert_id=alert.pk, at=AT, **WHO)
    services.attach_alert(incident_id=row.pk, alert_id=alert.pk, at=AT, **WHO)
    alert.refresh_from_db()
    row.refresh_from_db()
    assert (alert.incident, row.severity, row.version) == (row, "critical", 2)
    services.detach_alert(incident_id=row.pk, alert_id=alert.pk, at=AT, **WHO)
    alert.refresh_from_db()
    assert alert.incident is None
    assert (last("joined").changes["alert"], last("left").changes["alert"]) == ([None, alert.pk], [alert.pk, None])
    assert automatic is not None
    with pytest.raises(services.InvalidIncident):
        services.detach_alert(incident_id=automatic.pk, alert_id=alert.pk, at=AT, **WHO)


def test_an_alert_of_elsewhere_does_not_belong(environment: Environment) -> None:
    alert = make_alert(environment.project.environments.get(key="staging"))
    row = make_incident(environment)
    for pk in (alert.pk, 10**6):
        with pytest.raises(services.InvalidIncident):
            services.attach_alert(incident_id=row.pk, alert_id=pk, at=AT, **WHO)
