"""Weights as a proxy can hold them: small whole numbers in the nearest proportion, and back out of 100,000.

Pure arithmetic. A slot that has a weight keeps some, and one that has none gets none, whatever the rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .traffic import Kind

WEIGHT_TOTAL: Final = 100_000  # all weights of a service together; one unit is 0.001 %


class InvalidWeights(ValueError):
    """Weights that no proxy is told."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The whole numbers that a proxy takes."""

    each: int  # the largest
    together: int  # their largest sum


# Caddy gives each upstream its turns in one run: with long cycles one side would stand idle for long.
CADDY: Final = Scale(each=1_000, together=1_000)
HAPROXY: Final = Scale(each=256, together=100_000)


def check(weights: Mapping[str, int]) -> None:
    """Raises InvalidWeights."""
    if any(weight < 0 for weight in weights.values()):
        raise InvalidWeights("a weight below 0 means nothing")
    total = sum(weights.values())
    if total == 0:
        raise InvalidWeights("every weight is 0, so all requests would fail: give a slot some traffic")
    if total != WEIGHT_TOTAL:
        raise InvalidWeights(f"the weights make {total:,} together; they must make {WEIGHT_TOTAL:,}")


def parts(weights: Mapping[str, int], scale: Scale) -> dict[str, int]:
    """The nearest proportion that fits the scale; of equal ones that of the smallest numbers."""
    total = sum(weights.values())
    best, distance = dict.fromkeys(weights, 1), float("inf")
    for size in range(1, min(scale.together, scale.each * len(weights)) + 1):
        found = {slot: max(1, round(weight * size / total)) if weight else 0 for slot, weight in weights.items()}
        if max(found.values()) <= scale.each and (sum_ := sum(found.values())) <= scale.together:
            off = max(abs(found[slot] / sum_ - weights[slot] / total) for slot in weights)
            if off < distance - 1e-12:
                best, distance = found, off
    return best


def shares(found: Mapping[str, int]) -> dict[str, int]:
    """A proxy's numbers out of 100,000. The largest remainders are rounded up, so that the sum is kept."""
    total = sum(found.values())
    if not total:
        return dict.fromkeys(found, 0)
    whole = {slot: number * WEIGHT_TOTAL // total for slot, number in found.items()}
    left = WEIGHT_TOTAL - sum(whole.values())
    by_remainder = sorted(found, key=lambda slot: found[slot] * WEIGHT_TOTAL % total, reverse=True)
    return {slot: weight + (slot in by_remainder[:left]) for slot, weight in whole.items()}


def reachable(kind: str, weights: Mapping[str, int]) -> dict[str, int]:
    """What `read` says once these weights are applied. Whole percents are reached exactly by every driver."""
    check(weights)
    scale = {Kind.CADDY: CADDY, Kind.HAPROXY: HAPROXY}.get(Kind(kind))
    return shares(parts(weights, scale)) if scale else dict(weights)
