"""How a service is deployed, in the browser: set up, told what is wrong, tried out, and whose secret is shown once."""

from typing import Any

import pytest

from apps.core.models import AuditEntry, Environment
from apps.deployments import services
from apps.deployments.gateways.slots import Probe
from apps.deployments.models import Target
from apps.deployments.services import errands
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, make_project
from tests.factories.deployments import make_service, make_target
from tests.flags.visit import Visitor, shows, text

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def visitor(staging: Environment) -> Visitor:
    return Visitor(staging.project, role="Operator", environment="staging")


def rows(prefix: str, *given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": 0}
    return found | {f"{prefix}-{n}-{name}": value for n, row in enumerate(given) for name, value in row.items()}


def typed(**fields: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "version": 1,
        "strategy": "CANARY",
        "watch_seconds": 30,
        "watch_seconds_unit": "m",
        "driver": "CADDY",
        "CADDY_admin": "127.0.0.1:2019",
        "CADDY_handler": "shop",
        "CADDY_blue": "10.0.0.5:8000",
        "CADDY_green": "10.0.0.6:8000",
        "blue_url": "http://127.0.0.1:18101",
        "green_url": "http://127.0.0.1:18102",
        "health_path": "/healthz",
        "gates": ["STAGING", "HOLDS"],
        "guards": "errors, latency",
        "calendar": "own",
        "prepare_seconds": 10,
        "prepare_seconds_unit": "m",
        "drain_seconds": 20,
        "drain_seconds_unit": "s",
        "reason": "set up",
    }
    for metric in ("errors", "typical_latency", "slow_latency"):
        usual |= {f"{metric}_action": "pause", f"{metric}_minimum": 100, f"{metric}_tolerated": 1.5}
    usual |= rows(
        "steps", {"weight": 10, "hold_seconds": 5, "hold_seconds_unit": "m", "analyse": "on"}, {"weight": 100}
    )
    for trigger in ("error_rate", "degradation", "probes", "connections", "logins"):
        usual[f"{trigger}_action"] = "roll_back"
    usual |= rows("smoke", {"path": "/", "contains": "Shop"})
    days: dict[str, Any] = {"weekdays": ["monday", "friday"], "from_": "09:00", "to": "00:00", "zone": "Europe/Berlin"}
    usual |= rows("stretches", {"kind": "windows"} | days)
    return usual | fields


def test_a_target_is_set_up_as_it_was_typed(staging: Environment, visitor: Visitor) -> None:
    make_service(staging)
    shows(visitor.get("service-target", service="web"), "Not set up in Staging yet.", "Set up here", "stats socket")
    made = visitor.post("service-target", typed(agent_url="http://127.0.0.1:18999/"), service="web")
    row = Target.objects.get()
    secret = services.agent_secret(row)
    assert secret.startswith("whsec_")
    shows(made, "Copy this secret to the agent now", secret)
    assert row.driver_config == {
        "admin": "127.0.0.1:2019",
        "handler": "shop",
        "slots": {"blue": "10.0.0.5:8000", "green": "10.0.0.6:8000"},
    }
    assert [(step["weight"], step["hold_seconds"], step["analyse"]) for step in row.steps] == [
        (10_000, 300, True),
        (100_000, 0, False),
    ]
    assert row.smoke == [{"path": "/", "contains": "Shop"}]
    assert row.windows == {
        "windows": [{"weekdays": ["monday", "friday"], "from": "09:00", "to": "24:00", "zone": "Europe/Berlin"}],
        "avoid": [],
        "freezes": [],
    }
    assert {name for name, wanted in row.gates.items() if wanted} == {"STAGING", "HOLDS"}
    assert (row.guards, row.watch_seconds, row.drain_seconds) == (["errors", "latency"], 1_800, 20)
    assert row.judge["errors"] == {"action": "pause", "minimum": 100, "tolerated": 1.5}
    assert row.judge["probes"] == {"action": "roll_back"}
    assert dict(row.slots.values_list("name", "url"))["green"] == "http://127.0.0.1:18102"
    page = visitor.get("service-target", service="web")
    shows(page, 'value="10.0.0.6:8000"', "Europe/Berlin", 'value="/" ', "set up")
    assert secret not in text(page)


def test_what_is_shown_is_saved_again_without_a_change(staging: Environment, visitor: Visitor) -> None:
    make_service(staging)
    visitor.post("service-target", typed(), service="web")
    before = AuditEntry.objects.count()
    again = visitor.post("service-target", typed(), service="web")
    assert again.status_code == 302
    assert AuditEntry.objects.count() == before
    stale = typed(strategy="BLUE_GREEN", calendar="usual")
    assert visitor.post("service-target", stale, service="web").status_code == 302
    assert Target.objects.get().windows is None
    page = visitor.post("service-target", stale, service="web")
    assert page.status_code == 409
    shows(page, "Somebody saved these settings while you were here.", 'name="version" value="2"')


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"CADDY_admin": "nowhere"}, "Admin API: must be host:port, or the path of a unix socket"),
        ({"CADDY_green": ""}, "Upstream of green: must be the upstream"),
        ({"CADDY_green": "10.0.0.5:8000"}, "Upstream of blue: must lead to a place each"),
        ({"driver": "HAPROXY"}, "Runtime API: must be host:port"),
        ({"health_path": "healthz"}, "Health path: must be a path that begins with /"),
        ({"smoke-0-path": "no"}, "Smoke test 1, Path: must be a path that begins with /"),
        ({"smoke-0-status": "99"}, "Smoke test 1, Answers with status: must be a status from 100 to 599"),
        ({"stretches-0-zone": "Mars/Base"}, "Stretch 1, Time zone:"),
        ({"stretches-0-weekdays": []}, "Stretch 1, On:"),
        ({"stretches-0-kind": "avoid"}, "Stretch 1, Why not:"),
        ({"steps-1-weight": "90"}, "Step 2, Per cent: the last step must be 100 %"),
        ({"errors_minimum": "0"}, "Requests needed on each slot:"),
        ({"errors_tolerated": "99"}, "Tolerated, in times of the old slot:"),
        ({"logins_action": "explode"}, "Fewer sign-ins succeed:"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    staging: Environment, visitor: Visitor, wrong: dict[str, Any], told: str
) -> None:
    make_service(staging)
    page = visitor.post("service-target", typed(**wrong), service="web")
    assert page.status_code == 422
    shows(page, told)
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"driver": "CADDY", "driver_config": {"admin": "x"}}, "driver_config.admin"),
        (
            {"driver": "HAPROXY", "driver_config": {"admin": "/s", "backend": "b", "slots": {"a": "1", "b": "2"}}},
            "driver_config.slots",
        ),
        ({"driver": "CADDY", "driver_config": []}, "driver_config"),
        (
            {"windows": {"windows": [{"weekdays": ["someday"], "from": "09:00", "to": "10:00"}]}},
            "windows.windows[0].weekdays[0]",
        ),
        ({"judge": {"errors": {"action": "explode"}}}, "judge.errors.action"),
        ({"judge": {"luck": {}}}, "judge.luck"),
        ({"smoke": {"path": "/"}}, "smoke"),
        ({"smoke": [{"path": "/", "status": True}]}, "smoke[0].status"),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_service(staging: Environment, fields: dict[str, Any], path: str) -> None:
    target = make_target(staging)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "", "at": AT, "expected_version": None}
    with pytest.raises(services.InvalidTarget) as refused:
        services.update_target(target_id=target.pk, fields=fields, **who)
    assert list(refused.value.message_dict) == [path]


