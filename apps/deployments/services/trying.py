"""Reading a target's proxy and probing its slots once, on somebody's wish. Nothing is changed, and nothing is kept."""

from dataclasses import dataclass

from apps.deployments.gateways.slots import Probe
from apps.deployments.selectors.deployments import target_by_id
from apps.deployments.services import errands


@dataclass(frozen=True, slots=True)
class SlotTried:
    name: str
    weight: int | None  # out of 100,000; None: the proxy did not say
    probe: Probe


@dataclass(frozen=True, slots=True)
class Tried:
    trouble: str  # why the weights are not known; empty where they are
    slots: tuple[SlotTried, ...]

    @property
    def ok(self) -> bool:
        return not self.trouble and all(slot.probe.ok for slot in self.slots)


def try_target(*, target_id: int) -> Tried:
    """By what is saved. Outside any transaction, as it waits for others."""
    target = target_by_id(target_id)
    found, trouble = errands.read(target.driver, errands.driver_config(target))
    weights = found or {}
    slots = tuple(
        SlotTried(slot.name, weights.get(slot.name), errands.look_at(slot.url, target.health_path))
        for slot in target.slots.all()
    )
    return Tried(trouble or ("" if weights else "nobody has reported the weights yet"), slots)
