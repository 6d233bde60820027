"""How far a deployment is: four phases with planned and real times, the steps of its plan, the slots. Reads one row."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core.navigation import Label
from apps.core.pages import Pill
from apps.deployments.domain.phases import Phase as Planned
from apps.deployments.domain.phases import phases as planned
from apps.deployments.domain.plans import WHOLE, Plan, parse_plan
from apps.deployments.domain.states import BACK, LIVE, OVER, State
from apps.deployments.models import Deployment, Slot
from apps.deployments.pages.base import lasted, moment
from apps.deployments.selectors.standing import times_of

MINUTE = 60
CLOSING_SECONDS = 5 * MINUTE  # last health and smoke tests after the watch


class Range(NamedTuple):
    """Of seconds, as planned."""

    least: int
    most: int

    @property
    def allowed(self) -> int:
        """What is to take just so long may take a little more."""
        return self.most + (CLOSING_SECONDS if self.least == self.most else 0)

    @property
    def words(self) -> str:
        if self.least == self.most:
            return lasted(self.most)
        names = {"least": lasted(self.least), "most": lasted(self.most)}
        return (_("%(least)s to %(most)s") if self.least else _("up to %(most)s")) % names


PHASES = {
    "before": (gettext_lazy("Before"), gettext_lazy("Gates, approval, queue")),
    "deploy": (gettext_lazy("Deploy"), gettext_lazy("The new slot comes up and is tested")),
    "verify": (gettext_lazy("Verify"), gettext_lazy("Traffic moves step by step")),
    "watch": (gettext_lazy("Watch"), gettext_lazy("All traffic is on it")),
}


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    about: str
    planned: str
    standing: str  # a word
    tone: str  # "done", "now" or "next": the shape of its mark
    began_at: datetime | None
    ended_at: datetime | None
    began_words: str
    ended_words: str
    took: str
    over: str  # how much longer than planned; empty: it was not


@dataclass(frozen=True, slots=True)
class StepView:
    number: int
    weight: int
    share: str
    holds: str
    standing: str
    tone: str
    until: datetime | None  # of the present one
    until_words: str
    needs_approval: bool
    approved_by: str
    analyse: bool


@dataclass(frozen=True, slots=True)
class SlotView:
    row: Slot
    role: str
    share: str
    health: Pill


def phases(row: Deployment, at: datetime) -> list[Phase]:
    """As long as the customer means them to be, and as long as they really were."""
    over = row.state in OVER
    return [_phase(*PHASES[one.name], one, at, over=over) for one in planned(parse_plan(row.plan), times_of(row))]


def _phase(name: Label, about: Label, one: Planned, at: datetime, *, over: bool) -> Phase:
    began, ended, planned = one.began_at, one.ended_at, Range(one.least_seconds, one.most_seconds)
    seconds = ((ended or at) - began).total_seconds() if began else 0.0
    longer = seconds - planned.most if seconds > planned.allowed else 0
    return Phase(
        name=str(name),
        about=str(about),
        planned=planned.words,
        standing=_standing(one, over=over),
        tone="next" if began is None else "done" if ended else "now",
        began_at=began,
        ended_at=ended,
        began_words=moment(began, at) if began else "",
        ended_words=moment(ended, at) if ended else "",
        took=lasted(seconds) if began else "",
        over=lasted(longer) if longer else "",
    )


def _standing(real: Planned, *, over: bool) -> str:
    if real.began_at is None:
        return _("not reached") if over else _("to come")
    return _("done") if real.ended_at else _("now")


def steps(row: Deployment, at: datetime) -> list[StepView]:
    plan = parse_plan(row.plan)
    return [_step(row, plan, n, at) for n in range(len(plan.steps))]


def _step(row: Deployment, plan: Plan, n: int, at: datetime) -> StepView:
    step, present = plan.steps[n], n == row.position
    standing, tone = _step_standing(row, n)
    until = row.hold_until if tone == "now" else None
    return StepView(
        number=n + 1,
        weight=step.weight,
        share=step.words,
        holds=lasted(step.hold_seconds) if step.hold_seconds else "",
        standing=standing,
        tone=tone,
        until=until,
        until_words=moment(until, at) if until else "",
        needs_approval=step.needs_approval,
        approved_by=row.step_approved_by_label if present else "",
        analyse=step.analyse,
    )


def _step_standing(row: Deployment, n: int) -> tuple[str, str]:
    if row.traffic_at is None or n > row.position:
        return (_("not reached") if row.state in OVER else _("to come")), "next"
    if row.whole_at or n < row.position:
        return _("done"), "done"
    if row.state in BACK:
        return _("went back from here"), "next"
    return (_("now"), "now") if row.state in LIVE else (_("done"), "done")


def hold_words(row: Deployment, at: datetime) -> tuple[str, datetime | None]:
    """Until when it waits by itself, as an absolute time; empty where time alone changes nothing."""
    if row.state == State.PAUSED:
        left = row.remaining_seconds
        return (_("%(left)s are left once it is resumed.") % {"left": lasted(left)}, None) if left else ("", None)
    if row.state == State.WATCHING and row.watch_until:
        return _("Watched until %(until)s.") % {"until": moment(row.watch_until, at)}, row.watch_until
    if row.state == State.ROLLING and row.hold_until:
        return _("Holds until %(until)s.") % {"until": moment(row.hold_until, at)}, row.hold_until
    if row.state in Deployment.WAITING and row.scheduled_at and row.scheduled_at > at:
        return _("Planned for %(until)s.") % {"until": moment(row.scheduled_at, at)}, row.scheduled_at
    return "", None


def slots(row: Deployment) -> list[SlotView]:
    roles = {row.slot: _("new"), row.base_slot: _("before")} if row.state not in OVER else {}
    return [
        SlotView(slot, _role(row, slot, roles), _share(slot), _health(slot))
        for slot in sorted(row.target.slots.all(), key=lambda one: one.name)
    ]


def _role(row: Deployment, slot: Slot, roles: dict[str, str]) -> str:
    return roles.get(slot.name) or (_("live") if slot.name == row.target.live_slot else _("spare"))


def _share(slot: Slot) -> str:
    return "" if slot.weight is None else f"{slot.weight / (WHOLE / 100):g} %"


def _health(slot: Slot) -> Pill:
    if slot.healthy is None:
        return Pill("off", _("Not probed"))
    return Pill("on", _("Healthy")) if slot.healthy else Pill("killed", _("Not healthy"))


def traffic(shown: Sequence[SlotView]) -> tuple[list[int], str]:
    """For the bar of both slots, with the same in words; empty where nobody reads the weights."""
    known = [one for one in shown if one.row.weight is not None]
    weights = [one.row.weight or 0 for one in known]
    return weights if sum(weights) else [], ", ".join(f"{one.share} {one.row.name}" for one in known)


def stamp(row: Deployment, at: datetime) -> str:
    """Differs as soon as the page would; relative times alone make another one each minute. Whatever is decided
    anywhere, such as an alert, counts, as panels may show it. When a slot was last looked at says nothing by itself."""
    log = max(row.steps.all(), key=lambda one: one.pk, default=None)
    seen = (
        (row.version, row.words, f"{at:%Y-%m-%d %H:%M}", core.newest_audit_id()),
        (log and (log.pk, log.status)),
        sorted((one.gate, one.verdict, one.reason) for one in row.gates.all()),
        len(row.analyses.all()),
        sorted((one.pk, one.status, str(one.moved_at), one.confirmed_by_label) for one in row.rollbacks.all()),
        sorted((one.name, one.weight, one.healthy, one.told, one.release_id) for one in row.target.slots.all()),
    )
    return f'"{hashlib.sha256(repr(seen).encode()).hexdigest()[:32]}"'
