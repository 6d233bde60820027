"""The flag's own page: what it serves here, its rollout form with the live preview, history, usage, snippets."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.core.fields import indented
from apps.flags import selectors
from apps.flags.domain.access import Action
from apps.flags.domain.audience import main_variant
from apps.flags.domain.engine.definitions import Flag, FlagStatus
from apps.flags.forms import PreviewForm, QuickOverrideForm, RolloutForm, RulesForm
from apps.flags.pages import explaining, previews, sections, snippets, usage
from apps.flags.pages.base import UNPROCESSABLE, FlagPage
from apps.flags.pages.history import versions
from apps.flags.pages.kills import REASON
from apps.flags.pages.plan_words import plan_view, state_pill
from apps.flags.pages.waiting import waiting
from apps.flags.pages.words import compact, pill, raw_sentences, rule_sentence
from apps.flags.selectors.rollouts import started_by

RECENT, ALL = 10, 1_000
PLANS = 6  # rollout plans, the open one counted


ServingForm = RolloutForm | RulesForm  # says what the flag is to serve here; its `change` brings that about


class FlagDetail(FlagPage):
    """Draws the page; its subclasses say with which input."""

    quick: QuickOverrideForm | None = None  # as it was sent, if it is at fault

    def serving_form(self, data: Any = None) -> ServingForm | None:
        """None where a form could not show what is served."""
        flag = self.served
        if flag is None:
            return None
        segments = [segment.key for segment in selectors.segments(self.project)]
        form = RolloutForm(data, flag=flag, segments=segments, initial={"version": self.state.version})
        return form if form.present else None

    def show(
        self, rollout: ServingForm | None, asked: PreviewForm | None = None, status: int = 200
    ) -> TemplateResponse:
        flag = self.served
        return self.render(
            "flags/detail.html",
            status=status,
            title=self.flag.key,
            served=flag,
            pill=state_pill(self.state),
            tabs=self._tabs(),
            rules=[rule_sentence(rule) for rule in flag.rules] if flag else [],
            rules_json=indented(self.state.rules),
            values=[(variant.key, compact(variant.value)) for variant in flag.variants] if flag else [],
            rollout=rollout,
            asked=asked or PreviewForm(),
            change_refused=self.why_not(Action.CHANGE_STATE) or self._held(),
            kill_refused=self.why_not(Action.KILL),
            kill_reason=REASON,
            may_edit=self.may(Action.EDIT),
            may_archive=self.may(Action.ARCHIVE),
            stale=selectors.why_stale(self.state, at=self.at),
            usage=usage.shown(self.flag, self.state, at=self.at),
            snippets=snippets.for_flag(self.flag, self._client_key(), settings.PUBLIC_URL),
            may_revert=self.may(Action.CHANGE_STATE)
            and flag is not None
            and flag.status is not FlagStatus.KILLED
            and not self._held(),
            approvals=self.environment.approvals_needed,
            waiting=waiting(self),
            **sections.sections(self, self.quick),
            **self._plans(flag),
            **self._standing(flag),
            **self._history(),
            **preview_context(self, rollout, asked),
        )

    def _tabs(self) -> list[dict[str, Any]]:
        return [
            {
                "environment": state.environment,
                "pill": state_pill(state),
                "current": state == self.state,
            }
            for state in self.states
        ]

    def _held(self) -> str:
        """Why nobody may change the flag by hand although they may; empty without an open plan."""
        words = _("A rollout plan changes this flag. Take it over below to change the flag by hand.")
        return words if selectors.open_rollout(self.state) else ""

    def _plans(self, flag: Flag | None) -> dict[str, Any]:
        """The open plan, if there is one, and those before it."""
        rows = list(selectors.rollouts_of(self.state)[:PLANS])
        plans = [plan_view(told) for told in selectors.tell(rows, at=self.at)]
        plan = next((plan for plan in plans if plan.open), None)
        startable = flag is not None and flag.status is not FlagStatus.KILLED and len(flag.variants) > 1
        return {
            "plan": plan,
            "past_plans": [plan for plan in plans if not plan.open],
            "may_start": startable and self.may(Action.CHANGE_STATE),
            "may_steer": self.may(Action.CHANGE_STATE),
            "may_approve": plan is not None and not started_by(plan.row, self.actor),
            "may_roll_back": self.may(Action.ROLL_BACK),
        }

    def _standing(self, flag: Flag | None) -> dict[str, Any]:
        """Which of the big buttons make sense."""
        if flag is None or flag.status is FlagStatus.KILLED:
            return {}
        main = main_variant(flag.type, flag.variants, flag.off_variant)
        for_everyone = flag.status is FlagStatus.ON and not flag.rules and flag.default_variant == main
        return {"can_turn_on": not for_everyone, "can_turn_off": flag.status is FlagStatus.ON}

    def _history(self) -> dict[str, Any]:
        everything = "history" in self.request.GET
        found = versions(self.state, limit=ALL if everything else RECENT)
        just_changed = self.request.GET.get("changed") == str(self.state.version)
        return {
            "versions": found,
            "older": not everything and found[-1].number > 1,
            "last": found[0],
            "done": found[0] if just_changed else None,
        }

    def _client_key(self) -> str:
        if not self.request.user.has_perm("core.view_apikey"):
            return ""
        return snippets.client_key(self.environment, at=self.at)


class DetailPage(FlagDetail):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.serving_form())


class PreviewPage(FlagDetail):
    """The unsaved rollout form as it would work. Scripts get the preview alone, a plain submit the whole page."""

    form_page = "flag-detail"
    mark = "who"  # a form that is locked sends nothing of itself, not even this field

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(self.url(self.form_page, key=self.flag.key))

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = PreviewForm(request.POST)
        rollout = self.serving_form(request.POST if self.mark in request.POST else None)
        if "X-Preview" in request.headers:
            context = {**self.frame(), **preview_context(self, rollout, asked), "asked": asked}
            return TemplateResponse(request, "flags/preview.html", context)
        faults = asked.errors or (rollout is not None and rollout.is_bound and rollout.errors)
        return self.show(rollout, asked, UNPROCESSABLE if faults else 200)


def preview_context(page: FlagPage, form: ServingForm | None, asked: PreviewForm | None) -> dict[str, Any]:
    """What the preview shows; a form at fault shows its faults instead."""
    flag = page.served
    if flag is None:
        return {}
    told = {"sentences": raw_sentences(form.raw)} if isinstance(form, RulesForm) else {}
    if form is None or not form.is_bound:
        return _previewed(page, flag, asked) | told
    if not form.is_valid():
        return {"faults": [text for texts in form.errors.values() for text in texts]} | told
    return _previewed(page, previews.changed(flag, form.change), asked) | told


def _previewed(page: FlagPage, flag: Flag, asked: PreviewForm | None) -> dict[str, Any]:
    if asked is None or not asked.is_valid():
        return {"crowds": previews.crowds([flag], page.environment, {}, at=page.at)[0], "shown": pill(flag)}
    context = asked.asked
    return {
        "crowds": previews.crowds([flag], page.environment, asked.cleaned_data["context"], at=page.at)[0],
        "verdict": previews.verdict(flag, page.environment, context, at=page.at) if context else None,
        "shown": pill(flag),
        "question": explaining.query(asked),
    }
