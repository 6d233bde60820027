"""What every page about deployments shares: finding the deployment, who may do what, and refusals in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.approvals import AlreadyVoted, AuthorCannotApprove, OnlyPeopleApprove, RequestIsClosed
from apps.core.pages import Pill, ScopedPage
from apps.core.services import ReasonMissing, StaleVersion
from apps.deployments import selectors, services
from apps.deployments.domain.access import Action, needed
from apps.deployments.models import Deployment

FORBIDDEN, CONFLICT, UNPROCESSABLE = 403, 409, 422
State = Deployment.State
TONES = {
    State.CHECKING: "info",
    State.AWAITING_APPROVAL: "warn",
    State.QUEUED: "info",
    State.PREPARING: "info",
    State.READY: "info",
    State.ROLLING: "info",
    State.PAUSED: "warn",
    State.WATCHING: "info",
    State.ROLLING_BACK: "stale",
    State.ROLLBACK_FAILED: "killed",
    State.SUCCEEDED: "on",
    State.ROLLED_BACK: "killed",
    State.FAILED_BEFORE_TRAFFIC: "killed",
}


def state_pill(row: Deployment) -> Pill:
    return Pill(TONES.get(State(row.state), "off"), str(row.get_state_display()))


def lasted(seconds: float) -> str:
    """As in "42 s", "12 min", "1 h 5 min" and "2 d 3 h"; two units are enough."""
    whole = max(int(seconds), 0)
    if whole < 120:
        return f"{whole} s"
    parts = ((whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"))
    return " ".join([f"{count} {unit}" for count, unit in parts if count][:2])


def moment(when: datetime, at: datetime) -> str:
    """An absolute time in UTC, with the day where that is another one than today."""
    return f"{when:%H:%M:%S} UTC" if when.date() == at.date() else f"{when:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service did not do it, for the top of the page that asked."""

    title: str | Promise
    text: str | Promise = ""
    status: int = CONFLICT


class DeploymentsPage(ScopedPage):
    """`action` says what the page is for; access.py says what that needs."""

    action = Action.VIEW

    def permissions(self) -> tuple[str, ...]:
        return (*needed(Action.VIEW), *self.needed(self.action))

    def needed(self, action: Action) -> tuple[str, ...]:
        return needed(action, protected=self.environment.protected)

    def may(self, action: Action) -> bool:
        return self.request.user.has_perms(self.needed(action))


class DeploymentPage(DeploymentsPage):
    """A page about one deployment of the environment in its address."""

    row: Deployment

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refused = self.refuse(*self.permissions())
        if refused:
            return refused
        self.find(self.kwargs.pop("deployment"))
        return super().dispatch(request, *args, **kwargs)

    def find(self, pk: int) -> None:
        row = selectors.deployment_in(self.environment, pk)
        if row is None:
            raise Http404(f"There is no deployment {pk} in {self.environment.key}.")
        self.row = row

    @property
    def heading(self) -> str:
        names = {"service": self.row.target.service.name, "version": self.row.release.number}
        return _("%(service)s %(version)s in %(environment)s") % {**names, "environment": self.environment.name}

    @property
    def is_author(self) -> bool:
        return (self.row.requested_by_kind, self.row.requested_by_id) == (self.actor.kind, self.actor.id)

    def to_detail(self, anchor: str = "") -> HttpResponseRedirect:
        return HttpResponseRedirect(self.url("deployment-detail", deployment=self.row.pk) + anchor)

    def attempt(self, call: Callable[[], object], form: BaseForm | None = None) -> Refusal | None:
        """One service call. None when it was done."""
        try:
            call()
        except StaleVersion as error:
            self.find(self.row.pk)
            stand_on(form, error.found)
            return STALE
        except services.CannotRollBack as error:
            return Refusal(_("It cannot be rolled back this way now."), str(error))
        except tuple(REFUSALS) as error:
            self.find(self.row.pk)
            return REFUSALS[type(error)]
        return None


def stand_on(form: BaseForm | None, version: int) -> None:
    """The form keeps everything that was typed; sent again, it is about this version."""
    if form is not None and isinstance(form.data, QueryDict):
        data = form.data.copy()
        data["version"] = str(version)
        form.data = data


STALE = Refusal(
    gettext_lazy("This deployment went on while you were here."),
    gettext_lazy("Look at where it is now, then decide again. Your input is kept."),
)
OTHER_PLAN = Refusal(
    gettext_lazy("The plan changed while you were here."),
    gettext_lazy("Look at the new plan, then decide again. Your input is kept."),
)
REFUSALS: Mapping[type[Exception], Refusal] = {
    ReasonMissing: Refusal(gettext_lazy("This needs a reason."), status=UNPROCESSABLE),
    AuthorCannotApprove: Refusal(
        gettext_lazy("You asked for this deployment: somebody else has to approve it."), status=FORBIDDEN
    ),
    OnlyPeopleApprove: Refusal(gettext_lazy("Only people approve."), status=FORBIDDEN),
    AlreadyVoted: Refusal(gettext_lazy("You have voted on this plan already.")),
    RequestIsClosed: Refusal(gettext_lazy("Approval of this plan is settled already.")),
    services.PlanChanged: OTHER_PLAN,
    services.NotWaiting: Refusal(
        gettext_lazy("It waits for nobody any more."), gettext_lazy("It has started, or is over.")
    ),
    services.TooLateToCancel: Refusal(
        gettext_lazy("It is too late to cancel."),
        gettext_lazy("Users are on the new version, or were. Roll it back instead."),
    ),
    services.NotLive: Refusal(
        gettext_lazy("It carries no traffic that could be held or sent on."),
        gettext_lazy("Only a deployment that is rolling out or watched can be paused or go on without waiting."),
    ),
    services.NotPaused: Refusal(gettext_lazy("It is not paused, so there is nothing to resume.")),
    services.ApprovalMissing: Refusal(
        gettext_lazy("Somebody has to approve the present step first."),
        gettext_lazy("Going on without waiting skips time, judge and guards, but no approval."),
    ),
    services.NothingToApprove: Refusal(gettext_lazy("The present step needs no approval, or has it.")),
    services.GateCannotBeOverridden: Refusal(
        gettext_lazy("This gate cannot be overridden."),
        gettext_lazy("Approvals are given by people, and one deployment at a time is for the traffic's own sake."),
        UNPROCESSABLE,
    ),
    services.NoSuchItem: Refusal(gettext_lazy("The checklist has no such item any more."), status=UNPROCESSABLE),
    services.RolledBackAlready: Refusal(gettext_lazy("It is being rolled back already.")),
    services.NothingToConfirm: Refusal(gettext_lazy("No rollback waits to be confirmed.")),
}
