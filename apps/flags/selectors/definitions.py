"""From rows to the engine's values and back to plain JSON. Reads rows that are already loaded."""

import logging
from typing import Any

from django.conf import settings

from apps.flags.domain import transitions
from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.parsing import parse_condition, parse_overrides, parse_prerequisites, parse_rules
from apps.flags.domain.locks import UnreadableLock, read_lock, variable_name
from apps.flags.domain.transitions import Serving
from apps.flags.models import Flag, FlagState, Segment, SegmentVersion

logger = logging.getLogger(__name__)


def serving(state: FlagState) -> Serving:
    """What the row serves. Raises InvalidDefinition when it cannot be read."""
    return Serving(
        status=engine.FlagStatus(state.status.lower()),
        rules=parse_rules(state.rules),
        default_variant=state.default_variant,
        off_variant=state.off_variant,
        prerequisites=parse_prerequisites(state.prerequisites),
        overrides=parse_overrides(state.overrides),
    )


def flag(state: FlagState) -> engine.Flag:
    """The flag as this environment evaluates it, the process environment's lock included."""
    row = state.flag
    return _flag(
        serving(state),
        key=row.key,
        type=row.type,
        variants=variants(row),
        salt=row.salt,
        client_exposed=row.client_exposed,
        version=state.version,
        lock=lock(row),
    )


def whole(state: FlagState) -> dict[str, Any]:
    """Everything that decides an evaluation, as JSON: what a kept version holds."""
    return transitions.readable(serving(state)) | {
        "type": state.flag.type,
        "salt": state.flag.salt,
        "client_exposed": state.flag.client_exposed,
        "variants": [[variant.key, variant.value] for variant in variants(state.flag)],
    }


def past_serving(definition: dict[str, Any]) -> Serving:
    """The serving inside a kept version."""
    return Serving(
        status=engine.FlagStatus(definition["status"]),
        rules=parse_rules(definition["rules"]),
        default_variant=definition["default_variant"],
        off_variant=definition["off_variant"],
        prerequisites=parse_prerequisites(definition.get("prerequisites", [])),
        overrides=parse_overrides(definition.get("overrides", [])),
    )


def past_flag(key: str, number: int, definition: dict[str, Any]) -> engine.Flag:
    """The flag inside a kept version, without the process environment's locks, which are of the present alone.

    Raises InvalidDefinition when it cannot be read.
    """
    return _flag(
        past_serving(definition),
        key=key,
        type=definition["type"],
        variants=tuple(engine.Variant(name, value) for name, value in definition["variants"]),
        salt=definition["salt"],
        client_exposed=definition["client_exposed"],
        version=number,
    )


def segment_rule(row: Segment | SegmentVersion) -> engine.Condition | None:
    """A segment's rule, present or past. An unreadable one adds nobody."""
    try:
        return parse_condition(row.rule, "rule")
    except engine.InvalidDefinition:
        logger.exception("the rule of segment %s cannot be read and adds nobody", row)
        return None


def variants(row: Flag) -> tuple[engine.Variant, ...]:
    """In their order, which splits follow."""
    ordered = sorted(row.variants.all(), key=lambda variant: variant.position)
    return tuple(engine.Variant(variant.key, variant.value) for variant in ordered)


def lock(row: Flag) -> engine.Lock | None:
    """The value that an environment variable locks; an unreadable one is reported by a system check, not obeyed."""
    try:
        return locking(row)
    except UnreadableLock:
        return None


def locking(row: Flag) -> engine.Lock | None:
    """What the flag's environment variable says, None when it is not set. Raises UnreadableLock."""
    name = variable_name(row.key)
    text = settings.FEATURE_LOCKS.get(name)
    if text is None:
        return None
    return read_lock(text, type=engine.FlagType(row.type), variants=variants(row), source=name)


def _flag(served: Serving, *, type: str, **fields: Any) -> engine.Flag:
    """The one place that builds the engine's flag: from what is served, and `fields` with the rest."""
    return engine.Flag(
        type=engine.FlagType(type),
        status=served.status,
        rules=served.rules,
        default_variant=served.default_variant,
        off_variant=served.off_variant,
        prerequisites=served.prerequisites,
        overrides=served.overrides,
        **fields,
    )
