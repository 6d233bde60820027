"""Keeping what a tick saw, and keeping idle traffic where it belongs. Private to services."""

from datetime import datetime

from django.db import transaction

from apps.deployments.domain.metrics import PROBES
from apps.deployments.domain.plans import WHOLE
from apps.deployments.domain.states import Task
from apps.deployments.models import Deployment, Target
from apps.deployments.services import errands, trail
from apps.deployments.services.errands import Errand, Seen
from apps.monitoring import services as monitoring
from apps.monitoring.domain.samples import Sample
from apps.monitoring.domain.series import read_series


def note(row: Deployment, seen: Seen, at: datetime) -> None:
    _keep_slots(row.target, seen, at)
    _observe(row.target, seen, at)
    if row.task == Task.PREPARE and seen.outcome.ok:
        row.target.slots.filter(name=row.slot).update(release=row.release)


def _observe(target: Target, seen: Seen, at: datetime) -> None:
    """A slot that fails its probes is an observation like any other: triggers and rules read it there."""
    service = target.service.key
    samples = [
        Sample(read_series(PROBES, {"service": service, "slot": name}), float(probe.ok), at)
        for name, probe in seen.probes.items()
    ]
    if samples:
        monitoring.record(environment_id=target.environment_id, samples=samples, at=at)


def keep_traffic(target: Target, after: Deployment | None, at: datetime) -> None:
    """`after`: the deployment whose rollback is still watched; then the live slot is probed, too."""
    seen = errands.run(_idle(target, watched=after is not None), at)
    with transaction.atomic():
        before = {slot.name: slot.healthy for slot in target.slots.all()}
        _keep_slots(target, seen, at)
        _observe(target, seen, at)
        ill = [probe.words for name, probe in seen.probes.items() if not probe.ok and before[name] is not False]
        if after is not None and ill:
            trail.record("deployments.ill_after_rollback", after, reason=" ".join(ill), at=at)


def _idle(target: Target, *, watched: bool) -> Errand:
    slots, ours = list(target.slots.all()), target.driver != Target.Driver.EXTERNAL
    wanted = {slot.name: WHOLE if slot.name == target.live_slot else 0 for slot in slots}
    return Errand(
        task=Task.SHIFT,
        weights=wanted if ours else None,
        driver=target.driver,
        driver_config=errands.driver_config(target),
        urls={slot.name: slot.url for slot in slots},
        probed=(target.live_slot,) if watched else (),
        health_path=target.health_path,
    )


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
