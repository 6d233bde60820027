"""The base of our own pages inside the admin site. No page of an app and no rule lives here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from apps.core import audit, clock, navigation, selectors
from apps.core.audit import Actor
from apps.core.models import Environment, Project
from apps.core.navigation import Label, Scope


@dataclass(frozen=True, slots=True)
class Pill:
    """A state as a coloured word. `tone` ends the CSS class."""

    tone: str
    text: str


def person(request: HttpRequest) -> Actor:
    """The signed-in person as the actor that services ask for."""
    return audit.person(request.user)


class Page(View):
    """A page inside the admin site: signed-in staff only, in the frame, with `permission` checked.

    class Health(Page):
        title = _("Health")
        template_name = "console/health.html"       # extends "admin/base_site.html", fills block `content`
        permission = "core.view_tick"               # or a tuple, all of which are needed

        def get(self, request: HttpRequest) -> HttpResponse:
            return self.render(checks=...)

    `as_view()` already asks for the login. `self.at` is the moment of the request, `self.actor` the person.
    What a POST needs beyond `permission` goes through `self.refuse(...)`: `return refused` when it answers.
    """

    title: Label = ""
    template_name = ""
    permission: str | tuple[str, ...] = ()
    at: datetime

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        view: Callable[..., HttpResponseBase] = admin.site.admin_view(super().as_view(**initkwargs))
        return view

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.at = clock.now()

    @property
    def actor(self) -> Actor:
        return person(self.request)

    def permissions(self) -> tuple[str, ...]:
        """All of these are needed. Override where it depends on the method or on the object."""
        return (self.permission,) if isinstance(self.permission, str) else self.permission

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.refuse(*self.permissions()) or super().dispatch(request, *args, **kwargs)

    def refuse(self, *permissions: str) -> HttpResponse | None:
        """The page that says which role may do this, or None when this person may."""
        if self.request.user.has_perms(permissions):
            return None
        return forbidden(self.request, permissions, **self.frame())

    def frame(self) -> dict[str, Any]:
        """Context that every page of this class has."""
        return {"title": self.title, "at": self.at}

    def render(self, template_name: str = "", *, status: int = 200, **context: Any) -> TemplateResponse:
        """The template in the frame. Give `title`, `subtitle` or `crumbs` ([(label, url)]) to replace the class's."""
        everything = {**admin.site.each_context(self.request), **self.frame(), **context}
        return TemplateResponse(self.request, template_name or self.template_name, everything, status=status)


class ScopedPage(Page):
    """A page below `p/<slug:project>/<slug:environment>/`: 404 when either is unknown.

    `self.project`, `self.environment` and `self.scope` are there in every method; the template has `scope`.
    Link with `reverse("admin:flag-list", kwargs=self.scope.kwargs)`, in templates `{% scoped_url "admin:flag-list" %}`.
    """

    scope: Scope

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Strangers are sent to the login by `admin_view` before this runs, so a 404 tells them nothing."""
        super().setup(request, *args, **kwargs)
        self.scope = find_scope(kwargs.pop("project"), kwargs.pop("environment"))
        self.kwargs = kwargs
        request.scope = self.scope  # type: ignore[attr-defined]  # each_context draws the frame around it

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **self.kwargs)

    @property
    def project(self) -> Project:
        return self.scope.project

    @property
    def environment(self) -> Environment:
        return self.scope.environment

    def url(self, name: str, **kwargs: Any) -> str:
        """The address of another page in this project and environment, as in "flag-detail"."""
        return reverse(f"admin:{name}", kwargs={**self.scope.kwargs, **kwargs})

    def frame(self) -> dict[str, Any]:
        return super().frame() | {"scope": self.scope}


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context that draws the frame; one query. Project names are for those who may see projects."""
    return navigation.frame(request, scopes() if request.user.has_perm("core.view_project") else [])


def scopes() -> list[Scope]:
    """Every environment of every project, in the order that people see them."""
    return [Scope(row.project, row) for row in selectors.all_environments()]


def find_scope(project_key: str, environment_key: str) -> Scope:
    """Raises Http404 for an unknown project or environment."""
    environment = selectors.environment(project_key, environment_key)
    if environment is None:
        raise Http404(f"There is no environment {environment_key} in a project {project_key}.")
    return Scope(environment.project, environment)


def forbidden(request: HttpRequest, permissions: Sequence[str], **context: Any) -> TemplateResponse:
    """403 in the frame, naming the roles that hold all of these permissions."""
    everything = {
        **admin.site.each_context(request),
        **context,
        "roles": roles_with(permissions),
        "missing": [name for name in permissions if not request.user.has_perm(name)],
    }
    return TemplateResponse(request, "admin/forbidden.html", everything, status=403)


def roles_with(permissions: Sequence[str]) -> list[str]:
    """Groups that hold every one of these permissions."""
    groups = Group.objects.all()
    for name in permissions:
        app, codename = name.split(".")
        groups = groups.filter(permissions__content_type__app_label=app, permissions__codename=codename)
    return list(groups.order_by("name").values_list("name", flat=True))
