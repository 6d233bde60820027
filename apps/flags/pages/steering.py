"""What can be done to an open rollout plan. Each page says what it would change and is done by one POST."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.services import StaleVersion
from apps.flags import selectors, services
from apps.flags.domain import transitions
from apps.flags.domain.access import Action
from apps.flags.domain.engine.definitions import Flag
from apps.flags.domain.rollouts.plans import change_for
from apps.flags.domain.rollouts.steps import Advance, following
from apps.flags.domain.transitions import serving_of
from apps.flags.forms import ReasonForm
from apps.flags.models import RolloutPlan
from apps.flags.pages import previews
from apps.flags.pages.base import Refusal, stand_on
from apps.flags.pages.changes import ReviewPage
from apps.flags.pages.plan_words import plan_view
from apps.flags.selectors import definitions
from apps.flags.selectors.rollouts import plan_of

REFUSALS: dict[type[Exception], str | Promise] = {
    services.RolloutIsOver: gettext_lazy("This rollout has ended."),
    services.RolloutIsNotRunning: gettext_lazy("This rollout is paused. Resume it first."),
    services.RolloutIsNotPaused: gettext_lazy("This rollout is running already."),
    services.NothingToApprove: gettext_lazy("This stage needs no approval, or has it."),
    services.OwnRollout: gettext_lazy("You started this rollout. Somebody else has to approve its stages."),
    services.ApprovalMissing: gettext_lazy("This stage has to be approved before it can be left."),
}


class SteeringPage(ReviewPage):
    """One action on the plan that the address names."""

    service: ClassVar[Callable[..., RolloutPlan]]
    heading: ClassVar[str | Promise]
    effect: ClassVar[str | Promise]  # what it does, in a sentence
    button: ClassVar[str | Promise]
    always_reasoned = False
    by_hand = False
    reason: ClassVar[str | Promise] = ""  # to start with
    template_name = "flags/rollout_action.html"
    row: RolloutPlan

    def get(self, request: HttpRequest, rollout: int) -> HttpResponse:
        self._find_plan(rollout)
        return self.show(self.form())

    def post(self, request: HttpRequest, rollout: int) -> HttpResponse:
        self._find_plan(rollout)
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(form)
        refusal = self._steer(form)
        return self.show(form, refusal) if refusal else self.to_detail()

    def form(self, data: Any = None) -> ReasonForm:
        initial = {"version": self.row.version, "reason": self.reason}
        return ReasonForm(data, reason_required=self.protected or self.always_reasoned, initial=initial)

    def after(self, served: Flag) -> Flag:
        """What would be served then."""
        return served

    def expected_version(self, form: ReasonForm) -> int | None:
        version: int = form.cleaned_data["version"]
        return version

    def _find_plan(self, pk: int) -> None:
        found = selectors.rollouts_of(self.state).filter(pk=pk).first()
        if found is None:
            raise Http404(f"{self.flag.key} has no rollout {pk} in {self.environment.key}.")
        self.row = found

    def _steer(self, form: ReasonForm) -> Refusal | None:
        def steer() -> Any:
            return (
                type(self)
                .service(
                    plan_id=self.row.pk,
                    actor=self.actor,
                    reason=form.cleaned_data["reason"],
                    at=self.at,
                    expected_version=self.expected_version(form),
                )
                .state
            )

        try:
            return self.attempt(steer, form)
        except tuple(REFUSALS) as error:
            return Refusal(str(REFUSALS[type(error)]))

    def conflict(self, error: Exception, form: BaseForm | None = None) -> Refusal:
        """A stale version is the plan's: it went on by itself or by somebody else."""
        if not isinstance(error, StaleVersion) or form is None:
            return super().conflict(error)
        self._find_plan(self.row.pk)
        stand_on(form, error.found)
        title = _("This rollout went on while you were here.")
        return Refusal(title, _("Look at where it is now, then decide again. Your input is kept."))

    def show(self, form: ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        served = self.served
        names = {"flag": self.flag.key, "environment": self.environment.name}
        (told,) = selectors.tell([self.row], at=self.at)
        return self.review(
            form,
            self.after(served) if served else None,
            refusal,
            title=str(self.heading) % names,
            effect=self.effect,
            button=str(self.button) % names,
            plan=plan_view(told),
        )


class PausePage(SteeringPage):
    service = services.pause_rollout
    heading = gettext_lazy("Pause the rollout of %(flag)s in %(environment)s")
    effect = gettext_lazy("Users keep what they have. The time left of this stage is kept until somebody resumes it.")
    button = gettext_lazy("Pause the rollout")


class ResumePage(SteeringPage):
    service = services.resume_rollout
    heading = gettext_lazy("Resume the rollout of %(flag)s in %(environment)s")
    effect = gettext_lazy("The rest of this stage's time goes on, then the next stage follows by itself.")
    button = gettext_lazy("Resume the rollout")

    def after(self, served: Flag) -> Flag:
        return previews.changed(served, change_for(plan_of(self.row), self.row.position))


class SkipPage(SteeringPage):
    service = services.skip_stage
    heading = gettext_lazy("Skip to the next stage of %(flag)s in %(environment)s")
    effect = gettext_lazy("The next stage begins at once, whatever this one waits for, and lasts its whole time.")
    button = gettext_lazy("Skip to the next stage")
    always_reasoned = True

    def after(self, served: Flag) -> Flag:
        plan = plan_of(self.row)
        step = following(plan, self.row.position)
        return previews.changed(served, change_for(plan, step.position)) if isinstance(step, Advance) else served


class ApprovePage(SteeringPage):
    service = services.approve_stage
    heading = gettext_lazy("Approve a stage of %(flag)s in %(environment)s")
    effect = gettext_lazy("The rollout may leave this stage as soon as everything else that it waits for is there.")
    button = gettext_lazy("Approve this stage")


class RollBackPage(SteeringPage):
    """Asks for as little as a kill: one button, and the reason is filled in."""

    action = Action.ROLL_BACK
    service = services.roll_back_rollout
    heading = gettext_lazy("Roll back %(flag)s in %(environment)s")
    effect = gettext_lazy("Everyone gets again, within about a second, what was served before the rollout started.")
    button = gettext_lazy("Roll back in %(environment)s now")
    reason = gettext_lazy("Something looks wrong; back to what was there before the rollout.")

    def after(self, served: Flag) -> Flag:
        now, base = serving_of(served), definitions.past_serving(self.row.base)
        try:
            return previews.changed(served, transitions.difference(now, transitions.restore(now, base)))
        except transitions.NothingToChange:
            return served

    def expected_version(self, form: ReasonForm) -> int | None:
        """Wherever the rollout is by now."""
        return None


class TakeOverPage(SteeringPage):
    service = services.take_over_rollout
    heading = gettext_lazy("Take over the rollout of %(flag)s in %(environment)s")
    effect = gettext_lazy("The plan ends. Users keep what they have, and the flag can be changed by hand again.")
    button = gettext_lazy("Take over the rollout")
