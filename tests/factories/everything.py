"""A project with something of every kind."""

from dataclasses import dataclass

from apps.alerts import services as alerts
from apps.alerts.models import Alert
from apps.core import sealer
from apps.core import services as core
from apps.core.models import ApiKey, ChangeRequest, Project
from apps.deployments.models import Deployment
from apps.flags import services as flags
from apps.flags.models import RolloutPlan, ScheduledChange
from apps.monitoring import services as monitoring
from apps.monitoring.services.events import Turned
from tests.factories.alerts import make_rule, push
from tests.factories.approvals import make_request, make_schedule
from tests.factories.checks import make_check
from tests.factories.core import AT, make_key, make_project
from tests.factories.delivery import make_delivery
from tests.factories.deployed import make_deployed
from tests.factories.flags import make_flag, make_segment, state_in
from tests.factories.incidents import make_incident
from tests.factories.rollouts import make_rollout, say
from tests.factories.status import make_component, make_status_page


@dataclass(frozen=True, slots=True)
class Everything:
    project: Project
    key: ApiKey
    rollout: RolloutPlan  # of the flag checkout
    schedule: ScheduledChange  # of the flag asked
    request: ChangeRequest  # of the flag asked
    alert: Alert  # of the rule errors
    deployment: Deployment  # of the service web


def make_everything(*, key: str = "") -> Everything:
    """One row at least of every table but votes; some audit entries are sealed, some are not yet."""
    project = make_project(key=key)
    production = project.environments.get(key="production")
    issued = make_key(project=project, management=True)
    make_key(environment=production)
    make_segment(project=project, key="beta", members=["u-1"])
    make_flag(project=project, key="search", killed=True)
    rollout = make_rollout(state_in(make_flag(project=project, key="checkout", rolling_out=True)))
    flags.add_usage(counts={(production.pk, "checkout", "on"): 1}, at=AT)
    say(production, "errors")
    make_delivery(production)
    push(production, "errors", (AT, 9))
    make_rule(production, response={"kind": "kill_flag", "flag": "search"})
    alerts.judge_due(at=AT)
    monitoring.roll_up()
    push(production, "errors", (AT, 9))  # waits to be rolled up again
    refused = Turned(production.pk, "name is missing", "{}", AT)
    monitoring.store_events(received=[], turned=[refused])
    make_check(production)
    make_status_page(production, slug=f"status-{production.pk}")
    make_component(production, checks=["web"])
    make_incident(production, text="We look into it.")
    monitoring.report_check(environment_id=production.pk, key="backup", ok=True, reason="", expected_every=60, at=AT)
    deployment = make_deployed(production)
    core.tick(name="beat", at=AT)
    sealer.seal()
    alerts.hear_deployments(at=AT)
    asked = state_in(make_flag(project=project, key="asked"))
    schedule, request = make_schedule(asked), make_request(asked)
    return Everything(project, issued.key, rollout, schedule, request, Alert.objects.latest("pk"), deployment)
