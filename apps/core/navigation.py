"""The sidebar's registry: what can be gone to, by task. Apps do not register themselves; the admin site wires entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from apps.core.models import Environment, Project

Label = str | Promise


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


def sidebar(entries: Iterable[Entry], request: HttpRequest, scope: Scope | None) -> list[Group]:
    """The groups in the order of their first entry, without what this person may not see."""
    groups: dict[str, Group] = {}
    current = _current_name(request)
    for entry in allowed(entries, request, scope):
        group = groups.setdefault(str(entry.group), Group(entry.group, []))
        group.links.append(Link(entry.label, address(entry, scope), entry.icon, is_current(entry, current)))
    return list(groups.values())


def allowed(entries: Iterable[Entry], request: HttpRequest, scope: Scope | None) -> list[Entry]:
    return [
        entry
        for entry in entries
        if (scope or not entry.scoped) and (not entry.permission or _has(request.user, entry.permission))
    ]


def address(entry: Entry, scope: Scope | None) -> str:
    return reverse(entry.url_name, kwargs=scope.kwargs if scope and entry.scoped else None)


def is_current(entry: Entry, url_name: str) -> bool:
    own = entry.url_name.removeprefix("admin:")
    return url_name == own or bool(entry.family and url_name.startswith(entry.family))


def same_page(request: HttpRequest, scope: Scope, entries: Sequence[Entry]) -> str:
    """The page being looked at, in another scope. An object of one project gives way to its list in another."""
    match = request.resolver_match
    kept = dict(match.kwargs) if match else {}
    if match and "environment" in kept:
        moved = kept.get("project") != scope.project.key and len(kept) > len(scope.kwargs)
        if not moved:
            return reverse(match.view_name, kwargs=kept | scope.kwargs)
    home = next((entry for entry in entries if entry.scoped and is_current(entry, _current_name(request))), None)
    return address(home, scope) if home else reverse("admin:overview", kwargs=scope.kwargs)


def optional_address(url_name: str, **kwargs: Any) -> str | None:
    """The address, or None where no page of that name is wired."""
    try:
        return reverse(url_name, kwargs=kwargs)
    except NoReverseMatch:
        return None


def _current_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name or "") if match else ""


def _has(user: Any, permission: str) -> bool:
    return bool(user.has_perm(permission))
