"""The checklist of one deployment as its page shows it: by phase, with what decided each item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.core.pages import Pill
from apps.deployments.domain.checklists import Item, Outcome, Phase, Result
from apps.deployments.models import Deployment
from apps.deployments.selectors import checklists

PHASES = {
    Phase.FIRST: _("Once, before the first deployment"),
    Phase.BEFORE: _("Before each deployment"),
    Phase.AFTER: _("After each deployment"),
}
AFTERWARDS = (*Deployment.LIVE, Deployment.State.SUCCEEDED)
PILLS = {
    Outcome.PASSED: ("on", _("Passed")),
    Outcome.OPEN: ("warn", _("Open")),
    Outcome.FAILED: ("killed", _("Failed")),
    Outcome.NOT_KNOWN: ("off", _("Not known")),
}


@dataclass(frozen=True, slots=True)
class ItemView:
    item: Item
    pill: Pill
    reason: str
    ticked: bool  # by a person
    tickable: bool  # nothing but a person can tell


@dataclass(frozen=True, slots=True)
class PhaseView:
    name: str
    items: Sequence[ItemView]
    passed: int
    due: bool  # a required item is not passed, and it is time for it


def checklist(row: Deployment, at: datetime) -> list[PhaseView]:
    ticked = {tick.item for tick in row.ticks.all()}
    found = [_shown(one, ticked) for one in checklists.results(row, at)]
    return [_phase(row, phase, [one for one in found if one.item.phase is phase]) for phase in Phase]


def _shown(result: Result, ticked: set[str]) -> ItemView:
    tone, words = PILLS[result.outcome]
    is_ticked = result.item.key in ticked
    open_to_people = result.outcome in (Outcome.OPEN, Outcome.NOT_KNOWN)
    return ItemView(result.item, Pill(tone, str(words)), result.reason, is_ticked, open_to_people)


def _phase(row: Deployment, phase: Phase, items: Sequence[ItemView]) -> PhaseView:
    passed = [one for one in items if one.pill.tone == "on"]
    missing = any(one.item.required and one not in passed for one in items)
    its_time = row.state in (AFTERWARDS if phase is Phase.AFTER else Deployment.WAITING)
    return PhaseView(str(PHASES[phase]), items, len(passed), missing and its_time)