def test_the_connection_is_tried_with_what_is_saved(staging: Environment, visitor: Visitor, world: World) -> None:
    make_target(staging, driver="CADDY")
    world.weights, world.healthy["green"] = {"blue": 95_000, "green": 5_000}, False
    page = visitor.post("service-target-try", {}, service="web")
    shows(page, "Weights read", "95 % of the traffic", "5 % of the traffic", "Not healthy", "/healthz answered")
    assert world.moves == []
    world.proxy_answers = False
    shows(visitor.post("service-target-try", {}, service="web"), "Weights not read", "the proxy does not answer")
    assert visitor.get("service-target-try", service="web").status_code == 405


def test_traffic_that_somebody_else_moves_has_no_weights_before_the_first_report(
    staging: Environment, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_target(staging, driver="EXTERNAL")
    monkeypatch.setattr(errands, "probe", lambda url, path: Probe(ok=True, words="fine"))
    shows(visitor.post("service-target-try", {}, service="web"), "nobody has reported the weights yet")
    services.report_weights(target_id=target.pk, weights={"blue": 75_000, "green": 25_000}, actor=ACTOR, at=AT)
    shows(visitor.post("service-target-try", {}, service="web"), "Weights read", "25 % of the traffic")


def test_a_lost_secret_is_renewed(staging: Environment, visitor: Visitor) -> None:
    target = make_target(staging, agent_url="http://127.0.0.1:18999/")
    before = services.agent_secret(target)
    page = visitor.post("service-target-secret", {}, service="web")
    target.refresh_from_db()
    assert services.agent_secret(target) not in ("", before)
    shows(page, services.agent_secret(target))
    assert AuditEntry.objects.filter(kind="deployments.agent_secret_renewed").count() == 1
    services.update_target(
        target_id=target.pk, fields={"agent_url": ""}, actor=ACTOR, reason="", at=AT, expected_version=None
    )
    assert visitor.post("service-target-secret", {}, service="web").status_code == 302


def test_production_asks_why_and_for_the_right(staging: Environment) -> None:
    production = staging.project.environments.get(key="production")
    make_target(production)
    operator, viewer = (Visitor(staging.project, role=role) for role in ("Operator", "Viewer"))
    shows(operator.post("service-target", typed(reason=""), service="web"), "Say why, so that others understand")
    page = viewer.get("service-target", service="web")
    shows(page, "You may look at these settings.")
    for name in ("service-target", "service-target-try", "service-target-secret"):
        assert viewer.post(name, typed(), service="web").status_code == 403
