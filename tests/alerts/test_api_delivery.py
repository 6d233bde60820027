"""Channels, notifications, silences and acknowledging over the API."""

from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.core import clock
from apps.core.models import Environment
from tests.callers import as_key, as_role
from tests.factories import make_alert, make_channel, make_key, make_project, make_silence, push
from tests.factories.delivery import SECRET

pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects/shop/"
CHANNELS, SILENCES, NOTICES = f"{BASE}channels/", f"{BASE}silences/", f"{BASE}notifications/"
HOOK: dict[str, Any] = {
    "key": "ops",
    "name": "Ops",
    "kind": "WEBHOOK",
    "config": {"url": "https://hooks.example.com/hush"},
    "reason": "launch",
}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


def silence(**fields: Any) -> dict[str, Any]:
    matchers = [{"label": "alertname", "match": "=", "value": "errors"}]
    until = (clock.now() + timedelta(hours=1)).isoformat()
    return {"environment": "production", "matchers": matchers, "ends_at": until, "reason": "planned", **fields}


def test_a_channel_is_made_changed_and_listed_without_its_secret(environment: Environment) -> None:
    operator = as_role("Operator")
    made = operator.post(CHANNELS, HOOK, format="json")
    secret = made.json()["signing_secret"]
    assert (made.status_code, secret[:6], made.json()["channel"]["key"]) == (201, "whsec_", "ops")
    off = {"enabled": False, "expected_version": 1, "reason": "too loud"}
    changed = operator.patch(f"{CHANNELS}ops/", off, format="json").json()
    assert (changed["enabled"], changed["disabled_reason"], changed["version"]) == (False, "too loud", 2)
    assert operator.patch(f"{CHANNELS}ops/", off, format="json").status_code == 409
    listed = operator.get(CHANNELS).json()["results"]
    assert listed == [operator.get(f"{CHANNELS}ops/").json()]
    assert listed[0]["config"] == {"host": "hooks.example.com"}
    assert not [word for word in ("hush", secret) if word in str(listed)]


def test_a_secret_that_was_given_is_not_sent_back(environment: Environment) -> None:
    body = HOOK | {"config": HOOK["config"] | {"secrets": [SECRET]}}
    assert as_role("Operator").post(CHANNELS, body, format="json").json()["signing_secret"] is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "PAGER"}, "kind"),
        ({"config": {}}, "config.url"),
        ({"config": {"host": "x"}}, "config.host"),
        ({"kind": "EMAIL", "config": {"to": ["nobody"]}}, "config.to"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_channel_at_fault_is_named(environment: Environment, wrong: dict[str, Any], field: str) -> None:
    answer = as_role("Operator").post(CHANNELS, HOOK | wrong, format="json")
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_a_test_answers_with_how_it_went(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    make_channel(environment.project)
    monkeypatch.setattr("apps.alerts.services.delivering._call", lambda *_: "")
    operator = as_role("Operator")
    sent = operator.post(f"{CHANNELS}ops/test/", {}, format="json").json()
    assert (sent["status"], sent["kind"], sent["channel"], sent["alert"]) == ("SENT", "TEST", "ops", None)
    assert operator.get(NOTICES).json()["results"] == [sent]
    assert operator.get(f"{CHANNELS}ops/").json()["last_status"] == "SENT"


def test_notifications_are_narrowed_by_environment(environment: Environment) -> None:
    make_channel(environment.project)
    alert = make_alert(environment)
    viewer = as_role("Viewer")
    assert [row["alert"] for row in viewer.get(f"{NOTICES}?environment=production").json()["results"]] == [alert.pk]
    assert viewer.get(f"{NOTICES}?environment=staging").json()["results"] == []
    staging = as_key(make_key(environment=environment.project.environments.get(key="staging"), management=True))
    assert staging.get(NOTICES).json()["results"] == []


def test_a_silence_is_made_listed_and_ended(environment: Environment) -> None:
    operator = as_role("Operator")
    made = operator.post(SILENCES, silence(), format="json")
    assert (made.status_code, made.json()["standing"], made.json()["environment"]) == (201, "active", "production")
    assert operator.get(SILENCES).json()["results"] == [made.json()]
    assert operator.get(f"{SILENCES}?environment=staging").json()["results"] == []
    end = f"{SILENCES}{made.json()['id']}/end/"
    assert operator.post(end, {"expected_version": 7}, format="json").status_code == 409
    assert operator.post(end, {"reason": "done"}, format="json").json()["standing"] == "past"


def test_a_silence_may_wait_and_may_cover_the_whole_project(environment: Environment) -> None:
    later = (clock.now() + timedelta(minutes=30)).isoformat()
    made = as_role("Operator").post(SILENCES, silence(environment=None, starts_at=later), format="json").json()
    assert (made["environment"], made["standing"]) == (None, "pending")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": [{"label": "a", "match": "~", "value": "b"}]}, "matchers[0].match"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"environment": "nowhere"}, "environment"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_silence_at_fault_is_named(environment: Environment, wrong: dict[str, Any], field: str) -> None:
    answer = as_role("Operator").post(SILENCES, silence(**wrong), format="json")
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_an_alert_is_acknowledged_while_it_is_open(environment: Environment) -> None:
    now = clock.now()
    alert, operator = make_alert(environment, at=now), as_role("Operator")
    address = f"{BASE}alerts/{alert.pk}/acknowledge/"
    assert operator.post(address, {"reason": "mine"}, format="json").json()["acknowledged_by_label"]
    assert operator.post(address, {}, format="json").status_code == 200


def test_an_alert_that_is_over_is_not_acknowledged(environment: Environment) -> None:
    now = clock.now()
    alert, later = make_alert(environment, at=now), now + timedelta(minutes=5)
    push(environment, "errors", (later, 1), host="a")
    services.judge_due(at=later)
    answer = as_role("Operator").post(f"{BASE}alerts/{alert.pk}/acknowledge/", {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "alert_over")


def test_viewers_read_and_write_nothing(environment: Environment) -> None:
    make_channel(environment.project)
    row, alert, viewer = make_silence(environment, at=clock.now()), make_alert(environment), as_role("Viewer")
    for address in (CHANNELS, SILENCES, NOTICES):
        assert viewer.get(address).status_code == 200
    writes = (f"{CHANNELS}ops/test/", f"{SILENCES}{row.pk}/end/", f"{BASE}alerts/{alert.pk}/acknowledge/")
    assert [viewer.post(address, {}, format="json").status_code for address in writes] == [403] * 3
    assert viewer.post(SILENCES, silence(), format="json").status_code == 403


def test_what_a_silence_would_mute_is_looked_at_before(environment: Environment) -> None:
    alert, operator = make_alert(environment), as_role("Operator")
    asked = {name: value for name, value in silence().items() if name != "reason"}
    seen = operator.post(f"{SILENCES}preview/", asked, format="json")
    assert (seen.status_code, [one["id"] for one in seen.json()["alerts"]]) == (200, [alert.pk])
    other = asked | {"matchers": [{"label": "alertname", "match": "=", "value": "else"}]}
    assert operator.post(f"{SILENCES}preview/", other, format="json").json() == {"alerts": []}
    assert operator.get(SILENCES).json()["results"] == []
