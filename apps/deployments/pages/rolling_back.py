"""Rolling one deployment back: its own page with every way back, and the word afterwards that it is well again."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.deployments import services
from apps.deployments.domain.access import Action
from apps.deployments.domain.rollback_methods import Method, Option
from apps.deployments.forms.steering import CommentForm, UrgentForm
from apps.deployments.pages.base import UNPROCESSABLE, DeploymentPage, Refusal, lasted, state_pill
from apps.deployments.pages.detail import ShownDeployment
from apps.deployments.selectors import rollbacks

REASON = gettext_lazy("Something looks wrong; back to the version before.")  # nobody has to type at such a moment
NAMES: Mapping[Method, str | Promise] = {
    Method.FLAG: gettext_lazy("Turn its flags off"),
    Method.SWITCH: gettext_lazy("Switch traffic back"),
    Method.REVERT: gettext_lazy("Revert the commits"),
    Method.RESTORE: gettext_lazy("Restore the database"),
}
BUTTONS: Mapping[Method, str | Promise] = {
    Method.FLAG: gettext_lazy("Kill its flags in %(environment)s now"),
    Method.SWITCH: gettext_lazy("Switch traffic back in %(environment)s now"),
    Method.REVERT: gettext_lazy("Deploy the revert to %(environment)s now"),
    Method.RESTORE: gettext_lazy("Restore the database of %(environment)s now"),
}


@dataclass(frozen=True, slots=True)
class Way:
    option: Option
    name: str
    target: str
    button: str
    form: UrgentForm


class RollBackPage(DeploymentPage):
    """One button for each way that is open, its reason filled in."""

    action = Action.ROLL_BACK
    template_name = "deployments/roll_back.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        method, form = request.POST.get("method", ""), UrgentForm(request.POST, reason_required=True)
        if method not in list(Method):
            return self.show(refusal=Refusal(_("Choose one of the ways back."), status=UNPROCESSABLE))
        if not form.is_valid():
            return self.show(method, form, REASON_MISSING)
        refusal = self.attempt(
            lambda: services.roll_back(
                deployment_id=self.row.pk,
                method=method,
                actor=self.actor,
                reason=form.cleaned_data["reason"],
                at=self.at,
            )
        )
        return self.show(method, form, refusal) if refusal else self.to_detail()

    def show(self, method: str = "", form: UrgentForm | None = None, refusal: Refusal | None = None) -> HttpResponse:
        """`form`: what was typed for this method."""
        given = {method: form} if form else {}
        return self.render(
            status=refusal.status if refusal else 200,
            title=_("Roll back %(deployment)s") % {"deployment": self.heading},
            crumbs=[(self.heading, self.url("deployment-detail", deployment=self.row.pk))],
            refusal=refusal,
            deployment=self.row,
            pill=state_pill(self.row),
            ways=[self._way(option, given.get(option.method.value)) for option in rollbacks.options(self.row)],
        )

    def _way(self, option: Option, form: UrgentForm | None) -> Way:
        method = option.method
        names = {"environment": self.environment.name}
        usual = UrgentForm(reason_required=True, initial={"reason": REASON}, auto_id=f"{method.lower()}_%s")
        if form is not None:
            form.auto_id = f"{method.lower()}_%s"
        target = lasted(option.target_seconds)
        return Way(option, str(NAMES[method]), target, str(BUTTONS[method]) % names, form or usual)


class ConfirmPage(ShownDeployment):
    """Somebody looked: it is well again."""

    action = Action.ROLL_BACK

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.to_detail("#rollbacks")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CommentForm(request.POST, auto_id="confirm_%s")
        comment = form.cleaned_data["comment"] if form.is_valid() else request.POST.get("comment", "")[:1_000]
        refusal = self.attempt(
            lambda: services.confirm_rollback(deployment_id=self.row.pk, actor=self.actor, at=self.at, comment=comment)
        )
        return self.show(refusal) if refusal else self.to_detail("#rollbacks")


REASON_MISSING = Refusal(gettext_lazy("Say why, so that others understand this later."), status=UNPROCESSABLE)

urlpatterns: list[URLPattern] = [
    path("deployments/<int:deployment>/roll-back/", RollBackPage.as_view(), name="deployment-roll-back"),
    path("deployments/<int:deployment>/confirm/", ConfirmPage.as_view(), name="deployment-confirm"),
]
