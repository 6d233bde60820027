"""From rows to what the machine reads."""

from apps.deployments.domain.moves import Limits, Standing
from apps.deployments.domain.phases import Times
from apps.deployments.domain.plans import parse_plan
from apps.deployments.domain.states import BACK, State, Task
from apps.deployments.models import Deployment, Target


def standing(row: Deployment) -> Standing:
    return Standing(
        state=State(row.state),
        task=Task(row.task),
        plan=parse_plan(row.plan),
        limits=limits(row.target),
        position=row.position,
        requested_at=row.requested_at,
        task_since=row.task_since,
        tries=row.tries,
        scheduled_at=row.scheduled_at,
        hold_until=row.hold_until,
        watch_until=row.watch_until,
        step_approved=bool(row.step_approved_by_label),
    )


def limits(target: Target) -> Limits:
    return Limits(
        prepare_seconds=target.prepare_seconds,
        drain_seconds=target.drain_seconds,
        stops_old=target.stops_old,
        hands_free=target.driver != Target.Driver.EXTERNAL,
    )


def times_of(row: Deployment) -> Times:
    return Times(
        requested_at=row.requested_at,
        started_at=row.started_at,
        traffic_at=row.traffic_at,
        whole_at=row.whole_at,
        ended_at=row.ended_at,
        watch_until=row.watch_until,
        went_back=row.state in BACK,
    )
