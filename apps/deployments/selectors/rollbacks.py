"""Which ways back are open for a deployment at a moment, and why the others are not."""

from dataclasses import replace
from datetime import datetime

from apps.deployments.domain.rollback_methods import Facts, LinkedFlag, Option, PreviousSlot, planned
from apps.deployments.domain.states import LIVE, State
from apps.deployments.models import Deployment, Rollback
from apps.flags import selectors as flags
from apps.flags.selectors import ChangedState

Method = Rollback.Method


def possible(row: Deployment, method: str, at: datetime) -> str:
    """Why this method cannot be used now; empty when it can."""
    return {Method.FLAG: _flag, Method.SWITCH: _switch}.get(Method(method), _later)(row)


def switched_flags(row: Deployment) -> list[ChangedState]:
    """The release's flags that are on where it is deployed."""
    found = (flags.changed_state(row.target.environment_id, key) for key in row.release.flags)
    return [one for one in found if one is not None and not one.is_killed]


def _flag(row: Deployment) -> str:
    if not row.release.flags:
        return "No flag is linked to this release."
    return "" if switched_flags(row) else "Every flag of this release is killed already."


def _switch(row: Deployment) -> str:
    if row.elsewhere:
        return "It was done elsewhere, so its traffic is not moved from here."
    if row.release.contracts:
        return "The release removed from the database what the version before needs."
    if row.state in LIVE:
        return ""
    if row.state == State.SUCCEEDED:
        return _after_success(row)
    return "It carries no traffic."


def _after_success(row: Deployment) -> str:
    newer = row.target.deployments.filter(pk__gt=row.pk)
    if newer.active().exists() or row.target.live_release_id != row.release_id:
        return "Another deployment has taken its place."
    base = row.target.slots.filter(name=row.base_slot).first()
    if row.previous is None or base is None or base.release_id != row.previous_id:
        return "The slot before it no longer holds the version before."
    if row.target.stops_old:
        return "The slot before it was stopped after the watch."
    return ""


def _later(row: Deployment) -> str:
    return "Nothing is connected for this yet."


def options(row: Deployment, at: datetime) -> tuple[Option, ...]:
    """Every method with what it leaves as it is; what is possible now comes first, the fastest before the others."""
    linked = {one.key for one in switched_flags(row)}
    flags_of = tuple(LinkedFlag(key, key in linked) for key in row.release.flags)
    before = PreviousSlot(row.previous.number, healthy=True, succeeded=True) if row.previous else None
    told = planned(
        Facts(version=row.release.number, flags=flags_of, previous=before, contract_migration=row.release.contracts)
    )
    found = [(one, possible(row, one.method.upper(), at)) for one in told]
    judged = [replace(one, possible=not why, reason=why or one.reason) for one, why in found]
    return tuple(sorted(judged, key=lambda one: (not one.possible, one.target_seconds)))
