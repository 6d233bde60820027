"""The sidebar's registry: what can be gone to, by task. Apps do not register themselves; entries are wired."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from apps.core.models import ChangeRequest, Environment, Project

Label = str | Promise
REMEMBERED = "scope"  # in the session: [project key, environment key] last looked at


@dataclass(frozen=True, slots=True)
class Scope:
    """The project and environment that a page is about; both come from its address."""

    project: Project
    environment: Environment

    @property
    def kwargs(self) -> dict[str, str]:
        """For `reverse()`."""
        return {"project": self.project.key, "environment": self.environment.key}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place to go. Shown to those who have `permission`; a scoped one only where a scope is known."""

    group: Label  # heading in the sidebar; "" puts it on top
    label: Label
    url_name: str  # such as "admin:flag-list"
    icon: str
    permission: str = ""
    scoped: bool = False
    family: str = ""  # this entry is current on every page whose url name begins so


@dataclass(frozen=True, slots=True)
class Link:
    label: Label
    url: str
    icon: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    label: Label
    links: list[Link]


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the project or environment switch."""

    label: str
    url: str
    current: bool
    environment: Environment


_entries: list[Entry] = []


_kinds: dict[str, Label] = {}


def wire(entries: Iterable[Entry], kinds: Mapping[str, Label]) -> None:
    """The registry's one entrance: the composition root says once what there is, and how the trail words it."""
    _entries[:] = entries
    _kinds.update(kinds)


def kinds() -> Mapping[str, Label]:
    """Audit kind to what somebody did, such as "killed"."""
    return _kinds


def frame(request: HttpRequest, scopes: Sequence[Scope]) -> dict[str, Any]:
    """Template context of the frame around every page: sidebar, switches, search. `scopes`: all there are."""
    scope = start(request, scopes)
    here = scope and [other for other in scopes if other.project == scope.project]
    return {
        "navigation": sidebar(request, scope),
        "nav_scope": scope,
        "projects": [_choice(request, other, scope) for other in _one_per_project(scopes, scope)],
        "environments": [_choice(request, other, scope, by_environment=True) for other in here or ()],
        "palette_url": reverse("admin:search", query=scope.kwargs if scope else None),
    }


def sidebar(request: HttpRequest, scope: Scope | None) -> list[Group]:
    """The groups in the order of their first entry, without what this person may not see."""
    groups: dict[str, Group] = {}
    for entry in allowed(request, scope):
        group = groups.setdefault(str(entry.group), Group(entry.group, []))
        group.links.append(Link(entry.label, address(entry, scope), entry.icon, _is_current(entry, request)))
    return list(groups.values())


def allowed(request: HttpRequest, scope: Scope | None) -> list[Entry]:
    return [
        entry
        for entry in _entries
        if (scope or not entry.scoped) and (not entry.permission or request.user.has_perm(entry.permission))
    ]


def request_url(request: ChangeRequest, scope: Scope) -> str:
    """A change request's page, which the app that its kind names has as `approval-<app>`: in the request's own
    environment, where it has one."""
    environment = request.environment.key if request.environment else scope.environment.key
    kwargs = scope.kwargs | {"environment": environment, "id": request.pk}
    return reverse(f"admin:approval-{request.kind.partition('.')[0]}", kwargs=kwargs)


def address(entry: Entry, scope: Scope | None) -> str:
    return reverse(entry.url_name, kwargs=scope.kwargs if scope and entry.scoped else None)


def start(request: HttpRequest, scopes: Sequence[Scope]) -> Scope | None:
    """The page's own scope, else the last one of this session, else the first project's production.

    The session only chooses where links lead; what a page is about is in its address.
    """
    own: Scope | None = getattr(request, "scope", None)
    if own:
        if request.session.get(REMEMBERED) != [*own.kwargs.values()]:
            request.session[REMEMBERED] = [*own.kwargs.values()]
        return own
    last = request.session.get(REMEMBERED)
    found = (scope for scope in scopes if [*scope.kwargs.values()] == last)
    return next(found, None) or _main(scopes[:1] and [s for s in scopes if s.project == scopes[0].project])


def _main(scopes: Sequence[Scope]) -> Scope | None:
    """The environment that matters most: production, else the last one."""
    production = (scope for scope in scopes if scope.environment.kind == Environment.Kind.PRODUCTION)
    return next(production, scopes[-1] if scopes else None)


def _one_per_project(scopes: Sequence[Scope], present: Scope | None) -> Iterator[Scope]:
    """For each project the environment of the same name, else its main one."""
    for _project, group in groupby(scopes, key=lambda scope: scope.project):
        own = list(group)
        same = (scope for scope in own if present and scope.environment.key == present.environment.key)
        chosen = next(same, None) or _main(own)
        if chosen:
            yield chosen


def _choice(request: HttpRequest, to: Scope, present: Scope | None, *, by_environment: bool = False) -> Choice:
    label = to.environment.name if by_environment else to.project.name
    current = present is not None and (to.environment if by_environment else to.project) == (
        present.environment if by_environment else present.project
    )
    return Choice(label, _same_page(request, to), current, to.environment)


def _same_page(request: HttpRequest, to: Scope) -> str:
    """The page being looked at, in another scope. An object of one project gives way to its list in another."""
    match = request.resolver_match
    if match and "environment" in match.kwargs:
        about_object = len(match.kwargs) > len(to.kwargs)
        if not about_object or match.kwargs["project"] == to.project.key:
            return reverse(match.view_name, kwargs=match.kwargs | to.kwargs)
    home = (entry for entry in _entries if entry.scoped and _is_current(entry, request))
    return address(next(home, _entries[0]), to)


def _is_current(entry: Entry, request: HttpRequest) -> bool:
    match = request.resolver_match
    here = (match.view_name or "") if match else ""
    return here == entry.url_name or bool(entry.family and here.startswith(entry.family))
