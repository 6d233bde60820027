"""The engine answers what the documentation says, as a second reading of it does."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flags.domain.engine.compiler import compile_ruleset
from apps.flags.domain.engine.definitions import Flag, Ruleset, Segment
from apps.flags.domain.engine.outcome import ErrorCode, Outcome
from apps.flags.domain.engine.parsing import dump_condition, dump_overrides, dump_prerequisites, dump_rules
from tests.flags.domain.build import NOW
from tests.flags.domain.interpreter import World
from tests.flags.domain.strategies import contexts, rulesets
from tests.scale import scaled

many_contexts = st.lists(contexts, min_size=1, max_size=5)


def flag_json(flag: Flag) -> dict[str, Any]:
    return {
        "status": flag.status.value,
        "locked": flag.lock.variant if flag.lock else None,
        "rules": dump_rules(flag.rules),
        "default_variant": flag.default_variant,
        "off_variant": flag.off_variant,
        "prerequisites": dump_prerequisites(flag.prerequisites),
        "overrides": dump_overrides(flag.overrides),
        "salt": flag.salt,
        "variants": [variant.key for variant in flag.variants],
    }


def segment_json(segment: Segment) -> dict[str, Any]:
    return {"members": segment.members, "rule": dump_condition(segment.when)}


def answer(outcome: Outcome) -> tuple[object, ...]:
    reason = outcome.error_code or outcome.reason
    return outcome.variant, reason, outcome.metadata.get("ruleId")


@pytest.mark.prove
@settings(max_examples=scaled(short=250, long=40_000), deadline=None)
@given(rulesets(), many_contexts)
def test_the_engine_answers_what_the_documentation_says(ruleset: Ruleset, asked: list[dict[str, object]]) -> None:
    compiled = compile_ruleset(ruleset)
    flags = {flag.key: flag_json(flag) for flag in ruleset.flags}
    segments = {segment.key: segment_json(segment) for segment in ruleset.segments}
    for context in asked:
        outcomes = {outcome.key: outcome for outcome in compiled.evaluate_all(context, NOW)}
        broken = {key for key, one in outcomes.items() if one.error_code is ErrorCode.PARSE_ERROR}
        world = World(flags, segments, NOW, broken)
        for key in outcomes.keys() - broken:
            assert answer(outcomes[key]) == world.evaluate(key, context), key
