"""What every page about one segment shares: finding it, services' refusals in words, and the review of its members."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from apps.core.approvals import ApprovalNotNeeded, ApprovalRequired
from apps.core.models import ChangeRequest
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import services
from apps.flags.domain.engine.text import is_storable
from apps.flags.domain.members import combined
from apps.flags.domain.transitions import NothingToChange
from apps.flags.forms import MembersForm
from apps.flags.models import Segment
from apps.flags.pages.base import UNPROCESSABLE, FlagsPage, Refusal, overtaken
from apps.flags.selectors import overview

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
