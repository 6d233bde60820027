"""Which ways back are open for a deployment at a moment, and why the others are not."""

from apps.deployments.domain.rollback_methods import Facts, LinkedFlag, Method, Option, PreviousSlot, planned
from apps.deployments.domain.states import LIVE, State
from apps.deployments.models import Deployment
from apps.flags import selectors as flags
from apps.flags.selectors import ChangedState


def options(row: Deployment) -> tuple[Option, ...]:
    """Every method; what is possible now comes first."""
    linked = [(key, flags.changed_state(row.target.environment_id, key)) for key in row.release.flags]
    return planned(
        Facts(
            version=row.release.number,
            flags=tuple(LinkedFlag(key, state is not None and not state.is_killed) for key, state in linked),
            previous=_previous(row),
            contract_migration=row.release.contracts,
            driver_problem=_problem(row),
        )
    )


def refusal(row: Deployment, method: str) -> str:
    """Why this method cannot be used now; empty when it can."""
    option = next(one for one in options(row) if one.method is Method(method))
    return "" if option.possible else option.reason


def live_flags(row: Deployment) -> list[ChangedState]:
    """The release's flags that are not killed where it is deployed."""
    found = (flags.changed_state(row.target.environment_id, key) for key in row.release.flags)
    return [one for one in found if one is not None and not one.is_killed]


def _previous(row: Deployment) -> PreviousSlot | None:
    slot = next((one for one in row.target.slots.all() if one.name == row.base_slot), None)
    if slot is None or row.previous is None or slot.release_id is None or slot.release is None:
        return None
    healthy = slot.healthy is not False  # as last seen; a slot that nobody probed is no obstacle
    return PreviousSlot(slot.release.number, healthy, slot.release_id == row.previous_id)


def _problem(row: Deployment) -> str:
    """Why no traffic is moved for this deployment."""
    if row.elsewhere:
        return "It was done elsewhere, so its traffic is not moved from here"
    if row.state in LIVE:
        return ""
    if row.state != State.SUCCEEDED:
        return "It carries no traffic"
    newer = row.target.deployments.filter(pk__gt=row.pk)
    if newer.active().exists() or row.target.live_release_id != row.release_id:
        return "Another deployment has taken its place"
    return "The slot before it was stopped after the watch" if row.target.stops_old else ""
