"""What people do to a deployment on its way. Each deed is a page that says what it would do, done by one POST."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.deployments import services
from apps.deployments.domain.access import Action
from apps.deployments.forms.steering import SteerForm, UrgentForm, VoteForm
from apps.deployments.models import Deployment
from apps.deployments.pages import progress
from apps.deployments.pages.base import OTHER_PLAN, UNPROCESSABLE, DeploymentPage, DeploymentsPage, Refusal, state_pill
from apps.deployments.pages.detail import ShownDeployment
from apps.deployments.pages.verdicts import gate_name
from apps.deployments.selectors.gates import START

TEMPLATE = "deployments/steer.html"


class DeedPage(DeploymentPage):
    """GET shows the deed and its form, POST does it and leads back to the deployment."""

    template_name = TEMPLATE
    deed: ClassVar[str | Promise]
    effect: ClassVar[str | Promise]  # in a sentence
    button: ClassVar[str | Promise]
    danger = False

    def get(self, request: HttpRequest, **about: str) -> HttpResponse:
        return self.show(self.form())

    def post(self, request: HttpRequest, **about: str) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(form)
        refusal = self.carry_out(form)
        return self.show(form, refusal) if refusal else self.to_detail()

    def names(self) -> dict[str, str]:
        """For the title."""
        return {"deployment": self.heading}

    def form(self, data: Any = None) -> Form:
        raise NotImplementedError

    def carry_out(self, form: Form) -> Refusal | None:
        raise NotImplementedError

    def show(self, form: Form, refusal: Refusal | None = None) -> HttpResponse:
        status = refusal.status if refusal else UNPROCESSABLE if form.errors else 200
        hold, _until = progress.hold_words(self.row, self.at)
        return self.render(
            status=status,
            title=str(self.deed) % self.names(),
            crumbs=[(self.heading, self.url("deployment-detail", deployment=self.row.pk))],
            form=form,
            refusal=refusal,
            deployment=self.row,
            pill=state_pill(self.row),
            hold=hold,
            steps=progress.steps(self.row, self.at),
            effect=self.effect,
            button=self.button,
            danger=self.danger,
        )


class SteerPage(DeedPage):
    """Of what the person saw: a deployment that went on meanwhile is shown again first."""

    action = Action.STEER
    service: ClassVar[Callable[..., Deployment]]
    always_reasoned = False
    reason: ClassVar[str | Promise] = ""  # to start with

    def form(self, data: Any = None) -> Form:
        required = self.always_reasoned or self.environment.protected
        return SteerForm(data, reason_required=required, initial={"version": self.row.version, "reason": self.reason})

    def carry_out(self, form: Form) -> Refusal | None:
        given = form.cleaned_data
        return self.attempt(
            lambda: type(self).service(
                deployment_id=self.row.pk,
                actor=self.actor,
                reason=given["reason"],
                at=self.at,
                expected_version=given.get("version"),
            ),
            form,
        )


class CancelPage(SteerPage):
    service = services.cancel_deployment
    deed = gettext_lazy("Cancel %(deployment)s")
    effect = gettext_lazy("It ends here. No user has met the new version, and none will.")
    button = gettext_lazy("Cancel the deployment")
    danger = True


class PausePage(SteerPage):
    """Wherever it is by now: whoever wants it to stop does not want to read first."""

    service = services.pause_deployment
    deed = gettext_lazy("Pause %(deployment)s")
    effect = gettext_lazy(
        "Traffic stays as it is, and the time left is kept until somebody resumes it. "
        "What rolls back by itself still does."
    )
    button = gettext_lazy("Pause it here")
    reason = gettext_lazy("Something looks odd; paused to look at it.")

    def form(self, data: Any = None) -> Form:
        return UrgentForm(data, reason_required=self.environment.protected, initial={"reason": self.reason})


class ResumePage(SteerPage):
    service = services.resume_deployment
    deed = gettext_lazy("Resume %(deployment)s")
    effect = gettext_lazy("The rest of the present wait goes on, then the next step follows by itself.")
    button = gettext_lazy("Resume it")


class SkipPage(SteerPage):
    service = services.skip_step
    deed = gettext_lazy("Go on without waiting: %(deployment)s")
    effect = gettext_lazy(
        "The next step begins at once, whatever time, judge and guards say of this one. Out of the watch, it succeeds."
    )
    button = gettext_lazy("Go on without waiting")
    always_reasoned = True


class ApproveStepPage(SteerPage):
    action = Action.APPROVE
    service = services.approve_step
    deed = gettext_lazy("Approve the present step of %(deployment)s")
    effect = gettext_lazy("It may leave this step as soon as everything else that it waits for is there.")
    button = gettext_lazy("Approve this step")


class VotePage(DeedPage):
    """Of the plan that the person saw: another plan is shown first."""

    action = Action.APPROVE
    service: ClassVar[Callable[..., Deployment]]

    def form(self, data: Any = None) -> Form:
        return VoteForm(data, initial={"plan": self.row.plan_digest})

    def carry_out(self, form: Form) -> Refusal | None:
        given, about = form.cleaned_data, {"deployment_id": self.row.pk, "plan_digest": form.cleaned_data["plan"]}
        refusal = self.attempt(
            lambda: type(self).service(**about, actor=self.actor, at=self.at, comment=given["comment"])
        )
        if refusal is OTHER_PLAN:
            form.data = {"plan": self.row.plan_digest, "comment": given["comment"]}
        return refusal


class ApprovePage(VotePage):
    service = services.approve_deployment
    deed = gettext_lazy("Approve %(deployment)s")
    effect = gettext_lazy("It may start as soon as everything else that it waits for is there.")
    button = gettext_lazy("Approve this plan")


class RejectPage(VotePage):
    service = services.reject_deployment
    deed = gettext_lazy("Reject %(deployment)s")
    effect = gettext_lazy("It ends here. One rejection is enough; whoever asked can ask again with another plan.")
    button = gettext_lazy("Reject this plan")
    danger = True


class OverridePage(DeedPage):
    """Let it past one gate, and say why."""

    action = Action.OVERRIDE
    deed = gettext_lazy("Let %(deployment)s past the gate “%(gate)s”")
    effect = gettext_lazy("This deployment passes this gate, whatever it says. Everyone sees who let it past, and why.")
    button = gettext_lazy("Let it past this gate")
    danger = True

    def names(self) -> dict[str, str]:
        return super().names() | {"gate": gate_name(self.kwargs["gate"])}

    def form(self, data: Any = None) -> Form:
        return UrgentForm(data, reason_required=True)

    def carry_out(self, form: Form) -> Refusal | None:
        return self.attempt(
            lambda: services.override_gate(
                deployment_id=self.row.pk,
                gate=self.kwargs["gate"],
                actor=self.actor,
                reason=form.cleaned_data["reason"],
                at=self.at,
                expected_version=None,
            )
        )


class TickPage(ShownDeployment):
    """One item of the checklist, ticked or, with `undo`, not any more."""

    action = Action.STEER

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.to_detail("#checklist")

    def post(self, request: HttpRequest) -> HttpResponse:
        item, done = request.POST.get("item", ""), "undo" not in request.POST
        refusal = self.attempt(
            lambda: services.tick_item(deployment_id=self.row.pk, item=item, done=done, actor=self.actor, at=self.at)
        )
        return self.show(refusal) if refusal else self.to_detail("#checklist")


class RequestPage(DeploymentsPage):
    """Where the list of approvals leads: to the deployment that asks."""

    def get(self, request: HttpRequest, id: int) -> HttpResponse:
        asked = core.change_requests(self.project).filter(kind=START, environment=self.environment, pk=id).first()
        if asked is None:
            raise Http404(f"No deployment asks for approval {id} here.")
        return HttpResponseRedirect(self.url("deployment-detail", deployment=asked.subject_id))


urlpatterns: list[URLPattern] = [
    path("approvals/deployments/<int:id>/", RequestPage.as_view(), name="approval-deployments"),
    path("deployments/<int:deployment>/approve/", ApprovePage.as_view(), name="deployment-approve"),
    path("deployments/<int:deployment>/reject/", RejectPage.as_view(), name="deployment-reject"),
    path("deployments/<int:deployment>/cancel/", CancelPage.as_view(), name="deployment-cancel"),
    path("deployments/<int:deployment>/pause/", PausePage.as_view(), name="deployment-pause"),
    path("deployments/<int:deployment>/resume/", ResumePage.as_view(), name="deployment-resume"),
    path("deployments/<int:deployment>/skip/", SkipPage.as_view(), name="deployment-skip"),
    path("deployments/<int:deployment>/approve-step/", ApproveStepPage.as_view(), name="deployment-approve-step"),
    path("deployments/<int:deployment>/gates/<slug:gate>/", OverridePage.as_view(), name="deployment-override"),
    path("deployments/<int:deployment>/tick/", TickPage.as_view(), name="deployment-tick"),
]
