"""From the engine's explanation to plain JSON: each condition with the value it met."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from apps.flags import selectors
from apps.flags.domain.engine.context import TARGETING_KEY
from apps.flags.domain.engine.definitions import All, In, InSegment, Not, Nothing
from apps.flags.domain.engine.definitions import Any as AnyOf
from apps.flags.domain.engine.explain import Check, Explanation, explain
from apps.flags.domain.sentences import sentence
from apps.flags.models import FlagState
from apps.flags.selectors import definitions

KINDS = {All: "all", AnyOf: "any", Nothing: "none", Not: "not"}


def explained(state: FlagState, context: Mapping[str, object]) -> dict[str, Any]:
    """Why the stored state answers this context as it does."""
    unit = context.get(TARGETING_KEY)
    segments = selectors.segments_of(state.environment_id, holding=[] if unit is None else [str(unit)])
    return _shown(explain(definitions.flag(state), segments, context))


def _shown(explanation: Explanation) -> dict[str, Any]:
    names = ("key", "unit", "cause", "reason", "variant", "value", "error_code", "error_details")
    rules = [
        {
            "rule": one.rule,
            "matched": one.matched,
            "check": one.check and _check(one.check),
            "placement": one.placement and asdict(one.placement),
        }
        for one in explanation.rules
    ]
    return {name: getattr(explanation, name) for name in names} | {"sentence": sentence(explanation), "rules": rules}


def _check(check: Check) -> dict[str, Any]:
    match check.condition:
        case In(path, values):
            what = {"attr": list(path), "in": list(values), "actual": check.actual}
        case InSegment(keys):
            what = {"segment": list(keys), "actual": check.actual}
        case group:
            what = {KINDS[type(group)]: [_check(item) for item in check.items]}
    return {**what, "matched": check.matched}
