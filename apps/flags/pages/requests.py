"""A change request on a page of its own: what would change, who voted how, and the buttons to decide."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import approvals
from apps.core import selectors as core
from apps.core.fields import indented
from apps.core.models import ChangeRequest
from apps.core.services import ReasonMissing
from apps.flags import services
from apps.flags.domain import transitions
from apps.flags.domain.access import Action, needed
from apps.flags.domain.engine.reading import read_moment
from apps.flags.domain.patches import parse_change
from apps.flags.forms import CommentForm
from apps.flags.models import Flag, FlagState, Segment
from apps.flags.pages import previews
from apps.flags.pages.base import FlagsPage, Refusal, invalid, read
from apps.flags.pages.differences import Difference, audited, differences
from apps.flags.pages.history import meanwhile
from apps.flags.pages.waiting import asked
from apps.flags.selectors import definitions, requests

# What each button does, and what that needs.
DECISIONS: dict[str, tuple[Callable[..., ChangeRequest], Action]] = {
    "approve": (services.approve_request, Action.APPROVE),
    "reject": (approvals.reject, Action.APPROVE),
    "withdraw": (approvals.withdraw, Action.CHANGE_STATE),
}
REFUSALS: dict[type[Exception], Any] = {
    approvals.RequestIsClosed: gettext_lazy("Somebody was faster: this request is closed."),
    approvals.AlreadyVoted: gettext_lazy("You have voted on this request already."),
    approvals.AuthorCannotApprove: gettext_lazy("This is your own request: somebody else has to decide."),
    approvals.OnlyTheAuthorWithdraws: gettext_lazy("Only its author withdraws a request."),
    transitions.FlagIsArchived: gettext_lazy("The flag is archived: restore it first."),
    services.FlagIsRollingOut: gettext_lazy("A rollout plan changes this flag: take it over or roll it back first."),
    services.FlagIsNeeded: gettext_lazy("Other flags wait for this one by now, so it cannot be archived."),
    transitions.FlagIsKilled: gettext_lazy("The flag is killed: lift the kill first."),
    transitions.NothingToChange: gettext_lazy("Nothing to change: it is like this already."),
    ReasonMissing: gettext_lazy("The request has no reason, which this environment asks for by now."),
}
Status = ChangeRequest.Status


class RequestPage(FlagsPage):
    template_name = "flags/request.html"
    change_request: ChangeRequest

    def permissions(self) -> tuple[str, ...]:
        return ("core.view_changerequest", *super().permissions())

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._find(self.kwargs.pop("id"))

    def _find(self, id: int) -> None:
        found = requests.ours(core.change_requests(self.project)).filter(pk=id).first()
        if found is None:
            raise Http404(f"There is no change request {id} here.")
        self.change_request = found

    def get(self, request: HttpRequest) -> HttpResponse:
        """In the environment that it is about; whoever switches to another one comes to the list there."""
        if self.change_request.environment not in (None, self.environment):
            return HttpResponseRedirect(self.url("approval-list"))
        return self.show(CommentForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        decision = next((name for name in DECISIONS if name in request.POST), "")
        if not decision:
            raise Http404("A request is approved, rejected or withdrawn.")
        service, action = DECISIONS[decision]
        refused = self.refuse(*needed(action))
        return refused or self._decide(service, request.POST)

    def _decide(self, service: Callable[..., ChangeRequest], data: QueryDict) -> HttpResponse:
        form = CommentForm(data)
        if not form.is_valid():
            return self.show(form)
        comment, refusal = form.cleaned_data["comment"], None
        try:
            service(request_id=self.change_request.pk, actor=self.actor, at=self.at, comment=comment)
        except ValidationError as error:
            refusal = invalid(error)
        except tuple(REFUSALS) as error:
            refusal = Refusal(str(next(words for known, words in REFUSALS.items() if isinstance(error, known))))
        if refusal is None:
            return self.to_request(self.change_request)
        self._find(self.change_request.pk)
        return self.show(form, refusal)

    def frame(self) -> dict[str, Any]:
        return super().frame() | {"crumbs": [(_("Approvals"), self.url("approval-list"))]}

    def show(self, form: CommentForm, refusal: Refusal | None = None) -> HttpResponse:
        proposal, subject = self.change_request, requests.subject_of(self.change_request)
        pending = proposal.status == Status.PENDING
        given, asked_for = sum(vote.approves for vote in proposal.votes.all()), approvals.needed(proposal)
        may_vote = self.may(Action.APPROVE) and approvals.may_vote(proposal, self.actor)
        moved = pending and subject.version != proposal.base_version
        return self.render(
            status=refusal.status if refusal else 200,
            title=_("Request %(number)d: %(subject)s") % {"number": proposal.pk, "subject": proposal.subject_label},
            proposal=proposal,
            address=self._address(subject),
            flag=subject.flag if isinstance(subject, FlagState) else None,
            refusal=refusal,
            form=form,
            pending=pending,
            given=given,
            needed=max(asked_for, 1),
            is_last=given + 1 >= asked_for,
            moved=moved,
            since=meanwhile(subject, proposal.base_version) if moved and isinstance(subject, FlagState) else (),
            patch=indented(proposal.patch),
            may_decide=may_vote and not moved,
            may_reject=may_vote,
            why_not=self.why_not(Action.APPROVE) or _("You have voted."),
            is_author=approvals.is_author(proposal, self.actor),
            **_shown(proposal, subject, at=self.at, pending=pending and not moved),
        )

    def _address(self, subject: Flag | FlagState | Segment) -> str:
        if isinstance(subject, Segment):
            return self.url("segment-detail", key=subject.key)
        return self.url("flag-detail", key=subject.flag.key if isinstance(subject, FlagState) else subject.key)


def _shown(
    proposal: ChangeRequest, subject: Flag | FlagState | Segment, *, at: datetime, pending: bool
) -> dict[str, Any]:
    """The diff, and for a state that is yet to change the crowds before and after."""
    served = read(subject) if isinstance(subject, FlagState) else None
    if served is None or not isinstance(subject, FlagState):
        return {"differences": audited(proposal.changes)}
    now = transitions.readable(transitions.serving_of(served))
    before, after = (now | {name: pair[side] for name, pair in proposal.changes.items()} for side in (0, 1))
    others = {name: pair for name, pair in proposal.changes.items() if name not in now}
    parts = [*differences(before, after), *audited(others)]
    if proposal.kind == "flags.schedule":
        then = read_moment("apply_at", proposal.patch["apply_at"])
        parts = [Difference(_("Time"), "", f"{then:%Y-%m-%d %H:%M} UTC")]
        parts += asked(served, parse_change(proposal.patch["change"]))
    shown: dict[str, Any] = {"differences": parts}
    if pending:
        change = transitions.difference(transitions.serving_of(served), definitions.past_serving(after))
        flags = [served, previews.changed(served, change)]
        crowds = previews.crowds(flags, subject.environment, {}, at=at)
        shown["crowds"] = list(zip(*crowds, strict=True))
    return shown
