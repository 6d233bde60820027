"""Keeping what a tick saw, and asking judge and triggers what to think of it. Private to services."""

from datetime import datetime
from typing import NamedTuple

from apps.deployments.domain.moves import Alarm, Standing
from apps.deployments.domain.plans import WHOLE
from apps.deployments.domain.states import Task
from apps.deployments.models import Deployment, Target
from apps.deployments.services import errands
from apps.deployments.services.errands import Errand, Seen


class Looked(NamedTuple):
    alarm: Alarm | None = None
    inconclusive: str = ""


def look(row: Deployment, now: Standing, at: datetime) -> Looked:
    return Looked()


def note(row: Deployment, seen: Seen, at: datetime) -> None:
    _keep_slots(row.target, seen, at)
    if row.task == Task.PREPARE and seen.outcome.ok:
        row.target.slots.filter(name=row.slot).update(release=row.release)


def keep_traffic(target: Target, at: datetime) -> None:
    names = [slot.name for slot in target.slots.all()]
    wanted = {name: WHOLE if name == target.live_slot else 0 for name in names}
    errand = Errand(
        task=Task.SHIFT,
        weights=wanted,
        driver=target.driver,
        driver_config=errands.driver_config(target),
        urls={},
        subject="",
        probed=(),
        health_path="",
        smoke=(),
        agent_url="",
        agent_secret=b"",
    )
    _keep_slots(target, errands.run(errand, at), at)


def _keep_slots(target: Target, seen: Seen, at: datetime) -> None:
    for slot in target.slots.all():
        probe = seen.probes.get(slot.name)
        if seen.weights is not None:
            slot.weight = seen.weights.get(slot.name)
        if probe is not None:
            slot.healthy, slot.told = probe.ok, probe.words[:300]
        if probe is not None or seen.weights is not None:
            slot.seen_at = at
            slot.save(update_fields=["weight", "healthy", "told", "seen_at"])
