"""From the engine's explanation to plain JSON: each condition with the value it met."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from apps.flags import selectors
from apps.flags.domain.engine.definitions import All, Compare, In, InSegment, Not, Nothing
from apps.flags.domain.engine.definitions import Any as AnyOf
from apps.flags.domain.engine.explain import explain
from apps.flags.domain.engine.explanation import Check, Explanation
from apps.flags.domain.engine.parsing import dump_condition
from apps.flags.domain.sentences import sentence
from apps.flags.models import FlagState
from apps.flags.selectors import definitions

KINDS = {All: "all", AnyOf: "any", Nothing: "none", Not: "not"}


def explained(state: FlagState, context: Mapping[str, object], *, at: datetime) -> dict[str, Any]:
    """Why the stored state answers this context as it does."""
    flag = definitions.flag(state)
    return _shown(explain(flag, selectors.world_around(flag, state.environment_id, context), context, at.timestamp()))


def _shown(explanation: Explanation) -> dict[str, Any]:
    names = ("key", "unit", "cause", "reason", "variant", "value", "error_code", "error_details")
    rules = [
        {
            "rule": one.rule,
            "matched": one.matched,
            "in_window": one.in_window,
            "check": one.check and _check(one.check),
            "placement": one.placement and asdict(one.placement),
        }
        for one in explanation.rules
    ]
    return {name: getattr(explanation, name) for name in names} | {
        "sentence": sentence(explanation),
        "prerequisites": [
            {
                "flag": one.prerequisite.flag,
                "wanted": list(one.prerequisite.variants),
                "serves": one.variant,
                "met": one.met,
            }
            for one in explanation.prerequisites
        ],
        "rules": rules,
    }


def _check(check: Check) -> dict[str, Any]:
    match check.condition:
        case In() | Compare() | InSegment():
            what = {**(dump_condition(check.condition) or {}), "actual": check.actual}
        case group:
            what = {KINDS[type(group)]: [_check(item) for item in check.items]}
    return {**what, "matched": check.matched}
