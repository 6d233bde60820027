"""The kill, which needs one button and nothing else, and its end, which needs a reason."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.flags import selectors, services
from apps.flags.domain.access import Action
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.forms import KillForm, LiftKillForm
from apps.flags.pages.base import UNPROCESSABLE, FlagPage, Refusal

REASON = gettext_lazy("Something looks wrong; off for everyone while we check.")  # nobody has to type at such a moment


class KillPage(FlagPage):
    """For a reason of one's own; the buttons on the list and on the flag's page send theirs here at once."""

    action = Action.KILL
    template_name = "flags/kill.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(KillForm(initial={"reason": REASON}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = KillForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        refusal = self.attempt(
            lambda: services.kill(
                state_id=self.state.pk, actor=self.actor, reason=form.cleaned_data["reason"], at=self.at
            )
        )
        return self.show(form, refusal) if refusal else self.to_detail(changed=True)

    def show(self, form: KillForm, refusal: Refusal | None = None) -> HttpResponse:
        served = self.served
        names = {"flag": self.flag.key, "environment": self.environment.name}
        return self.render(
            status=refusal.status if refusal else UNPROCESSABLE if form.errors else 200,
            title=_("Kill %(flag)s in %(environment)s") % names,
            form=form,
            refusal=refusal,
            killed=served is not None and served.status is FlagStatus.KILLED,
            held_back=selectors.held_back(self.state),
        )


class LiftKillPage(FlagPage):
    action = Action.KILL
    template_name = "flags/lift_kill.html"

    def unapproved(self, error: Exception) -> Refusal:
        """Only turning on a flag that was off before the kill asks for approval."""
        text = _("It was off before the kill. Lift the kill to off, then request approval to turn it on.")
        return Refusal(super().unapproved(error).title, text)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(LiftKillForm(initial={"version": self.state.version}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LiftKillForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        refusal = self.attempt(
            lambda: services.lift_kill(
                state_id=self.state.pk,
                status=FlagStatus(form.cleaned_data["status"]),
                actor=self.actor,
                reason=form.cleaned_data["reason"],
                at=self.at,
                expected_version=form.cleaned_data["version"],
            ),
            form,
        )
        return self.show(form, refusal) if refusal else self.to_detail(changed=True)

    def show(self, form: LiftKillForm, refusal: Refusal | None = None) -> HttpResponse:
        names = {"flag": self.flag.key, "environment": self.environment.name}
        return self.render(
            status=refusal.status if refusal else UNPROCESSABLE if form.errors else 200,
            title=_("Lift the kill of %(flag)s in %(environment)s") % names,
            form=form,
            refusal=refusal,
        )
