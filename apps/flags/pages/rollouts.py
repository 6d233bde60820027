"""Starting a rollout plan, and all that are running or were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.flags import selectors
from apps.flags.domain import transitions
from apps.flags.domain.audience import main_variant
from apps.flags.domain.engine.definitions import Flag, FlagStatus
from apps.flags.domain.rollouts.plans import Plan, change_for, others_of
from apps.flags.domain.rollouts.problems import plan_problems
from apps.flags.domain.rollouts.reach import Reach, reach
from apps.flags.domain.rollouts.templates import DEFAULT, TEMPLATES
from apps.flags.forms import PlanForm, ReasonForm, Stages
from apps.flags.forms.plans import distribute
from apps.flags.models import RolloutPlan
from apps.flags.pages import previews
from apps.flags.pages.base import UNPROCESSABLE, FlagsPage, Refusal
from apps.flags.pages.changes import ReviewPage
from apps.flags.pages.deeds import start
from apps.flags.pages.plan_words import PlanView, plan_view

PAST = 20  # plans that are over, on the list
NOT_CARRIED = {"csrfmiddlewaretoken", "version", "reason", "confirmed", "edit", "preview", "propose"}


class RolloutsPage(FlagsPage):
    """Every open plan of the environment with what it waits for, and the last ones that are over."""

    title = gettext_lazy("Rollouts")
    template_name = "flags/rollouts.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        here = selectors.rollouts(self.project).filter(state__environment=self.environment)
        over = here.exclude(status__in=RolloutPlan.OPEN).order_by("-ended_at")
        return self.render(open=self._views(here.open()), over=self._views(over[:PAST]))

    def _views(self, rows: Any) -> list[PlanView]:
        return [plan_view(told) for told in selectors.tell(list(rows), at=self.at)]


@dataclass(frozen=True, slots=True)
class Counted:
    """A stage of a plan with the sample users whom it would reach."""

    name: str
    words: str
    counts: Sequence[tuple[str, int]]  # (group, users); "" is everybody else


class StartPage(ReviewPage):
    """First the plan, filled in from a template, then its review, then, with a reason, the start."""

    template_name = "flags/rollout_review.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        flag = self.served
        if flag is None or flag.status is FlagStatus.KILLED or selectors.open_rollout(self.state):
            return self.to_detail()
        chosen = request.GET.get("template", "")
        key = chosen if chosen in TEMPLATES else DEFAULT
        stages = TEMPLATES[key].stages
        form, rows = self._form(flag, initial=self.standing), Stages(initial=stages)
        return self._edit(form, rows, self._plan(flag, str(form["variant"].initial), stages), template=key)

    def post(self, request: HttpRequest) -> HttpResponse:
        flag = self.served
        if flag is None:
            return self.to_detail()
        form, rows = self._form(flag, request.POST), Stages(request.POST)
        plan = self._read(flag, form, rows)
        if plan is None or {"edit", "preview"} & request.POST.keys():
            return self._edit(form, rows, plan, status=200 if plan else UNPROCESSABLE)
        if "confirmed" not in request.POST:
            refusal = self.stale(form.cleaned_data["version"])
            return self._review(plan, ReasonForm(reason_required=self.protected, initial=self.standing), refusal)
        return self._start(plan, ReasonForm(request.POST, reason_required=self.protected))

    def _form(self, flag: Flag, data: Any = None, **options: Any) -> PlanForm:
        main = main_variant(flag.type, flag.variants, flag.off_variant)
        return PlanForm(data, variants=[variant.key for variant in flag.variants], main=main, **options)

    def _plan(self, flag: Flag, variant: str, stages: Sequence[Any], guards: Sequence[str] = ()) -> Plan:
        return Plan(variant, others_of(transitions.serving_of(flag), variant), tuple(stages), tuple(guards))

    def _read(self, flag: Flag, form: PlanForm, rows: Stages) -> Plan | None:
        """The plan that was typed; None when something is wrong with it, which the forms then say."""
        valid, stages = form.is_valid(), rows.read()
        if not valid or stages is None:
            return None
        plan = self._plan(flag, form.cleaned_data["variant"], stages, form.cleaned_data["guards"])
        problems = plan_problems(plan, [variant.key for variant in flag.variants], self._segments())
        distribute(problems, form, rows)
        return None if problems else plan

    def _segments(self) -> list[str]:
        return [segment.key for segment in selectors.segments(self.project)]

    def _start(self, plan: Plan, form: ReasonForm) -> HttpResponse:
        if not form.is_valid():
            return self._review(plan, form)
        refusal = self.carry_out(form, change_for(plan, 0), now=start(plan))
        return self._review(plan, form, refusal) if refusal else self.leave()

    def _edit(
        self, form: PlanForm, rows: Stages, plan: Plan | None, *, template: str = "", status: int = 200
    ) -> HttpResponse:
        names = {"flag": self.flag.key, "environment": self.environment.name}
        return self.render(
            "flags/rollout_new.html",
            status=status,
            title=_("Start a rollout of %(flag)s in %(environment)s") % names,
            form=form,
            stages=rows,
            templates=TEMPLATES.values(),
            template=template,
            segments=self._segments(),
            known_guards=list(core.holds(self.environment).values_list("guard", flat=True)),
            **self._reached(plan),
        )

    def _review(self, plan: Plan, form: ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        served = self.served
        names = {"flag": self.flag.key, "environment": self.environment.name}
        data: Any = self.request.POST
        return self.review(
            form,
            previews.changed(served, change_for(plan, 0)) if served else None,
            refusal,
            title=_("Start the rollout of %(flag)s in %(environment)s") % names,
            button=_("Start the rollout in %(environment)s") % names,
            carried=[(name, value) for name in data if name not in NOT_CARRIED for value in data.getlist(name)],
            editor=self.url("flag-rollout-start", key=self.flag.key),
            guards=plan.guards,
            **self._reached(plan),
        )

    def _reached(self, plan: Plan | None) -> dict[str, Any]:
        """Sample users by stage and group, and groups that are no segments yet."""
        flag = self.served
        if plan is None or flag is None:
            return {}
        segments = selectors.segments_of(self.environment.pk, holding=previews.SAMPLE_USERS)
        columns = reach(flag, plan, segments, at=self.at.timestamp(), size=previews.SIZE)
        known = {segment.key for segment in segments}
        return {
            "columns": [column.group for column in columns],
            "reached": [_counted(plan, columns, n) for n in range(len(plan.stages))],
            "unknown_groups": [column.group for column in columns if column.group and column.group not in known],
        }


def _counted(plan: Plan, columns: Sequence[Reach], n: int) -> Counted:
    stage = plan.stages[n]
    return Counted(stage.name, stage.words, [(column.group, column.counts[n]) for column in columns])
