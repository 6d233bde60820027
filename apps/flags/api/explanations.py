"""From the engine's explanation to plain JSON: each condition with the value it met."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError

from apps.flags import selectors
from apps.flags.domain.engine.definitions import All, Compare, In, InSegment, Not, Nothing
from apps.flags.domain.engine.definitions import Any as AnyOf
from apps.flags.domain.engine.explanation import Check, Explanation, PrerequisiteCheck, RuleCheck, SegmentCheck
from apps.flags.domain.engine.parsing import dump_condition
from apps.flags.domain.sentences import sentence
from apps.flags.models import FlagState

KINDS = {All: "all", AnyOf: "any", Nothing: "none", Not: "not"}
NAMES = ("key", "unit", "cause", "reason", "variant", "value", "error_code", "error_details")


def explained(
    state: FlagState, context: Mapping[str, object], past: datetime | None, *, at: datetime
) -> dict[str, Any]:
    """Why the state answers this context as it does, or answered it at the moment `past`."""
    if past is not None and past > at:
        raise ValidationError({"at": "is in the future; leave it out to ask about now"})
    told = selectors.explained(state, context, at=at, past=past)
    if told is None:
        raise NotFound(f"{state} did not exist yet; it began at {selectors.began_at(state).isoformat()}.")
    return {
        **_shown(told.explanation),
        "at": past or at,
        "version": told.version,
        "archived": told.archived,
        "lock_left_out": told.left_out,
    }


def _shown(explanation: Explanation) -> dict[str, Any]:
    return {name: getattr(explanation, name) for name in NAMES} | {
        "sentence": sentence(explanation),
        "prerequisites": [_prerequisite(one) for one in explanation.prerequisites],
        "override": explanation.override,
        "rules": [_rule(one) for one in explanation.rules],
        "rules_not_reached": [rule.id for rule in explanation.not_reached],
        "segments": [_segment(one) for one in explanation.segments],
    }


def _prerequisite(one: PrerequisiteCheck) -> dict[str, Any]:
    return {
        "flag": one.prerequisite.flag,
        "wanted": list(one.prerequisite.variants),
        "serves": one.variant,
        "met": one.met,
        "sentence": sentence(one.explanation) if one.explanation else None,
    }


def _rule(one: RuleCheck) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "matched": one.matched,
        "in_window": one.in_window,
        "check": one.check and _check(one.check),
        "placement": one.placement and asdict(one.placement),
    }


def _segment(one: SegmentCheck) -> dict[str, Any]:
    names = ("key", "matched", "defined", "everyone", "claimed", "member")
    return {name: getattr(one, name) for name in names} | {"rule": one.rule and _check(one.rule)}


def _check(check: Check) -> dict[str, Any]:
    match check.condition:
        case In() | Compare() | InSegment():
            what = {**(dump_condition(check.condition) or {}), "actual": check.actual}
        case group:
            what = {KINDS[type(group)]: [_check(item) for item in check.items]}
    return {**what, "matched": check.matched}
