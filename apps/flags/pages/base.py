"""What every page about flags shares: finding the flag, who may do what, and services' refusals in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from apps.core import navigation
from apps.core import selectors as core
from apps.core.approvals import ApprovalNotNeeded, ApprovalRequired
from apps.core.models import ChangeRequest
from apps.core.pages import Pill, ScopedPage, roles_with
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import selectors
from apps.flags.domain import transitions
from apps.flags.domain.access import Action, needed
from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.text import is_storable
from apps.flags.models import Flag, FlagState, RolloutPlan, ScheduledChange, Segment
from apps.flags.pages.differences import Difference, audited
from apps.flags.pages.history import Version, meanwhile
from apps.flags.pages.words import listed, pill
from apps.flags.selectors import definitions, overview
from apps.flags.services import FlagIsRollingOut, TimeHasPassed

CONFLICT, UNPROCESSABLE = 409, 422
Done = Flag | FlagState | RolloutPlan | ScheduledChange | ChangeRequest  # what a service call can make


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service did not do it, for the top of the page that asked."""

    title: str
    text: str = ""
    versions: Sequence[Version] = ()  # what others did meanwhile to the state
    differences: Sequence[Difference] = ()  # and to the object itself
    status: int = CONFLICT
    url: str = ""  # where a rollout plan is steered


class FlagsPage(ScopedPage):
    """`action` says what the page is for; access.py says what that needs."""

    action = Action.VIEW

    def permissions(self) -> tuple[str, ...]:
        return needed(self.action, protected=self.environment.protected)

    def may(self, action: Action) -> bool:
        return self.request.user.has_perms(needed(action, protected=self.environment.protected))

    def why_not(self, action: Action) -> str:
        """Empty when this person may."""
        if self.may(action):
            return ""
        roles = roles_with(needed(action, protected=self.environment.protected))
        return _("You may look, not change. These roles may: %(roles)s.") % {"roles": listed(roles)}

    @property
    def proposes(self) -> bool:
        """Whether what was sent asks for approval, as its button said."""
        return "propose" in self.request.POST

    def to_request(self, opened: ChangeRequest) -> HttpResponseRedirect:
        return HttpResponseRedirect(navigation.request_url(opened, self.scope))

    def unapproved(self, error: Exception) -> Refusal:
        """The environment's need of approval is not what it was when the page was opened."""
        if isinstance(error, ApprovalRequired):
            title = _("%(environment)s asks for approval of this.") % {"environment": error.environment.name}
            return Refusal(title, _("Your input is kept: send it again to request approval."))
        return Refusal(_("No approval is needed any more."), _("Your input is kept: send it again to make the change."))


class FlagPage(FlagsPage):
    """A page about one flag in the environment of its address."""

    flag: Flag
    state: FlagState
    states: list[FlagState]
    done: Done  # what the last attempt made

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refused = self.refuse(*self.permissions())
        return refused or self._find(self.kwargs.pop("key")) or super().dispatch(request, *args, **kwargs)

    def _find(self, key: str) -> HttpResponse | None:
        known = is_storable(key)
        flag = selectors.flag_in(self.project, key) if known else None
        if flag is None:
            near = overview.near_keys(self.project, key) if known else []
            return self.render("flags/missing.html", status=404, title=_("No such flag"), key=key, near=near)
        self.flag, self.states = flag, list(flag.states.all())
        self.state = next(state for state in self.states if state.environment_id == self.environment.pk)
        return None

    def may(self, action: Action) -> bool:
        """An archived flag can be looked at and restored."""
        return (not self.flag.archived_at or action in (Action.VIEW, Action.ARCHIVE)) and super().may(action)

    def why_not(self, action: Action) -> str:
        if self.flag.archived_at and super().may(action):
            return _("This flag is archived. Restore it to change it.")
        return super().why_not(action)

    @property
    def served(self) -> engine.Flag | None:
        """The flag as this environment evaluates it; None when its rules cannot be read."""
        return read(self.state)

    def frame(self) -> dict[str, Any]:
        found = getattr(self, "flag", None)
        crumbs = [(_("Flags"), self.url("flag-list"))]
        if found is None:
            return super().frame()
        crumbs.append((found.key, self.url("flag-detail", key=found.key)))
        return super().frame() | {"flag": found, "state": self.state, "crumbs": crumbs}

    def to_detail(self, *, changed: bool = False) -> HttpResponseRedirect:
        """Back to the flag; `changed` makes it say so and offer to undo."""
        address = self.url("flag-detail", key=self.flag.key)
        return HttpResponseRedirect(f"{address}?changed={self.state.version}" if changed else address)

    def leave(self) -> HttpResponseRedirect:
        """To where what was done shows."""
        if isinstance(self.done, ChangeRequest):
            return self.to_request(self.done)
        return self.to_detail(changed=isinstance(self.done, FlagState))

    def attempt(self, call: Callable[[], Done], form: BaseForm | None = None) -> Refusal | None:
        """One service call. None when it was done; then `self.done` is what it made, and `self.state` the new one."""
        try:
            self.done = call()
        except REFUSALS as error:
            return self.refused(error, form)
        if isinstance(self.done, FlagState):
            self.state = self.done
        return None

    def refused(self, error: Exception, form: BaseForm | None) -> Refusal:
        if type(error) in PLAIN:
            return PLAIN[type(error)](self)
        if isinstance(error, ApprovalRequired | ApprovalNotNeeded):
            return self.unapproved(error)
        return invalid(error) if isinstance(error, ValidationError) else self.conflict(error, form)

    def conflict(self, error: Exception, form: BaseForm | None = None) -> Refusal:
        """Why not, with what others did since the form was opened."""
        since = error.expected if isinstance(error, StaleVersion) else self.state.version
        self.state = selectors.states_of(self.flag).get(pk=self.state.pk)
        if form is not None:
            stand_on(form, self.state.version)
        versions = meanwhile(self.state, since)
        if isinstance(error, StaleVersion):
            title = _("Somebody changed this flag while you were here.")
            return Refusal(title, _("Look at what changed, then decide again. Your input is kept."), versions)
        if isinstance(error, transitions.FlagIsKilled):
            title = _("This flag is killed.")
            return Refusal(title, _("Lift the kill first; then it can be changed again."), versions)
        return Refusal(_("Nothing to change: it is like this already."), "", versions)


