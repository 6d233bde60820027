"""Changes of what an environment serves. Each shows its effect first and is done by a POST of the version seen."""

from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.models import ChangeRequest
from apps.core.navigation import Label
from apps.core.services import StaleVersion
from apps.flags import selectors, services
from apps.flags.domain import transitions
from apps.flags.domain.access import Action
from apps.flags.domain.audience import main_variant
from apps.flags.domain.engine.definitions import Flag, FlagStatus
from apps.flags.domain.transitions import Change, serving_of
from apps.flags.forms import ReasonForm, ReviewForm, ToggleForm
from apps.flags.pages import previews
from apps.flags.pages.base import UNPROCESSABLE, FlagPage, Refusal, rolling_out
from apps.flags.pages.deeds import Deed, at_a_time, at_once
from apps.flags.pages.detail import FlagDetail, ServingForm
from apps.flags.pages.differences import differences


class ReviewPage(FlagPage):
    """Before and after of one change, and the form that makes it, now or later, or asks for approval of it."""

    action = Action.CHANGE_STATE
    template_name = "flags/review.html"
    shows_crowds = True  # sample users say something about rules and shares, nothing about what else decides
    by_hand = True  # refused while a rollout plan is open, which is better told at once

    @property
    def protected(self) -> bool:
        return self.environment.protected

    @property
    def standing(self) -> dict[str, Any]:
        """Where a new form starts."""
        return {"version": self.state.version}

    def stale(self, seen: int) -> Refusal | None:
        """Somebody was faster: better told at the review than after it."""
        present = self.state.version
        return None if seen == present else self.conflict(StaleVersion(present, seen))

    def carry_out(self, form: ReasonForm, change: Change, *, now: Deed | None = None) -> Refusal | None:
        """The change at its time, or else `now`, or else the change at once; or the proposal of that."""
        apply_at = form.cleaned_data.get("apply_at")
        deed = at_a_time(change, apply_at) if apply_at else now or at_once(change)
        signed = {
            "actor": self.actor,
            "reason": form.cleaned_data["reason"],
            "at": self.at,
            "expected_version": form.cleaned_data["version"],
        }
        if self.proposes:
            return self.attempt(lambda: self._propose(deed, signed), form)
        return self.attempt(lambda: deed.make(state_id=self.state.pk, **signed), form)

    def _propose(self, deed: Deed, signed: dict[str, Any]) -> ChangeRequest:
        return services.propose(
            kind=deed.kind,
            subject_id=self.state.pk,
            environment_id=self.environment.pk,
            patch=deed.patch,
            **signed,
        )

    def review(
        self, form: BaseForm, after: Flag | None, refusal: Refusal | None = None, **context: Any
    ) -> HttpResponse:
        if refusal is None and self.by_hand and selectors.open_rollout(self.state):
            refusal = rolling_out(self)
        status = refusal.status if refusal else UNPROCESSABLE if form.errors else 200
        served = self.served
        if served and after:
            context |= {"differences": differences(readable(served), readable(after)), "locked": served.lock}
            if self.shows_crowds:
                now, then = previews.crowds([served, after], self.environment, {}, at=self.at)
                context["crowds"] = list(zip(now, then, strict=True))
        approvals = self.environment.approvals_needed
        return self.render(status=status, form=form, refusal=refusal, approvals=approvals, **context)


class TogglePage(ReviewPage):
    """On or off, as `?to=` says."""

    @property
    def turns_on(self) -> bool:
        wanted = self.request.GET.get("to")
        if wanted in ("on", "off"):
            return wanted == "on"
        raise Http404("A toggle goes to on or to off.")

    def form(self, data: Any = None) -> ReviewForm:
        flag = self.served
        if flag is None or not self.turns_on:
            return ReviewForm(data, reason_required=self.protected, initial=self.standing)
        return ToggleForm(
            data,
            reason_required=self.protected,
            initial=self.standing,
            variants=[variant.key for variant in flag.variants],
            main=main_variant(flag.type, flag.variants, flag.off_variant),
            has_rules=bool(flag.rules) and flag.status is FlagStatus.OFF,
        )

    def change(self, form: ReviewForm) -> Change:
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
        refusal = self.carry_out(form, self.change(form))
        return self.show(form, refusal) if refusal else self.leave()

    def show(self, form: ReviewForm, refusal: Refusal | None = None) -> HttpResponse:
        served = self.served
        after = previews.changed(served, self._shown_change(form)) if served else None
        names = {"flag": self.flag.key, "environment": self.environment.name}
        title = _("Turn on %(flag)s in %(environment)s") if self.turns_on else _("Turn off %(flag)s in %(environment)s")
        button = _("Turn on for everyone") if self.turns_on else _("Turn off for everyone")
        if "scope" in form.fields:
            button = _("Turn on")
        held_back = [] if self.turns_on else selectors.held_back(self.state)
        return self.review(form, after, refusal, title=title % names, button=button, held_back=held_back)

    def _shown_change(self, form: ReviewForm) -> Change:
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
            refusal = self.stale(rollout.cleaned_data["version"])
            form = ReviewForm(reason_required=self.protected, initial=self.standing)
            return self._review(rollout, form, refusal)
        return self._apply(rollout, ReviewForm(request.POST, reason_required=self.protected))

    def _apply(self, rollout: ServingForm, form: ReviewForm) -> HttpResponse:
        if not form.is_valid():
            return self._review(rollout, form)
        refusal = self.carry_out(form, rollout.change)
        return self._review(rollout, form, refusal) if refusal else self.leave()

    def _review(self, rollout: ServingForm, form: ReviewForm, refusal: Refusal | None = None) -> HttpResponse:
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
