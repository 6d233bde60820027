"""Flags in a stated state, and segments with members."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag, FlagState, Segment
from apps.flags.services import FlagFields
from tests.factories.core import ACTOR, AT, make_project

VALUES: dict[FlagType, tuple[tuple[str, object], ...]] = {
    FlagType.BOOLEAN: (("on", True), ("off", False)),
    FlagType.STRING: (("blue", "blue"), ("red", "red")),
    FlagType.INTEGER: (("many", 10), ("few", 1)),
    FlagType.FLOAT: (("high", 1), ("low", 0.25)),
    FlagType.OBJECT: (("wide", {"columns": 3}), ("narrow", {"columns": 1})),
}
_number = count(1)


def split_rule(**weights: int) -> list[dict[str, Any]]:
    """One rule for everybody: percent by variant, such as on=25, off=75."""
    split = [[variant, percent * 1_000] for variant, percent in weights.items()]
    return [{"id": "rollout", "when": None, "serve": {"split": split}}]


def state_in(flag: Flag, environment: str = "production") -> FlagState:
    return flag.states.select_related("environment__project", "flag__project").get(environment__key=environment)


def make_flag(
    *,
    project: Project | None = None,
    key: str = "",
    type: FlagType = FlagType.BOOLEAN,
    variants: Sequence[tuple[str, object]] = (),
    salt: str = "",
    on: bool = False,
    rolling_out: bool = False,
    killed: bool = False,
    archived: bool = False,
    **fields: Any,
) -> Flag:
    """A flag that is off everywhere. `on`, `rolling_out` (25 %) and `killed` say what production serves instead;
    `archived` takes it out of use afterwards."""
    key = key or f"flag-{next(_number)}"
    flag = services.create_flag(
        project_id=(project or make_project()).pk,
        fields=FlagFields(
            key=key,
            type=type,
            variants=variants or VALUES[type],
            **{"name": key.capitalize()} | fields,
        ),
        actor=ACTOR,
        at=AT,
        salt=salt or key,
    )
    if on or rolling_out or killed:
        rules = parse_rules(split_rule(on=25, off=75)) if rolling_out else None
        _set(state_in(flag), Change(status=FlagStatus.ON, rules=rules))
    if killed:
        services.kill(state_id=state_in(flag).pk, actor=ACTOR, reason="errors", at=AT)
    if archived:
        services.archive_flag(flag_id=flag.pk, actor=ACTOR, reason="gone", at=AT, expected_version=None)
    return Flag.objects.get(pk=flag.pk)


def make_segment(
    *, project: Project | None = None, key: str = "", members: Iterable[str] = (), **fields: Any
) -> Segment:
    """A segment; `members` become its members in production."""
    project = project or make_project()
    key = key or f"segment-{next(_number)}"
    segment = services.create_segment(
        project_id=project.pk, key=key, actor=ACTOR, at=AT, **{"name": key.capitalize()} | fields
    )
    if members:
        environment = project.environments.get(key="production")
        services.set_members(
            segment_id=segment.pk,
            environment_id=environment.pk,
            targeting_keys=members,
            actor=ACTOR,
            reason="tests",
            at=AT,
            expected_version=None,
        )
    return Segment.objects.get(pk=segment.pk)


def _set(state: FlagState, change: Change) -> None:
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="tests", at=AT, expected_version=None)
