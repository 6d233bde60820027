"""What others report of a target whose traffic they move."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core.audit import Actor
from apps.deployments.domain.plans import WHOLE
from apps.deployments.models import Deployment, Target
from apps.deployments.services import trail
from apps.deployments.services.locking import lock_target
from apps.deployments.services.nudging import nudge


class InvalidReport(ValidationError):
    """`message_dict` maps each field to its problems."""


def report_weights(*, target_id: int, weights: Mapping[str, int], actor: Actor, at: datetime) -> Target:
    """How much each slot gets by now, out of 100,000; a deployment that waits for it goes on. Raises InvalidReport."""
    with transaction.atomic():
        target = lock_target(target_id)
        slots = {slot.name: slot for slot in target.slots.all()}
        if target.driver != Target.Driver.EXTERNAL:
            raise InvalidReport({"weights": ["the portal moves this traffic itself"]})
        if weights.keys() != slots.keys() or sum(weights.values()) != WHOLE or min(weights.values()) < 0:
            raise InvalidReport({"weights": [f"name {' and '.join(sorted(slots))}, together {WHOLE}"]})
        before = {name: slot.reported_weight for name, slot in slots.items()}
        for name, weight in weights.items():
            slots[name].reported_weight, slots[name].seen_at = weight, at
            slots[name].save(update_fields=["reported_weight", "seen_at"])
        if before != dict(weights):
            about = {f"weight of {name}": [before[name], weight] for name, weight in weights.items()}
            trail.record("deployments.weights_reported", target, about, actor=actor, reason="", at=at)
        Deployment.objects.filter(target=target, state__in=Deployment.ACTIVE).update(due_at=at)
        for active in target.deployments.active().values_list("pk", flat=True):
            nudge(active)
    return target
