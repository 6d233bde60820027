"""Versions of a flag's state as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.flags import selectors
from apps.flags.models import FlagState
from apps.flags.pages.differences import Difference, differences
from apps.flags.selectors import FlagVersion

KINDS = {
    "flags.flag_created": _("Created"),
    "flags.flag_changed": _("Flag edited"),
    "flags.environment_adopted": _("Environment added"),
    "flags.state_changed": _("Changed"),
    "flags.killed": _("Killed"),
    "flags.kill_lifted": _("Kill lifted"),
    "flags.reverted": _("Reverted"),
    "flags.rollout_started": _("Rollout started"),
    "flags.rollout_advanced": _("Next stage"),
    "flags.rollout_resumed": _("Rollout resumed"),
    "flags.rolled_back": _("Rolled back"),
    "flags.stage_skipped": _("Stage skipped"),
}
UNDOABLE = {"flags.state_changed", "flags.reverted"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the state, with what set it apart from the one before."""

    number: int
    at: datetime
    actor: str
    kind: str
    title: str  # the kind in words
    reason: str
    differences: list[Difference]
    present: bool

    @property
    def undo(self) -> int | None:
        """The version that undoes this one; a kill is lifted instead, and asks to which state."""
        return self.number - 1 if self.kind in UNDOABLE and self.number > 1 else None


def versions(state: FlagState, *, limit: int) -> list[Version]:
    """Newest first."""
    return [_readable(version, state) for version in selectors.history(state, limit=limit)]


def version_of(state: FlagState, number: int) -> tuple[Version, Mapping[str, Any]] | None:
    """One version with its whole definition."""
    for version in selectors.described(list(selectors.versions(state).filter(number=number))):
        return _readable(version, state), version.definition
    return None


def meanwhile(state: FlagState, since: int) -> list[Version]:
    """What happened after version `since`."""
    return [version for version in versions(state, limit=10) if version.number > since]


def _readable(version: FlagVersion, state: FlagState) -> Version:
    before = {**version.definition, **{name: pair[0] for name, pair in version.changes.items()}}
    return Version(
        number=version.number,
        at=version.at,
        actor=version.actor,
        kind=version.kind,
        title=str(KINDS.get(version.kind, version.kind)),
        reason=version.reason,
        differences=differences(before, version.definition),
        present=version.number == state.version,
    )
