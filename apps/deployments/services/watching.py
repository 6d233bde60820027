"""Keeping what a tick saw, and keeping idle traffic where it belongs. Private to services."""

from datetime import datetime

from apps.deployments.domain.metrics import PROBES
from apps.deployments.domain.plans import WHOLE
from apps.deployments.domain.states import Task
from apps.deployments.models import Deployment, Target
from apps.deployments.services import errands
from apps.deployments.services.errands import Errand, Seen
from apps.monitoring import services as monitoring
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series


def note(row: Deployment, seen: Seen, at: datetime) -> None:
    _keep_slots(row.target, seen, at)
    _observe(row, seen, at)
    if row.task == Task.PREPARE and seen.outcome.ok:
        row.target.slots.filter(name=row.slot).update(release=row.release)


def _observe(row: Deployment, seen: Seen, at: datetime) -> None:
    """A slot that fails its probes is an observation like any other: triggers and rules read it there."""
    service = row.target.service.key
    samples = [
        Sample(read_series(PROBES, {"service": service, "slot": name}), float(probe.ok), at)
        for name, probe in seen.probes.items()
    ]
    if samples:
        monitoring.record(environment_id=row.target.environment_id, samples=samples, at=at)


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
