"""Segments: the groups of users that rollouts can name, and who is in them in each environment."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
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
from apps.flags.domain.members import combined
from apps.flags.domain.transitions import NothingToChange, ReasonMissing
from apps.flags.forms import EditSegmentForm, MembersForm, NewSegmentForm
from apps.flags.models import Segment
from apps.flags.pages.base import UNPROCESSABLE, FlagsPage, Refusal, overtaken
from apps.flags.pages.words import condition_words, indented
from apps.flags.selectors import definitions, overview
from apps.flags.selectors.overview import SegmentUses

MAX_NAMED = 200  # users in a review; more are counted


@dataclass(frozen=True, slots=True)
class Named:
    """Some users by name, and how many there are."""

    keys: list[str]
    count: int

    @classmethod
    def of(cls, keys: Set[str]) -> "Named":
        return cls(sorted(keys)[:MAX_NAMED], len(keys))

    @property
    def more(self) -> int:
        return self.count - len(self.keys)


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


class OneSegmentPage(FlagsPage):
    """A page about one segment."""

    segment: Segment
    done: Segment | ChangeRequest  # what the last attempt made

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        key = self.kwargs.pop("key")
        found = overview.segment_in(self.project, key) if is_storable(key) else None
        if found is None:
            raise Http404("There is no such segment.")
        self.segment = found

    def frame(self) -> dict[str, Any]:
        """Django draws a refused page before the segment is looked up."""
        crumbs = [(_("Segments"), self.url("segment-list"))]
        return super().frame() | {"crumbs": crumbs, "segment": getattr(self, "segment", None)}

    @property
    def here(self) -> str:
        return self.url("segment-detail", key=self.segment.key)

    def attempt(self, call: Callable[[], Segment | ChangeRequest], form: "Form | ModelForm[Segment]") -> Refusal | None:
        """One service call. None when it was done; then `self.done` is what it made."""
        try:
            self.done = call()
        except StaleVersion as error:
            return overtaken(form, self.segment, error.found)
        except (ApprovalRequired, ApprovalNotNeeded) as error:
            return self.unapproved(error)
        except NothingToChange:
            return Refusal(_("Nothing to change: it is like this already."))
        except ReasonMissing:
            return Refusal(_("This change needs a reason."), status=UNPROCESSABLE)
        except ValidationError as error:
            return Refusal(_("This cannot be kept."), " ".join(error.messages), status=UNPROCESSABLE)
        return None

    def make(
        self,
        kind: str,
        service: Callable[..., Segment],
        *,
        patch: Mapping[str, Any],
        environment_id: int | None,
        form: Form,
    ) -> Segment | ChangeRequest:
        """The change, or the proposal of it, signed as the form says."""
        signed: dict[str, Any] = {
            "actor": self.actor,
            "at": self.at,
            "expected_version": form.cleaned_data["version"],
            "reason": form.cleaned_data["reason"],
        }
        if not self.proposes:
            return service(segment_id=self.segment.pk, **signed)
        subject: dict[str, Any] = {"subject_id": self.segment.pk, "environment_id": environment_id}
        return services.propose(kind=kind, patch=patch, **subject, **signed)

    def leave(self) -> HttpResponseRedirect:
        """To where what was done shows."""
        return self.to_request(self.done) if isinstance(self.done, ChangeRequest) else HttpResponseRedirect(self.here)

    def review_members(self, form: MembersForm, refusal: Refusal | None = None) -> HttpResponse:
        """Who would come and go, and the form that does it."""
        present = set(overview.members(self.segment, self.environment))
        wanted = combined(present, form.cleaned_data["targeting_keys"], form.cleaned_data["mode"])
        names = {"segment": self.segment.key, "environment": self.environment.name}
        return self.render(
            "flags/members_review.html",
            status=refusal.status if refusal else UNPROCESSABLE if form.errors else 200,
            title=_("Change the members of %(segment)s in %(environment)s") % names,
            form=form,
            refusal=refusal,
            added=Named.of(wanted - present),
            removed=Named.of(present - wanted),
            count=len(wanted),
            approvals=self.environment.approvals_needed,
        )


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
