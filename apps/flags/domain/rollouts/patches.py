"""A rollout plan to start as JSON: what a proposal keeps. To values and back."""

from collections.abc import Sequence
from typing import Any

from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.limits import MAX_ITEMS, MAX_KEY_LENGTH
from apps.flags.domain.engine.reading import Raw, read_flag, read_list, read_object, read_text
from apps.flags.domain.rollouts.plans import Stage, dump_stage
from apps.flags.domain.rollouts.problems import MAX_GUARDS, MAX_STAGES


def dump_plan(variant: str, stages: Sequence[Stage], guards: Sequence[str]) -> Raw:
    return {"variant": variant, "stages": [dump_stage(stage) for stage in stages], "guards": list(guards)}


def parse_plan(raw: object) -> dict[str, Any]:
    """`variant`, `stages` and `guards`, as starting a rollout takes them. Raises InvalidDefinition."""
    fields = read_object("patch", raw, {"variant", "stages"}, optional={"guards"})
    guards = read_list("guards", fields.get("guards", []), MAX_GUARDS, at_least=0)
    return {
        "variant": read_text("variant", fields["variant"], MAX_KEY_LENGTH),
        "stages": [_stage(*one) for one in read_list("stages", fields["stages"], MAX_STAGES)],
        "guards": [read_text(*guard, MAX_KEY_LENGTH) for guard in guards],
    }


def _stage(path: str, raw: object) -> Stage:
    needed, optional = {"name", "weight", "hold_seconds"}, {"groups", "needs_approval", "minimum_evaluations"}
    fields = read_object(path, raw, needed, optional)
    groups = read_list(f"{path}.groups", fields.get("groups", []), MAX_ITEMS, at_least=0)
    return Stage(
        name=read_text(f"{path}.name", fields["name"], MAX_KEY_LENGTH),
        groups=tuple(read_text(*group, MAX_KEY_LENGTH) for group in groups),
        weight=_whole(f"{path}.weight", fields["weight"]),
        hold_seconds=_whole(f"{path}.hold_seconds", fields["hold_seconds"]),
        needs_approval=read_flag(f"{path}.needs_approval", fields.get("needs_approval", False)),
        minimum_evaluations=_whole(f"{path}.minimum_evaluations", fields.get("minimum_evaluations", 0)),
    )


def _whole(path: str, raw: object) -> int:
    """How large it may be is said in problems.py."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise InvalidDefinition(path, "must be a whole number")
    return raw