def rolling_out(page: FlagPage) -> Refusal:
    """A rollout plan holds the state: where it can be taken over."""
    title = _("A rollout plan changes this flag.")
    text = _("Take the rollout over or roll it back; then the flag can be changed by hand.")
    return Refusal(title, text, url=f"{page.url('flag-detail', key=page.flag.key)}#rollout-plan")


def archived(page: FlagPage) -> Refusal:
    return Refusal(_("This flag is archived."), _("Restore it first; then it can be changed again."))


def not_killed(page: FlagPage) -> Refusal:
    return Refusal(_("This flag is not killed. Somebody lifted the kill already."))


def reason_missing(page: FlagPage) -> Refusal:
    return Refusal(_("This change needs a reason."), status=UNPROCESSABLE)


PLAIN: Mapping[type[Exception], Callable[[FlagPage], Refusal]] = {
    transitions.FlagIsArchived: archived,
    transitions.FlagIsNotKilled: not_killed,
    ReasonMissing: reason_missing,
    FlagIsRollingOut: rolling_out,
}
REFUSALS: tuple[type[Exception], ...] = (
    *PLAIN,
    StaleVersion,
    transitions.NothingToChange,
    transitions.FlagIsKilled,
    ApprovalRequired,
    ApprovalNotNeeded,
    ValidationError,
)


def pill_of(state: FlagState) -> Pill:
    """What the environment does with the flag, in a word."""
    return Pill("off", _("Archived")) if state.flag.archived_at else pill(read(state))


def stand_on(form: BaseForm, version: int) -> None:
    """The form keeps everything that was typed; sent again, it is about this version."""
    if isinstance(form.data, QueryDict):
        data = form.data.copy()
        data["version"] = str(version)
        form.data = data


def overtaken(form: BaseForm, row: Flag | Segment, version: int) -> Refusal:
    """Somebody saved the same flag or segment first."""
    stand_on(form, version)
    entry = core.audit_of(row._meta.label_lower, row.pk).first()
    title = _("%(who)s changed this while you were here.") % {"who": entry.actor_label if entry else _("Somebody")}
    text = _("Look at what changed, then save again. Your input is kept.")
    return Refusal(title, text, differences=audited(entry.changes) if entry else ())


def read(state: FlagState) -> engine.Flag | None:
    try:
        return definitions.flag(state)
    except engine.InvalidDefinition:
        return None


def invalid(error: ValidationError) -> Refusal:
    if isinstance(error, TimeHasPassed):
        return Refusal(_("This time has passed."), " ".join(error.messages), status=UNPROCESSABLE)
    return Refusal(_("This cannot be served."), problems(error), status=UNPROCESSABLE)


def problems(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{path}: {message}" for path, texts in error.message_dict.items() for message in texts)
