"""What runs where, and since when, for apps above: they act on it through the services, and tell people about it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.deployments.domain.states import LIVE, State, Task
from apps.deployments.models import Deployment, Rollback, Target
from apps.deployments.selectors.rollbacks import refusal

GOING_BACK = {
    State.ROLLING_BACK: "it is being rolled back already",
    State.ROLLBACK_FAILED: "it is being rolled back already, and that needs a person",
    State.ROLLED_BACK: "it was rolled back already",
}
ONCE = "it was rolled back by itself before: at most one automatic rollback per deployment, whoever asks"


@dataclass(frozen=True, slots=True)
class LiveDeployment:
    """The last one of a service in an environment that users have met."""

    pk: int
    target_id: int
    service: str  # its key
    version: str
    words: str  # as in "web 1.4.2 in production"
    state: str
    changed_at: datetime  # when traffic last moved to it
    live: bool  # it still carries traffic and is not decided yet
    no_way_back: str  # why it cannot be rolled back by itself now; empty: it can


@dataclass(frozen=True, slots=True)
class DeployedTo:
    """An environment that services are deployed to."""

    environment_id: int
    project_id: int


def deployed_to() -> tuple[DeployedTo, ...]:
    rows = Target.objects.order_by("environment_id").values_list("environment_id", "service__project_id")
    return tuple(DeployedTo(*row) for row in rows.distinct())


def live_deployment(environment_id: int, service_key: str, at: datetime) -> LiveDeployment | None:
    """None where no user has met any, or the service is not deployed there."""
    rows = Deployment.objects.with_all().filter(
        target__environment=environment_id, target__service__key=service_key, traffic_at__isnull=False
    )
    row = rows.order_by("-traffic_at", "-pk").first()
    if row is None:
        return None
    service, environment = row.target.service, row.target.environment
    return LiveDeployment(
        pk=row.pk,
        target_id=row.target_id,
        service=service.key,
        version=row.release.number,
        words=_("%(what)s in %(where)s") % {"what": f"{service.key} {row.release.number}", "where": environment.key},
        state=row.state,
        changed_at=_changed_at(row),
        live=row.state in LIVE,
        no_way_back=_no_way_back(row, at),
    )


def _changed_at(row: Deployment) -> datetime:
    """A canary that took its next step a minute ago is a minute young, whenever its first user came."""
    shifts = row.steps.filter(task=Task.SHIFT, state__in=LIVE).order_by("-pk").values_list("began_at", flat=True)
    known = (row.traffic_at, row.whole_at, shifts.first())
    return max(moment for moment in known if moment is not None)


def _no_way_back(row: Deployment, at: datetime) -> str:
    if row.state in GOING_BACK:
        return GOING_BACK[State(row.state)]
    if row.rollbacks.filter(automatic=True).exists():
        return ONCE
    why = refusal(row, Rollback.Method.SWITCH).rstrip(".")
    return f"{why[:1].lower()}{why[1:]}"
