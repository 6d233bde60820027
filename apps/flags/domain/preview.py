"""What a flag would do to a fixed crowd of sample users, before anyone real sees it. Keeps nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from .engine.compiler import compile_flag
from .engine.context import TARGETING_KEY
from .engine.definitions import Flag, Segment, by_key


@dataclass(frozen=True, slots=True)
class Preview:
    """`counts` has every variant in the flag's order, and one more when a lock brings its own."""

    counts: tuple[tuple[str, int], ...]  # (variant, sample users)
    size: int  # sample users asked; those not counted got no value, because the definition is invalid

    def count(self, variant: str) -> int:
        return dict(self.counts).get(variant, 0)


def sample(
    flag: Flag,
    segments: tuple[Segment, ...],
    *,
    at: float,
    size: int = 1_000,
    context: Mapping[str, object] | None = None,
) -> Preview:
    """Evaluates `user-0001`, `user-0002` and so on, each with the attributes of `context`, at `at` in seconds since
    1970. Prerequisites are taken for met.

    The same users every time, so that two previews differ by the flag alone.
    """
    evaluate = compile_flag(flag, by_key(segments)).evaluate
    attributes = dict(context or {})
    counts = Counter({variant.key: 0 for variant in flag.variants})
    for n in range(1, size + 1):
        attributes[TARGETING_KEY] = f"user-{n:04}"
        variant = evaluate(attributes, at).variant
        if variant is not None:
            counts[variant] += 1
    return Preview(tuple(counts.items()), size)
