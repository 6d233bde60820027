"""Who belongs to a segment by rule: the builder with one condition, a preview of one user, and the review."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.core.models import ChangeRequest
from apps.flags import selectors, services
from apps.flags.domain.access import Action, needed
from apps.flags.domain.engine.checks import Asked, check_condition
from apps.flags.domain.engine.context import TARGETING_KEY
from apps.flags.domain.engine.definitions import Condition, by_key
from apps.flags.domain.engine.parsing import dump_condition
from apps.flags.domain.engine.segments import without_circles
from apps.flags.domain.engine.text import is_storable
from apps.flags.forms import PreviewForm, ReasonForm, SegmentRuleForm
from apps.flags.forms.rules import faults
from apps.flags.models import Segment
from apps.flags.pages.base import UNPROCESSABLE, Refusal, overtaken
from apps.flags.pages.builder import offer
from apps.flags.pages.differences import Difference
from apps.flags.pages.one_segment import OneSegmentPage
from apps.flags.pages.words import condition_words
from apps.flags.selectors import definitions, overview


class SegmentRuleView(OneSegmentPage):
    """Draws the builder; its subclasses say with which input."""

    action = Action.SET_RULE

    def permissions(self) -> tuple[str, ...]:
        """A rule works everywhere, so it is as protected as the most protected environment."""
        return needed(self.action, protected=self.protected)

    @property
    def protected(self) -> bool:
        return self.project.environments.filter(protected=True).exists()

    @property
    def present(self) -> Condition | None:
        return definitions.segment_rule(self.segment)

    def rule_form(self, data: Any = None) -> SegmentRuleForm:
        segments = {segment.key for segment in selectors.segments(self.project)}
        initial = {"version": self.segment.version}
        return SegmentRuleForm(data, present=self.present, segments=segments, initial=initial)

    def show(self, form: SegmentRuleForm, asked: PreviewForm | None = None, status: int = 200) -> HttpResponse:
        return self.render(
            "flags/segment_rule.html",
            status=status,
            title=_("Edit the rule of %(segment)s") % {"segment": self.segment.key},
            form=form,
            asked=asked or PreviewForm(),
            builder=offer(self.project, faults=faults(form, "rule"), but=self.segment.key),
            **self.preview(form, asked),
        )

    def preview(self, form: SegmentRuleForm, asked: PreviewForm | None) -> dict[str, Any]:
        """The rule in words, and whether it holds for whom was asked about."""
        if form.is_bound and not form.is_valid():
            return {"faults": [text for texts in form.errors.values() for text in texts]}
        condition = form.condition if form.is_bound else self.present
        context = asked.asked if asked is not None and asked.is_valid() else None
        return {
            "words": condition_words(condition) if condition else "",
            "who": context and str(context.get(TARGETING_KEY, "")),
            "asked_about": context is not None,
            "belongs": condition is not None and context is not None and self._holds(condition, context),
        }

    def _holds(self, condition: Condition, context: Mapping[str, object]) -> bool:
        unit = str(context.get(TARGETING_KEY, ""))
        segments = selectors.segments_of(self.environment.pk, holding=[unit] if is_storable(unit) else [])
        return check_condition(
            condition, Asked(context, self.at.timestamp(), without_circles(by_key(segments)))
        ).matched


class SegmentRulePage(SegmentRuleView):
    """First the review of what the builder says, then, with a reason, the change itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.rule_form())

    def post(self, request: HttpRequest) -> HttpResponse:
        rule = self.rule_form(request.POST)
        if not rule.is_valid():
            return self.show(rule, status=UNPROCESSABLE)
        if "confirmed" not in request.POST:
            form = ReasonForm(reason_required=self.protected, initial={"version": self.segment.version})
            return self._review(rule, form, self._stale(rule))
        return self._apply(rule, ReasonForm(request.POST, reason_required=self.protected))

    def _stale(self, rule: SegmentRuleForm) -> Refusal | None:
        """Better told at the review than after it."""
        present = self.segment.version
        return None if rule.cleaned_data["version"] == present else overtaken(rule, self.segment, present)

    def _apply(self, rule: SegmentRuleForm, form: ReasonForm) -> HttpResponse:
        if not form.is_valid():
            return self._review(rule, form)
        refusal = self.attempt(lambda: self._change(rule, form), form)
        return self._review(rule, form, refusal) if refusal else self.leave()

    def _change(self, rule: SegmentRuleForm, form: ReasonForm) -> Segment | ChangeRequest:
        fields = {"rule": dump_condition(rule.condition)}
        return self.make(
            "flags.segment_change",
            lambda **signed: services.update_segment(fields=fields, **signed),
            patch=fields,
            environment_id=None,
            form=form,
        )

    def _review(self, rule: SegmentRuleForm, form: ReasonForm, refusal: Refusal | None = None) -> HttpResponse:
        before, after = (condition_words(one) if one else _("nobody") for one in (self.present, rule.condition))
        return self.render(
            "flags/segment_rule_review.html",
            status=refusal.status if refusal else UNPROCESSABLE if form.errors else 200,
            title=_("Change the rule of %(segment)s") % {"segment": self.segment.key},
            form=form,
            refusal=refusal,
            differences=[Difference(_("Belongs by rule"), before, after)] if before != after else [],
            reached=overview.segment_reach(self.project, self.segment.key),
            rule=rule["rule"].value(),
            approvals=max(environment.approvals_needed for environment in self.project.environments.all()),
        )


class SegmentRulePreviewPage(SegmentRuleView):
    """The unsaved rule as it would work. Scripts get the preview alone, a plain submit the whole page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(self.url("segment-rule", key=self.segment.key))

    def post(self, request: HttpRequest) -> HttpResponse:
        asked, form = PreviewForm(request.POST), self.rule_form(request.POST if "rule" in request.POST else None)
        if "X-Preview" in request.headers:
            context = {**self.frame(), **self.preview(form, asked), "asked": asked}
            return TemplateResponse(request, "flags/segment_preview.html", context)
        return self.show(form, asked, UNPROCESSABLE if asked.errors or form.errors else 200)
