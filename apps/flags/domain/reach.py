"""Who may get one of some variants of a flag: everyone, some or nobody. Judged from the definition alone."""

from collections.abc import Collection
from enum import StrEnum

from .engine.definitions import Fixed, Flag, FlagStatus


class Reach(StrEnum):
    EVERYONE = "everyone"
    SOME = "some"
    NOBODY = "nobody"


def reach(flag: Flag, variants: Collection[str]) -> Reach:
    served = served_variants(flag)
    if served <= set(variants):
        return Reach.EVERYONE
    return Reach.SOME if served & set(variants) else Reach.NOBODY


def served_variants(flag: Flag) -> set[str]:
    """Every variant that some user may get. A condition is taken for one that holds for some and not for others."""
    if flag.status is FlagStatus.KILLED:
        return {flag.off_variant}
    if flag.lock is not None:
        return {flag.lock.variant}
    if flag.status is FlagStatus.OFF:
        return {flag.off_variant}
    found = {one.variant for one in flag.overrides} | ({flag.off_variant} if flag.prerequisites else set())
    for rule in flag.rules:
        serve = rule.serve
        found |= {serve.variant} if isinstance(serve, Fixed) else {key for key, weight in serve.weights if weight}
        if rule.when is None and rule.window is None:
            return found  # nobody comes past this rule
    return found | {flag.default_variant}
