"""Targets, freeze windows, the calendar and message templates over the API."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import Environment
from apps.deployments.domain.messages import DEFAULTS, Kind
from apps.deployments.models import Target
from tests.callers import as_key, as_role
from tests.deployments.world import World, world
from tests.factories import make_key, make_project
from tests.factories.deployments import make_service, make_target

__all__ = ["world"]
pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects/shop/"
TARGET = f"{BASE}services/web/targets/staging/"
FREEZES, MESSAGES = f"{BASE}freeze-windows/", f"{BASE}message-templates/"
CALENDAR = f"{BASE}environments/staging/deployment-calendar/"
CADDY = {
    "driver": "CADDY",
    "driver_config": {"admin": "127.0.0.1:2019", "handler": "web", "slots": {"blue": "a:1", "green": "b:1"}},
    "slots": {"blue": "http://127.0.0.1:8001"},
    "agent_url": "http://127.0.0.1:8100/",
}


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


def put(client: Any, url: str, body: dict[str, Any]) -> Any:
    return client.put(url, body, format="json")


def fields_at_fault(answer: Any) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


# Targets


def test_a_target_is_set_up_and_its_secret_shown_once(staging: Environment) -> None:
    make_service(staging)
    operator = as_role("Operator")
    assert operator.get(TARGET).status_code == 404
    made = put(operator, TARGET, CADDY)
    target, secret = made.json()["target"], made.json()["agent_secret"]
    assert (made.status_code, secret[:6]) == (201, "whsec_")
    assert [(slot["name"], slot["url"]) for slot in target["slots"]] == [
        ("blue", "http://127.0.0.1:8001"),
        ("green", ""),
    ]
    assert secret not in str(operator.get(TARGET).json())
    again = put(operator, TARGET, {"watch_seconds": 60})
    assert (again.status_code, again.json()["agent_secret"]) == (200, None)
    assert (again.json()["target"]["watch_seconds"], again.json()["target"]["driver"]) == (60, "CADDY")
    assert operator.get(f"{BASE}environments/staging/deployment-targets/").json()["results"] == [again.json()["target"]]


def test_a_secret_that_comes_later_is_shown_then(staging: Environment) -> None:
    make_target(staging)
    change = {"agent_url": "http://127.0.0.1:8100/", "expected_version": 1}
    operator = as_role("Operator")
    assert operator.patch(TARGET, change, format="json").json()["agent_secret"].startswith("whsec_")
    assert operator.patch(TARGET, change, format="json").json()["code"] == "stale_version"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"driver": "NGINX"}, "driver"),
        ({"strategy": "CANARY", "steps": [{"weight": 5_000}]}, "steps[0].weight"),
        ({"gates": {"LUCK": True}}, "gates"),
        ({"driver": "CADDY"}, "driver_config.admin"),
        (
            {"windows": {"windows": [{"weekdays": ["someday"], "from": "10:00", "to": "14:00"}]}},
            "windows.windows[0].weekdays[0]",
        ),
        ({"gates": {"STAGING": 1}}, "gates.STAGING"),
        ({"smoke": [{"status": 200}]}, "smoke[0].path"),
        ({"slots": {"red": "http://127.0.0.1/"}}, "slots.red"),
        ({"judge": {"\0": 1}}, "judge"),
        ({"drain_seconds": -1}, "drain_seconds"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_target_at_fault_is_named(staging: Environment, wrong: dict[str, Any], field: str) -> None:
    make_service(staging)
    answer = put(as_role("Operator"), TARGET, wrong)
    assert (answer.status_code, fields_at_fault(answer)) == (400, [field])
    assert not Target.objects.exists()


def test_a_secret_is_renewed(staging: Environment) -> None:
    make_service(staging)
    operator = as_role("Operator")
    first = put(operator, TARGET, CADDY).json()["agent_secret"]
    renewed = operator.post(f"{TARGET}agent-secret/", {"reason": "it leaked"}, format="json").json()["agent_secret"]
    assert renewed.startswith("whsec_")
    assert renewed != first
    assert as_role("Product").post(f"{TARGET}agent-secret/", {"reason": "x"}, format="json").status_code == 403


def test_a_target_is_tried(staging: Environment, world: World) -> None:
    make_target(staging, driver=CADDY["driver"], driver_config=CADDY["driver_config"])
    world.healthy["green"] = False
    told = as_role("Operator").post(f"{TARGET}try/", {}, format="json").json()
    assert (told["ok"], told["trouble"]) == (False, "")
    assert [(one["name"], one["weight"], one["ok"]) for one in told["slots"]] == [
        ("blue", 100_000, True),
        ("green", 0, False),
    ]


def test_who_moves_the_traffic_reports_it(staging: Environment) -> None:
    make_target(staging)
    ci = as_key(make_key(environment=staging, writing=True))
    told = put(ci, f"{TARGET}weights/", {"weights": {"blue": 95_000, "green": 5_000}}).json()
    assert {slot["name"]: slot["reported_weight"] for slot in told["slots"]} == {"blue": 95_000, "green": 5_000}
    assert fields_at_fault(put(ci, f"{TARGET}weights/", {"weights": {"blue": 95_000, "green": 1}})) == ["weights"]
    other = as_key(make_key(environment=staging.project.environments.get(key="production"), writing=True))
    assert put(other, f"{TARGET}weights/", {"weights": {"blue": 100_000, "green": 0}}).status_code == 403


def test_a_key_of_one_environment_chooses_no_gates(staging: Environment) -> None:
    make_target(staging)
    bound = as_key(make_key(environment=staging, writing=True))
    assert put(bound, TARGET, {"gates": {}}).status_code == 403
    assert put(as_key(make_key(project=staging.project, writing=True)), TARGET, {"gates": {}}).status_code == 200


# Freezes and the calendar


def test_a_freeze_is_made_listed_and_ended(staging: Environment) -> None:
    operator = as_role("Operator")
    until = (clock.now() + timedelta(days=1)).isoformat()
    freeze = {"environment": "staging", "name": "Sale", "reason": "everybody buys", "ends_at": until}
    made = operator.post(FREEZES, freeze, format="json").json()
    assert operator.get(f"{FREEZES}{made['id']}/").json() == made
    assert operator.get(f"{FREEZES}?over=false&environment=staging").json()["results"] == [made]
    assert operator.get(f"{FREEZES}?over=true").json()["results"] == []
    assert operator.get(f"{FREEZES}?environment=production").json()["results"] == []
    end = f"{FREEZES}{made['id']}/end/"
    assert operator.post(end, {"expected_version": 9}, format="json").json()["code"] == "stale_version"
    assert operator.post(end, {"reason": "sold out"}, format="json").json()["version"] == 2
    assert operator.post(end, {}, format="json").json()["code"] == "freeze_is_over"


def test_a_freeze_that_has_not_begun_is_taken_back(staging: Environment) -> None:
    operator, soon = as_role("Operator"), clock.now() + timedelta(hours=1)
    times = {"starts_at": soon.isoformat(), "ends_at": (soon + timedelta(hours=1)).isoformat()}
    made = operator.post(FREEZES, {"name": "Sale", "reason": "x", **times}, format="json").json()
    assert made["environment"] is None
    ended = operator.post(f"{FREEZES}{made['id']}/end/", {}, format="json").json()
    assert (ended["id"], ended["name"]) == (None, "Sale")
    assert operator.get(FREEZES).json()["results"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"ends_at": "9999-12-31T00:00:00Z"}, "ends_at"),
        ({"environment": "nowhere"}, "environment"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_freeze_at_fault_is_named(staging: Environment, wrong: dict[str, Any], field: str) -> None:
    whole = {"name": "Sale", "reason": "x", "ends_at": (clock.now() + timedelta(days=1)).isoformat()}
    assert fields_at_fault(as_role("Operator").post(FREEZES, whole | wrong, format="json")) == [field]


def test_the_calendar_says_when_deployments_may_start(staging: Environment) -> None:
    """The customer's default: Tuesday to Thursday, 10:00 to 14:00 UTC."""
    make_target(staging, windows={"windows": [{"weekdays": ["monday"], "from": "00:00", "to": "24:00"}]})
    viewer = as_role("Viewer")
    told = viewer.get(CALENDAR).json()
    opened = {
        (day["day"], stretch["start_at"][11:16], stretch["end_at"][11:16])
        for day in told["days"]
        for stretch in day["stretches"]
        if stretch["verdict"] == "open"
    }
    assert len(told["days"]) == 14
    assert {times[1:] for times in opened} == {("10:00", "14:00")}
    assert len(opened) == 6
    own = viewer.get(f"{CALENDAR}?service=web").json()
    assert sum(s["verdict"] == "open" for day in own["days"] for s in day["stretches"]) == 2
    assert viewer.get(f"{CALENDAR}?service=nobody").status_code == 404


