"""Changes of what an environment serves. Each shows its effect first and is done by a POST of the version seen."""

from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.navigation import Label
from apps.core.services import StaleVersion
from apps.flags import services
from apps.flags.domain import transitions
from apps.flags.domain.access import Action
from apps.flags.domain.audience import main_variant
from apps.flags.domain.engine.definitions import Flag, FlagStatus
from apps.flags.domain.transitions import Change, serving_of
from apps.flags.forms import ReasonForm, ToggleForm
from apps.flags.pages import previews
from apps.flags.pages.base import UNPROCESSABLE, FlagPage, Refusal
from apps.flags.pages.detail import FlagDetail, ServingForm
from apps.flags.pages.words import differences


class ReviewPage(FlagPage):
    """Before and after of one change, and the form that does it."""

    action = Action.CHANGE_STATE
    template_name = "flags/review.html"

    @property
    def protected(self) -> bool:
        return self.environment.protected

    @property
    def standing(self) -> dict[str, Any]:
        """Where a new form starts."""
        return {"version": self.state.version}

    def review(
        self, form: BaseForm, after: Flag | None, refusal: Refusal | None = None, **context: Any
    ) -> HttpResponse:
        status = refusal.status if refusal else UNPROCESSABLE if form.errors else 200
        served = self.served
        if served and after:
            now, then = previews.crowds([served, after], self.environment, {}, at=self.at)
            context |= {
                "differences": differences(readable(served), readable(after)),
                "crowds": list(zip(now, then, strict=True)),
                "locked": served.lock,
            }
        return self.render(status=status, form=form, refusal=refusal, **context)


class TogglePage(ReviewPage):
    """On or off, as `?to=` says."""

    @property
    def turns_on(self) -> bool:
        wanted = self.request.GET.get("to")
        if wanted in ("on", "off"):
            return wanted == "on"
        raise Http404("A toggle goes to on or to off.")

    def form(self, data: Any = None) -> ToggleForm | ReasonForm:
        flag = self.served
        if flag is None or not self.turns_on:
            return ReasonForm(data, reason_required=self.protected, initial=self.standing)
        return ToggleForm(
            data,
            reason_required=self.protected,
            initial=self.standing,
            variants=[variant.key for variant in flag.variants],
            main=main_variant(flag.type, flag.variants, flag.off_variant),
            has_rules=bool(flag.rules) and flag.status is FlagStatus.OFF,
        )

    def change(self, form: ToggleForm | ReasonForm) -> Change:
        if not isinstance(form, ToggleForm):
            return Change(status=FlagStatus.OFF)
        if form.keeps_rules:
            return Change(status=FlagStatus.ON)
        return Change(status=FlagStatus.ON, rules=(), default_variant=form.variant)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(form)
        refusal = self.attempt(
            lambda: services.set_state(
                state_id=self.state.pk,
                change=self.change(form),
                actor=self.actor,
                reason=form.cleaned_data["reason"],
                at=self.at,
                expected_version=form.cleaned_data["version"],
            ),
            form,
        )
        return self.show(form, refusal) if refusal else self.to_detail(changed=True)

    def show(self, form: ToggleForm | ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        served = self.served
        after = previews.changed(served, self._shown_change(form)) if served else None
        names = {"flag": self.flag.key, "environment": self.environment.name}
        title = _("Turn on %(flag)s in %(environment)s") if self.turns_on else _("Turn off %(flag)s in %(environment)s")
        button = _("Turn on for everyone") if self.turns_on else _("Turn off for everyone")
        if "scope" in form.fields:
            button = _("Turn on")
        return self.review(form, after, refusal, title=title % names, button=button)

    def _shown_change(self, form: ToggleForm | ReasonForm) -> Change:
        """What is asked for; before anything was asked, what the form proposes."""
        if form.is_bound and form.is_valid():
            return self.change(form)
        if not isinstance(form, ToggleForm):
            return Change(status=FlagStatus.OFF)
        return Change(status=FlagStatus.ON, rules=(), default_variant=form.main)


class RolloutPage(ReviewPage, FlagDetail):
    """First the review of what the rollout form says, then, with a reason, the change itself."""

    template_name = "flags/review.html"
    what: Label = gettext_lazy("Change the rollout of %(flag)s in %(environment)s")
    preview_page = "flag-preview"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.to_detail()

    def post(self, request: HttpRequest) -> HttpResponse:
        rollout = self.serving_form(request.POST)
        if rollout is None:
            return self.to_detail()
        if not rollout.is_valid():
            return self.show(rollout, status=UNPROCESSABLE)
        if "confirmed" not in request.POST:
            refusal = self._stale(rollout.cleaned_data["version"])
            form = ReasonForm(reason_required=self.protected, initial=self.standing)
            return self._review(rollout, form, refusal)
        return self._apply(rollout, ReasonForm(request.POST, reason_required=self.protected))

    def _stale(self, seen: int) -> Refusal | None:
        """Better told at the review than after it."""
        present = self.state.version
        return None if seen == present else self.conflict(StaleVersion(present, seen))

    def _apply(self, rollout: ServingForm, form: ReasonForm) -> HttpResponse:
        if not form.is_valid():
            return self._review(rollout, form)
        refusal = self.attempt(
            lambda: services.set_state(
                state_id=self.state.pk,
                change=rollout.change,
                actor=self.actor,
                reason=form.cleaned_data["reason"],
                at=self.at,
                expected_version=form.cleaned_data["version"],
            ),
            form,
        )
        return self._review(rollout, form, refusal) if refusal else self.to_detail(changed=True)

    def _review(self, rollout: ServingForm, form: ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        served = self.served
        names = {"flag": self.flag.key, "environment": self.environment.name}
        return self.review(
            form,
            previews.changed(served, rollout.change) if served else None,
            refusal,
            title=str(self.what) % names,
            button=_("Apply to %(environment)s") % names,
            carried=_carried(rollout),
            keep_editing=self.url(self.preview_page, key=self.flag.key),
        )


def readable(flag: Flag) -> dict[str, Any]:
    return transitions.readable(serving_of(flag))


def _carried(form: ServingForm) -> list[tuple[str, str]]:
    """What the rollout form holds, for hidden fields of the review."""
    data: Any = form.data
    return [(name, value) for name in form.fields if name != "version" for value in data.getlist(name)]
