"""What every page about flags shares: finding the flag, who may do what, and services' refusals in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import selectors as core
from apps.core.pages import ScopedPage, roles_with
from apps.core.services import StaleVersion
from apps.flags import selectors
from apps.flags.domain import transitions
from apps.flags.domain.access import Action, needed
from apps.flags.domain.engine import definitions as engine
from apps.flags.domain.engine.text import is_storable
from apps.flags.models import Flag, FlagState, Segment
from apps.flags.pages.history import Version, meanwhile
from apps.flags.pages.words import Difference, Pill, audited, listed, pill
from apps.flags.selectors import definitions, overview

CONFLICT, UNPROCESSABLE = 409, 422


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service did not do it, for the top of the page that asked."""

    title: str
    text: str = ""
    versions: Sequence[Version] = ()  # what others did meanwhile to the state
    differences: Sequence[Difference] = ()  # and to the object itself
    status: int = CONFLICT


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

    def url(self, name: str, **kwargs: Any) -> str:
        return reverse(f"admin:{name}", kwargs={**self.scope.kwargs, **kwargs})


class FlagPage(FlagsPage):
    """A page about one flag in the environment of its address."""

    flag: Flag
    state: FlagState
    states: list[FlagState]

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

    def attempt(self, call: Callable[[], FlagState], form: BaseForm | None = None) -> Refusal | None:
        """One service call. None when it was done; then `self.state` is the new one."""
        try:
            self.state = call()
        except (StaleVersion, transitions.NothingToChange, transitions.FlagIsKilled) as error:
            return self.conflict(error, form)
        except transitions.FlagIsArchived:
            return archived()
        except transitions.FlagIsNotKilled:
            return Refusal(_("This flag is not killed. Somebody lifted the kill already."))
        except transitions.ReasonMissing:
            return Refusal(_("This change needs a reason."), status=UNPROCESSABLE)
        except ValidationError as error:
            return Refusal(_("This cannot be served."), problems(error), status=UNPROCESSABLE)
        return None

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


def archived() -> Refusal:
    return Refusal(_("This flag is archived."), _("Restore it first; then it can be changed again."))


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


def problems(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{path}: {message}" for path, texts in error.message_dict.items() for message in texts)
