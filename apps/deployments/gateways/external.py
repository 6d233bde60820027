"""Traffic that somebody else moves: a platform, a person, a pipeline. What they report is data of the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.deployments.domain.traffic import External
from apps.deployments.gateways.traffic import Outcome, checked, known


@dataclass(frozen=True, slots=True)
class ExternalDriver:
    """`apply` asks nobody: whoever asserts the weights on every tick goes on waiting until the report is the same."""

    config: External

    def read(self) -> Mapping[str, int]:
        if not self.config.reported:
            return {}
        return {slot: self.config.reported.get(slot, 0) for slot in self.config.slots}

    def apply(self, weights: Mapping[str, int]) -> Outcome:
        return Outcome.ASSERTED if checked(self.config.slots, weights) == self.read() else Outcome.WAITING

    def in_flight(self, slot: str) -> int | None:
        known(self.config.slots, slot)
        return None
