"""The scenarios of responses and of rules that end for test_audit_walk.py, as in delivery_walk.py."""

from collections.abc import Callable
from datetime import timedelta

from apps.alerts import services
from apps.alerts.models import Response
from apps.core.sealer import seal
from apps.deployments import services as deployments
from tests.architecture.scenarios import WHO, production, scenario
from tests.factories import AT, make_flag, make_rule, push
from tests.factories.deployments import make_deployment, make_service, make_target

EXEMPT = {"keep_house"}  # what is deleted is in the trail, which is kept


@scenario
def undo_response() -> Callable[[], object]:
    environment = production()
    make_flag(project=environment.project, key="checkout", on=True)
    push(environment, "errors", (AT, 9))
    make_rule(environment, response={"kind": "kill_flag", "flag": "checkout"})
    services.judge_due(at=AT)
    services.respond_due(at=AT)
    pk = Response.objects.latest("pk").pk
    return lambda: services.undo_response(response_id=pk, **WHO)


@scenario
def delete_rule() -> Callable[[], object]:
    pk = make_rule(production()).pk
    return lambda: services.delete_rule(rule_id=pk, expected_version=None, **WHO)


@scenario
def install_rollback_rules() -> Callable[[], object]:
    environment = production()
    make_service(environment)
    return lambda: services.install_rollback_rules(environment_id=environment.pk, service="web", **WHO)


@scenario
def vouch() -> Callable[[], object]:
    make_target(production(), live="")
    return lambda: services.vouch(at=AT)


@scenario
def announce_maintenance() -> Callable[[], object]:
    pk, hour = production().pk, timedelta(hours=1)
    return lambda: services.announce_maintenance(
        environment_id=pk, text="Walk.", starts_at=AT, ends_at=AT + hour, **WHO
    )


@scenario
def hear_deployments() -> Callable[[], object]:
    """Of a rollback it keeps an incident."""
    target = make_target(production())
    row = make_deployment(target)
    live = {"state": "WATCHING", "traffic_at": AT, "slot": "green", "base_slot": "blue"}
    type(row).objects.filter(pk=row.pk).update(**live, previous=target.live_release)
    deployments.roll_back(deployment_id=row.pk, **WHO)
    seal()
    return lambda: services.hear_deployments(at=AT)
