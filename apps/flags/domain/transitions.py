"""What may follow what for a flag in one environment. Pure; the service saves what is returned here."""

from dataclasses import dataclass, replace
from typing import Any

from apps.flags.domain.engine.definitions import Flag, FlagStatus, Override, Prerequisite, Rule
from apps.flags.domain.engine.parsing import dump_overrides, dump_prerequisites, dump_rules


class NothingToChange(Exception):
    """The change would leave everything as it is: somebody was faster, or it was pressed twice."""


class FlagIsKilled(Exception):
    """A killed flag takes no change until the kill is lifted."""


class FlagIsArchived(Exception):
    """An archived flag takes no change until it is restored."""


class FlagIsNotKilled(Exception):
    """There is no kill to lift."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What one environment serves of a flag."""

    status: FlagStatus
    rules: tuple[Rule, ...]
    default_variant: str
    off_variant: str
    prerequisites: tuple[Prerequisite, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Fields to change; None keeps what is there."""

    status: FlagStatus | None = None
    rules: tuple[Rule, ...] | None = None
    default_variant: str | None = None
    off_variant: str | None = None
    prerequisites: tuple[Prerequisite, ...] | None = None
    overrides: tuple[Override, ...] | None = None

    def given(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in Change.__slots__}
        return {name: value for name, value in values.items() if value is not None}


def serving_of(flag: Flag) -> Serving:
    return Serving(flag.status, flag.rules, flag.default_variant, flag.off_variant, flag.prerequisites, flag.overrides)


def difference(before: Serving, after: Serving) -> Change:
    """The change that leads from one to the other."""
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in Change.__slots__}
    return Change(**{name: new for name, (old, new) in pairs.items() if old != new})


def apply(serving: Serving, change: Change) -> Serving:
    """The serving after the change. Kills have functions of their own."""
    if FlagStatus.KILLED in (serving.status, change.status):
        raise FlagIsKilled
    return _changed(serving, replace(serving, **change.given()))


def kill(serving: Serving) -> Serving:
    """Everyone gets the off variant, whatever the rules say; they are kept for later."""
    return _changed(serving, replace(serving, status=FlagStatus.KILLED))


def lift_kill(serving: Serving, status: FlagStatus) -> Serving:
    """Back to `status`, on or off, with the rules from before the kill."""
    if serving.status is not FlagStatus.KILLED:
        raise FlagIsNotKilled
    if status is FlagStatus.KILLED:
        raise FlagIsKilled
    return replace(serving, status=status)


def revert(serving: Serving, earlier: Serving) -> Serving:
    """Back to an earlier version. It neither kills nor lifts a kill."""
    if serving.status is FlagStatus.KILLED:
        raise FlagIsKilled
    status = FlagStatus.OFF if earlier.status is FlagStatus.KILLED else earlier.status
    return _changed(serving, replace(earlier, status=status))


def restore(serving: Serving, base: Serving) -> Serving:
    """Exactly `base` again, but for a kill, which only lifting ends."""
    killed = serving.status is FlagStatus.KILLED
    return _changed(serving, replace(base, status=FlagStatus.KILLED) if killed else base)


def readable(serving: Serving) -> dict[str, Any]:
    """Plain JSON of a serving, as the audit trail and the versions keep it."""
    return {
        "status": serving.status.value,
        "rules": dump_rules(serving.rules),
        "default_variant": serving.default_variant,
        "off_variant": serving.off_variant,
        "prerequisites": dump_prerequisites(serving.prerequisites),
        "overrides": dump_overrides(serving.overrides),
    }


def _changed(before: Serving, after: Serving) -> Serving:
    if after == before:
        raise NothingToChange
    return after