def test_a_freeze_is_in_the_calendar(staging: Environment) -> None:
    until = (clock.now() + timedelta(days=1)).isoformat()
    as_role("Operator").post(FREEZES, {"name": "Sale", "reason": "many buy", "ends_at": until}, format="json")
    told = as_role("Viewer").get(CALENDAR).json()
    assert (told["verdict"], told["may_start"]) == ("frozen", False)
    assert "Sale: many buy" in told["reason"]


# Messages


def test_a_project_has_its_own_words_and_goes_back_to_the_usual(staging: Environment) -> None:
    operator = as_role("Operator")
    listed = operator.get(MESSAGES).json()["results"]
    assert len(listed) == 7
    usual = next(one for one in listed if one["kind"] == "STARTED")
    assert (usual["subject"], usual["own"], usual["version"]) == (DEFAULTS[Kind.STARTED].subject, False, 0)
    words = {"subject": "Off we go: {version}", "body": "{url}"}
    made = put(operator, f"{MESSAGES}STARTED/", words | {"expected_version": 0}).json()
    assert (made["subject"], made["own"], made["version"]) == ("Off we go: {version}", True, 1)
    assert put(operator, f"{MESSAGES}STARTED/", words | {"expected_version": 0}).json()["code"] == "stale_version"
    assert operator.delete(f"{MESSAGES}STARTED/").status_code == 204
    assert operator.get(f"{MESSAGES}STARTED/").json() == usual
    assert operator.get(f"{MESSAGES}SURPRISED/").status_code == 404


def test_a_preview_is_filled_in_and_keeps_nothing(staging: Environment) -> None:
    words = {"subject": "{service} {version}", "body": "{author}: {message}"}
    seen = as_role("Operator").post(f"{MESSAGES}preview/", words, format="json").json()
    assert seen == {"subject": "shop 2.14.0", "body": "Ada Lovelace: Take gift cards at the checkout"}


@pytest.mark.parametrize("url", [f"{MESSAGES}preview/", f"{MESSAGES}STARTED/"])
def test_a_name_that_nothing_fills_in_is_refused(staging: Environment, url: str) -> None:
    words = {"subject": "{servise}", "body": "x"}
    answer = getattr(as_role("Operator"), "post" if "preview" in url else "put")(url, words, format="json")
    assert fields_at_fault(answer) == ["subject"]
    assert "{service}" in answer.json()["errors"][0]["message"]


def test_who_may_not_write_writes_nothing(staging: Environment) -> None:
    product = as_role("Product")
    assert put(product, f"{MESSAGES}STARTED/", {"subject": "a", "body": "b"}).status_code == 403
    assert product.delete(f"{MESSAGES}STARTED/").status_code == 403
    assert product.post(FREEZES, {}, format="json").status_code == 403
