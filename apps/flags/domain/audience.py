"""The audience that a person sets in a form: who takes part, with which shares. To rules and back.

Rules that say more than this come from the API; `from_rules` refuses them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .engine.definitions import (
    EVERYONE,
    Condition,
    Fixed,
    FlagType,
    InSegment,
    Rule,
    Serve,
    Split,
    Variant,
)
from .engine.limits import WEIGHT_TOTAL
from .engine.segments import named_segments

RULE_ID = "rollout"


@dataclass(frozen=True, slots=True)
class Audience:
    groups: tuple[str, ...]  # segment keys; none means everyone
    weights: tuple[tuple[str, int], ...]  # (variant, share out of 100,000) of those who take part
    others: str  # the variant of everybody else

    @property
    def whole(self) -> str | None:
        """The variant that all who take part get, if it is one alone."""
        return next((variant for variant, weight in self.weights if weight == WEIGHT_TOTAL), None)

    @property
    def default_variant(self) -> str:
        """What the flag's default has to be: with one variant for everyone there is no rule, only a default."""
        return (not self.groups and self.whole) or self.others

    def weight(self, variant: str) -> int:
        return dict(self.weights).get(variant, 0)


def everyone(variant: str, others: str = "") -> Audience:
    return Audience((), ((variant, WEIGHT_TOTAL),), others or variant)


def to_rules(audience: Audience, *, rule_id: str = RULE_ID) -> tuple[Rule, ...]:
    """No rule when everyone gets one variant, one rule otherwise."""
    if not audience.groups and audience.whole:
        return ()
    when = InSegment(audience.groups) if audience.groups else None
    serve: Serve = Fixed(audience.whole) if audience.whole else Split(audience.weights)
    return (Rule(rule_id, when, serve),)


def from_rules(rules: Sequence[Rule], default_variant: str) -> Audience | None:
    """The audience that these rules and this default describe; None when they say more than a form can show."""
    if not rules:
        return everyone(default_variant)
    rule, serve = rules[0], rules[0].serve
    if len(rules) > 1 or not isinstance(rule.when, InSegment | None) or rule.window is not None:
        return None
    if isinstance(serve, Split) and serve != Split(serve.weights):
        return None
    weights = serve.weights if isinstance(serve, Split) else ((serve.variant, WEIGHT_TOTAL),)
    return Audience(_groups(rule.when), weights, default_variant)


def named_groups(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Every segment that the rules name at any depth, each once, in reading order."""
    found = (key for rule in rules for key in named_segments(rule.when))
    return tuple(dict.fromkeys(found))


def main_variant(flag_type: FlagType, variants: Sequence[Variant], off_variant: str) -> str:
    """What "on" means: true for a boolean flag, otherwise the first variant that is not the off variant."""
    if flag_type is FlagType.BOOLEAN:
        candidates = [variant.key for variant in variants if variant.value is True]
    else:
        candidates = [variant.key for variant in variants if variant.key != off_variant]
    return candidates[0] if candidates else variants[0].key


def _groups(when: Condition | None) -> tuple[str, ...]:
    keys = when.keys if isinstance(when, InSegment) else ()
    return () if EVERYONE in keys else keys
