"""The rollback triggers of a service, added to an environment at once; and one of them doing its work."""

from datetime import timedelta

import pytest

from apps.alerts import services
from apps.alerts.models import AlertRule, Response
from apps.core.models import Environment
from apps.deployments.models import Deployment, Rollback
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, make_project, push
from tests.factories.deployments import make_deployment, make_service, make_target
from tests.flags.visit import Visitor, shows, text

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


def install(environment: Environment, service: str = "web", **more: bool) -> int:
    who = {"actor": ACTOR, "reason": "tests", "at": AT}
    return services.install_rollback_rules(environment_id=environment.pk, service=service, **who, **more)  # type: ignore[arg-type]


def test_five_for_each_service_once(environment: Environment) -> None:
    make_service(environment)
    make_service(environment, key="api")
    assert [install(environment), install(environment), install(environment, "api")] == [5, 0, 5]
    responses = AlertRule.objects.order_by("pk").values_list("response__kind", "response__service", "response__dry_run")
    assert list(responses) == [("roll_back_deployment", "web", True)] * 5 + [("roll_back_deployment", "api", True)] * 5


def test_of_a_service_that_is_not_there_none(environment: Environment) -> None:
    other = make_project(key="other").environments.get(key="staging")
    make_service(other)
    with pytest.raises(services.NoSuchService):
        install(environment)
    assert not AlertRule.objects.exists()


def test_five_minutes_of_errors_roll_a_deployment_back(environment: Environment, world: World) -> None:
    """10 % of requests fail from the switch on; the rule asks for five minutes of it."""
    row = make_deployment(make_target(environment, driver="CADDY"))
    world.run(30)
    install(environment, dry_run=False)
    counts = [(AT + timedelta(seconds=15 * n), n) for n in range(29)]
    push(environment, "http_requests_total", *((at, 100.0 * n) for at, n in counts), service="web", slot="green")
    push(environment, "http_errors_total", *((at, 10.0 * n) for at, n in counts), service="web", slot="green")
    moments = [at for at, n in counts if n]
    for at in moments:
        services.judge_due(at=at)
        services.respond_due(at=at)
        if Rollback.objects.exists():
            break
    assert timedelta(minutes=5) <= at - moments[0] <= timedelta(minutes=6)
    assert Rollback.objects.get().trigger == "rollback_error_rate_web"
    assert Response.objects.get().status == "DONE"
    row.refresh_from_db()
    assert row.state == Deployment.State.ROLLING_BACK


def test_the_page_offers_them_where_there_is_a_service(environment: Environment) -> None:
    visitor = Visitor(environment.project, role="Operator", environment="staging")
    assert "rollback triggers" not in text(visitor.get("rule-list"))
    make_service(environment)
    shows(visitor.get("rule-list"), "Add the rollback triggers", '<option value="web">Web</option>')
    assert visitor.post("rule-starter-rollback", {"service": "web"}).status_code == 302
    assert AlertRule.objects.filter(response__dry_run=False).count() == 5
    shows(visitor.get("rule-list"), "More than 5 % of requests to web fail")
    assert visitor.post("rule-starter-rollback", {"service": "nobody"}).status_code == 404
    viewer = Visitor(environment.project, role="Viewer", environment="staging")
    assert viewer.post("rule-starter-rollback", {"service": "web"}).status_code == 403
    assert "rollback triggers" not in text(viewer.get("rule-list"))
