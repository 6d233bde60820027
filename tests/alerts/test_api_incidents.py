"""Incidents over the API."""

from typing import Any

import pytest

from apps.alerts.models import Alert, Incident
from apps.core.models import Environment
from tests.callers import as_key, as_role
from tests.factories import make_alert, make_component, make_incident, make_key, make_project, make_user

pytestmark = pytest.mark.django_db
INCIDENTS = "/api/v1/projects/shop/incidents/"
BODY: dict[str, Any] = {"environment": "production", "title": "Mail is late", "severity": "warning"}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


def one(row: Incident, action: str = "") -> str:
    return f"{INCIDENTS}{row.pk}/{action}"


def test_one_is_opened_changed_written_about_and_resolved(environment: Environment) -> None:
    make_component(environment, key="checkout")
    make_user(username="ann")
    operator = as_role("Operator")
    given = {"impact": "DEGRADED", "public": True, "components": ["checkout"], "text": "We look into it."}
    made = operator.post(INCIDENTS, BODY | given, format="json")
    assert made.status_code == 201
    incident = made.json()
    assert (incident["status"], incident["components"], incident["version"]) == ("INVESTIGATING", ["checkout"], 1)
    assert [(update["text"], update["public"]) for update in incident["updates"]] == [("We look into it.", True)]
    row = Incident.objects.get()
    change = {"owner": "ann", "severity": "error", "components": [], "expected_version": 1, "reason": "worse"}
    changed = operator.patch(one(row), change, format="json").json()
    assert (changed["owner"], changed["severity"], changed["components"], changed["version"]) == ("ann", "error", [], 2)
    assert operator.patch(one(row), change, format="json").status_code == 409
    acknowledged = operator.post(one(row, "acknowledge/"), {}, format="json").json()
    assert (acknowledged["acknowledged_at"] is not None, acknowledged["version"]) == (True, 3)
    over = {"text": "Fixed.", "status": "RESOLVED", "acted": True, "expected_version": 3}
    resolved = operator.post(one(row, "updates/"), over, format="json")
    assert (resolved.status_code, resolved.json()["status"]) == (201, "RESOLVED")
    assert all(isinstance(seconds, float) for seconds in resolved.json()["seconds_to"].values())
    again = operator.post(one(row, "updates/"), {"text": "No.", "status": "IDENTIFIED"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "incident_over")


def test_times_are_null_until_they_are_known(environment: Environment) -> None:
    seen = as_role("Viewer").get(one(make_incident(environment))).json()
    assert seen["seconds_to"] == {"acknowledge": None, "act": None, "recover": None}
    assert (seen["owner"], seen["acknowledged_by"], seen["alert_count"], seen["alerts"]) == (None, None, 0, [])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"severity": "awful"}, "severity"),
        ({"title": ""}, "title"),
        ({"title": 5}, "title"),
        ({"components": ["nowhere"]}, "components"),
        ({"environment": "nowhere"}, "environment"),
        ({"impact": "HUGE"}, "impact"),
        ({"status": "RESOLVED"}, "status"),
        ({"public": "yes"}, "public"),
    ],
)
def test_what_makes_no_sense_is_named(environment: Environment, wrong: dict[str, Any], field: str) -> None:
    answer = as_role("Operator").post(INCIDENTS, BODY | wrong, format="json")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Incident.objects.exists()


def test_an_owner_nobody_knows_is_refused(environment: Environment) -> None:
    answer = as_role("Operator").patch(one(make_incident(environment)), {"owner": "nobody"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "owner")


def test_they_are_listed_and_narrowed(environment: Environment) -> None:
    make_incident(environment, severity="critical")
    viewer = as_role("Viewer")
    (listed,) = viewer.get(INCIDENTS).json()["results"]
    assert (listed["title"], "alerts" in listed) == ("Checkout is slow", False)
    for query, count in (
        ("open=true", 1),
        ("open=false", 0),
        ("severity=critical", 1),
        ("severity=info", 0),
        ("status=INVESTIGATING", 1),
        ("public=true", 0),
        ("environment=staging", 0),
    ):
        assert len(viewer.get(f"{INCIDENTS}?{query}").json()["results"]) == count, query
    assert viewer.get(f"{INCIDENTS}?opened=1").status_code == 400


def test_an_alert_says_its_incident_and_moves(environment: Environment) -> None:
    alert, row, operator = make_alert(environment), make_incident(environment), as_role("Operator")
    assert operator.get(f"/api/v1/projects/shop/alerts/{alert.pk}/").json()["incident"] == alert.incident_id
    moved = operator.post(one(row, "attach/"), {"alert": alert.pk}, format="json").json()
    assert [one["id"] for one in moved["alerts"]] == [alert.pk]
    assert operator.post(one(row, "detach/"), {"alert": alert.pk}, format="json").json()["alerts"] == []
    refused = operator.post(one(row, "detach/"), {"alert": alert.pk}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "alert")


def test_the_timeline_and_the_review(environment: Environment) -> None:
    row, viewer = make_alert(environment).incident, as_role("Viewer")
    assert row is not None
    moments = viewer.get(one(row, "timeline/")).json()["moments"]
    assert [(moment["source"], moment["did"]) for moment in moments][-2:] == [
        ("alert", "fired"),
        ("incident", "opened the incident"),
    ]
    file = viewer.get(one(row, "review.md"), headers={"Accept": "text/markdown"})
    assert file.headers["content-type"] == "text/markdown; charset=utf-8"
    assert file.content.decode().startswith("# Incident: Too many errors")


def test_a_bound_key_keeps_to_its_environment(environment: Environment) -> None:
    row = make_incident(environment)
    staging = as_key(make_key(environment=environment.project.environments.get(key="staging"), management=True))
    assert staging.get(INCIDENTS).json()["results"] == []
    for action in ("", "timeline/", "review.md"):
        assert staging.get(one(row, action)).status_code == 404
    assert staging.post(one(row, "acknowledge/"), {}, format="json").status_code in (403, 404)


@pytest.mark.parametrize("role", [None, "Viewer", "Product"])
def test_who_may_not_write(environment: Environment, role: str | None) -> None:
    row, caller = make_incident(environment), as_role(role)
    assert caller.post(INCIDENTS, BODY, format="json").status_code == 403
    assert caller.patch(one(row), {"title": "Mine"}, format="json").status_code == 403
    for action in ("acknowledge", "updates", "attach", "detach"):
        assert caller.post(one(row, f"{action}/"), {}, format="json").status_code == 403
    assert not Alert.objects.exists()
