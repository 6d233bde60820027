"""Rollout plans as people read them: their stages as a line, what they wait for, what their guards say."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.domain.holds import GuardVerdict
from apps.core.pages import Pill
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.domain.rollouts.steps import Cause
from apps.flags.domain.wording import duration
from apps.flags.models import FlagState, RolloutPlan, RolloutStage
from apps.flags.pages.base import pill_of
from apps.flags.selectors import ToldPlan
from apps.flags.selectors.rollouts import open_rollout, plan_of, present_stage, stages_of

TONES = {
    RolloutPlan.Status.RUNNING: "on",
    RolloutPlan.Status.PAUSED: "warn",
    RolloutPlan.Status.COMPLETED: "on",
    RolloutPlan.Status.ROLLED_BACK: "killed",
    RolloutPlan.Status.TAKEN_OVER: "off",
}
DONE, NOW, NEXT = "done", "now", "next"


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of the line. `tone` ends the CSS class."""

    row: RolloutStage
    tone: str
    standing: str  # the tone in words
    words: str  # as in "25 % of beta-testers"
    hold: str  # as in "7 days"


@dataclass(frozen=True, slots=True)
class PlanView:
    row: RolloutPlan
    pill: Pill
    headline: str
    stages: Sequence[StageLine]
    waits: Sequence[str]  # for what, but for the time
    verdicts: Sequence[GuardVerdict]
    approvable: bool

    @property
    def left(self) -> str:
        """Of a paused plan's present stage."""
        return duration(self.row.remaining_seconds or 0)

    @property
    def open(self) -> bool:
        return self.row.status in RolloutPlan.OPEN

    @property
    def running(self) -> bool:
        return self.row.status == RolloutPlan.Status.RUNNING


def plan_view(told: ToldPlan) -> PlanView:
    row, stages = told.row, plan_of(told.row).stages
    present = present_stage(row)
    return PlanView(
        row=row,
        pill=Pill(TONES[RolloutPlan.Status(row.status)], str(row.get_status_display())),
        headline=stage_words(row),
        stages=[_line(row, n, stage) for n, stage in enumerate(stages)],
        waits=[reason.words for reason in told.reasons if reason.cause is not Cause.TIME],
        verdicts=told.verdicts,
        approvable=row.status in RolloutPlan.OPEN and present.needs_approval and present.approved_at is None,
    )


def stage_words(row: RolloutPlan) -> str:
    """As in "Stage 2 of 4, 25 % of beta-testers"."""
    stages = plan_of(row).stages
    words = {"number": row.position + 1, "count": len(stages), "share": stages[row.position].words}
    return _("Stage %(number)d of %(count)d, %(share)s") % words


def state_pill(state: FlagState) -> Pill:
    """What one environment does with the flag; while a plan shares it out, how far that is."""
    shown, plan = pill_of(state), open_rollout(state)
    if plan is None or shown.tone != "on":
        return shown
    if plan.status == RolloutPlan.Status.PAUSED:
        return Pill("warn", _("Paused: %(stage)s") % {"stage": stage_words(plan)})
    return Pill("on", stage_words(plan))


def _line(row: RolloutPlan, n: int, stage: Stage) -> StageLine:
    tone = _tone(row, n)
    standing = {DONE: _("Done"), NOW: _("Now"), NEXT: _("To come")}[tone]
    return StageLine(stages_of(row)[n], tone, standing, stage.words, duration(stage.hold_seconds))


def _tone(row: RolloutPlan, n: int) -> str:
    if n < row.position or row.status == RolloutPlan.Status.COMPLETED:
        return DONE
    return NOW if n == row.position and row.status in RolloutPlan.OPEN else NEXT
