"""Segments: the groups of users that rollouts can name, and who is in them in each environment."""

from collections import defaultdict

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core.fields import indented
from apps.core.models import ChangeRequest
from apps.flags import selectors, services
from apps.flags.domain.access import Action, needed
from apps.flags.forms import EditSegmentForm, MembersForm, NewSegmentForm
from apps.flags.models import Segment
from apps.flags.pages.base import UNPROCESSABLE, FlagsPage, Refusal
from apps.flags.pages.one_segment import OneSegmentPage
from apps.flags.pages.words import condition_words
from apps.flags.selectors import definitions, overview
from apps.flags.selectors.overview import SegmentUses


class SegmentsPage(FlagsPage):
    title = gettext_lazy("Segments")
    template_name = "flags/segments.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        environments = list(core.environments(self.project))
        counts = overview.member_counts(self.project)
        uses = defaultdict(SegmentUses, overview.segment_uses(self.project))
        rows = [
            {
                "segment": segment,
                "counts": [(env, counts.get((segment.pk, env.pk), 0)) for env in environments],
                "flags": sorted({state.flag.key for state in uses[segment.key].states}),
                "segments": [other.key for other in uses[segment.key].segments],
            }
            for segment in selectors.segments(self.project)
        ]
        return self.render(rows=rows, columns=environments, may_create=self.may(Action.EDIT_SEGMENT))


class NewSegmentPage(FlagsPage):
    action = Action.EDIT_SEGMENT
    title = gettext_lazy("New segment")
    template_name = "flags/segment_new.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(NewSegmentForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewSegmentForm(request.POST)
        form.instance.project = self.project
        if form.is_valid():
            try:
                segment = services.create_segment(
                    project_id=self.project.pk, actor=self.actor, at=self.at, **form.cleaned_data
                )
                return HttpResponseRedirect(self.url("segment-detail", key=segment.key))
            except ValidationError as error:
                form.add_error(None, error)
        return self.show(form, UNPROCESSABLE)

    def show(self, form: NewSegmentForm, status: int = 200) -> HttpResponse:
        return self.render(status=status, form=form, crumbs=[(_("Segments"), self.url("segment-list"))])


class SegmentPage(OneSegmentPage):
    """One segment: its members in the environment of the address, its rule, its name, and who uses it."""

    template_name = "flags/segment.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        renames = "rename" in request.POST
        action = Action.EDIT_SEGMENT if renames else Action.SET_MEMBERS
        refused = self.refuse(*needed(action, protected=self.environment.protected))
        return refused or (self._rename(request.POST) if renames else self._members(request.POST))

    def _rename(self, data: QueryDict) -> HttpResponse:
        form = EditSegmentForm(data)
        if not form.is_valid():
            return self.show(names=form)
        fields = {name: form.cleaned_data[name] for name in ("name", "description")}
        refusal = self.attempt(
            lambda: services.update_segment(
                segment_id=self.segment.pk,
                fields=fields,
                actor=self.actor,
                at=self.at,
                expected_version=form.cleaned_data["version"],
            ),
            form,
        )
        return self.show(names=form, refusal=refusal) if refusal else HttpResponseRedirect(self.here)

    def _members(self, data: QueryDict) -> HttpResponse:
        """The review first; with `confirmed`, the change."""
        form = MembersForm(data, reason_required=self.environment.protected and "confirmed" in data)
        if not form.is_valid() and (set(form.errors) != {"reason"}):
            return self.show(members=form)
        if "confirmed" not in data or form.errors:
            return self.review_members(form)
        refusal = self.attempt(lambda: self._change_members(form), form)
        return self.review_members(form, refusal) if refusal else self.leave()

    def _change_members(self, form: MembersForm) -> Segment | ChangeRequest:
        given = form.cleaned_data
        change = {"targeting_keys": sorted(given["targeting_keys"]), "mode": given["mode"]}
        return self.make(
            "flags.members_change",
            lambda **signed: services.set_members(environment_id=self.environment.pk, **change, **signed),
            patch=change,
            environment_id=self.environment.pk,
            form=form,
        )

    def show(
        self,
        *,
        members: MembersForm | None = None,
        names: EditSegmentForm | None = None,
        refusal: Refusal | None = None,
    ) -> HttpResponse:
        present = overview.members(self.segment, self.environment)
        rule = definitions.segment_rule(self.segment)
        version = {"version": self.segment.version}
        counts = overview.member_counts(self.project)
        at_fault = any(form is not None and form.errors for form in (members, names))
        return self.render(
            status=refusal.status if refusal else UNPROCESSABLE if at_fault else 200,
            title=self.segment.key,
            subtitle=self.segment.name,
            members=members
            or MembersForm(initial={**version, "targeting_keys": "\n".join(present)}, reason_required=False),
            names=names or EditSegmentForm(instance=self.segment, initial=version),
            refusal=refusal,
            present=present,
            tabs=[
                (environment, counts.get((self.segment.pk, environment.pk), 0), environment == self.environment)
                for environment in core.environments(self.project)
            ],
            rule=condition_words(rule) if rule else "",
            rule_json=indented(self.segment.rule),
            rule_refused=self.why_not(Action.SET_RULE),
            uses=overview.segment_uses(self.project).get(self.segment.key),
            change_refused=self.why_not(Action.SET_MEMBERS),
        )
