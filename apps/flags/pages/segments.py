"""Segments: the groups of users that rollouts can name, and who is in them in each environment."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core.approvals import ApprovalNotNeeded, ApprovalRequired
from apps.core.models import ChangeRequest
from apps.core.services import StaleVersion
from apps.flags import selectors, services
from apps.flags.domain.access import Action, needed
from apps.flags.domain.engine.text import is_storable
from apps.flags.domain.transitions import NothingToChange
from apps.flags.forms import EditSegmentForm, MembersForm, NewSegmentForm
from apps.flags.models import Segment
from apps.flags.pages.base import UNPROCESSABLE, FlagsPage, Refusal, overtaken
from apps.flags.selectors import overview


class SegmentsPage(FlagsPage):
    title = gettext_lazy("Segments")
    template_name = "flags/segments.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        environments = list(core.environments(self.project))
        counts = overview.member_counts(self.project)
        uses = overview.segment_uses(self.project)
        rows = [
            {
                "segment": segment,
                "counts": [(env, counts.get((segment.pk, env.pk), 0)) for env in environments],
                "flags": sorted({state.flag.key for state in uses.get(segment.key, [])}),
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


class SegmentPage(FlagsPage):
    """One segment: its members in the environment of the address, its name, and who uses it."""

    template_name = "flags/segment.html"
    segment: Segment
    opened: ChangeRequest | None = None  # the request that a POST led to

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        key = self.kwargs.pop("key")
        found = overview.segment_in(self.project, key) if is_storable(key) else None
        if found is None:
            raise Http404("There is no such segment.")
        self.segment = found

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
        refusal = self._attempt(
            lambda: services.update_segment(
                segment_id=self.segment.pk,
                fields=fields,
                actor=self.actor,
                at=self.at,
                expected_version=form.cleaned_data["version"],
            ),
            form,
        )
        return self.show(names=form, refusal=refusal) if refusal else HttpResponseRedirect(self._here)

    def _members(self, data: QueryDict) -> HttpResponse:
        """The review first; with `confirmed`, the change."""
        form = MembersForm(data, reason_required=self.environment.protected and "confirmed" in data)
        if not form.is_valid() and (set(form.errors) != {"reason"}):
            return self.show(members=form)
        if "confirmed" not in data or form.errors:
            return self._review(form)
        refusal = self._attempt(lambda: self._change_members(form), form)
        if refusal:
            return self.show(members=form, refusal=refusal)
        return self.to_request(self.opened) if self.opened else HttpResponseRedirect(self._here)

    def _change_members(self, form: MembersForm) -> None:
        where: dict[str, Any] = {"environment_id": self.environment.pk, "actor": self.actor, "at": self.at}
        why: dict[str, Any] = {"expected_version": form.cleaned_data["version"], "reason": form.cleaned_data["reason"]}
        wanted = form.cleaned_data["targeting_keys"]
        if self.proposes:
            patch = {"targeting_keys": sorted(wanted)}
            kind = "flags.members_change"
            self.opened = services.propose(kind=kind, subject_id=self.segment.pk, patch=patch, **where, **why)
        else:
            services.set_members(segment_id=self.segment.pk, targeting_keys=wanted, **where, **why)

    def _review(self, form: MembersForm) -> HttpResponse:
        present = set(overview.members(self.segment, self.environment))
        wanted = form.cleaned_data["targeting_keys"]
        return self.render(
            "flags/members_review.html",
            status=UNPROCESSABLE if form.errors else 200,
            title=_("Change the members of %(segment)s in %(environment)s")
            % {"segment": self.segment.key, "environment": self.environment.name},
            form=form,
            added=sorted(wanted - present),
            removed=sorted(present - wanted),
            count=len(wanted),
            approvals=self.environment.approvals_needed,
        )

    def _attempt(self, call: Callable[[], object], form: "Form | ModelForm[Segment]") -> Refusal | None:
        try:
            call()
        except StaleVersion as error:
            return overtaken(form, self.segment, error.found)
        except (ApprovalRequired, ApprovalNotNeeded) as error:
            return self.unapproved(error)
        except NothingToChange:
            return Refusal(_("Nothing to change: these are the members already."))
        except ValidationError as error:
            return Refusal(_("This cannot be kept."), " ".join(error.messages), status=UNPROCESSABLE)
        return None

    @property
    def _here(self) -> str:
        return self.url("segment-detail", key=self.segment.key)

    def frame(self) -> dict[str, Any]:
        """Django draws a refused page before the segment is looked up."""
        crumbs = [(_("Segments"), self.url("segment-list"))]
        return super().frame() | {"crumbs": crumbs, "segment": getattr(self, "segment", None)}

    def show(
        self,
        *,
        members: MembersForm | None = None,
        names: EditSegmentForm | None = None,
        refusal: Refusal | None = None,
    ) -> HttpResponse:
        present = overview.members(self.segment, self.environment)
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
            uses=overview.segment_uses(self.project).get(self.segment.key, []),
            change_refused=self.why_not(Action.SET_MEMBERS),
        )
