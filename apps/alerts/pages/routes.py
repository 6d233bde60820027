"""Routes: which alerts go to which channels, in the order in which they are asked."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.domain.labels import read_matchers
from apps.alerts.forms.routes import RouteForm, initial_of
from apps.alerts.models import Route
from apps.core import selectors as core
from apps.core.fields import ReasonField, VersionField
from apps.core.pages import ScopedPage
from apps.core.services import StaleVersion
from apps.flags.domain.engine.definitions import InvalidDefinition

UNPROCESSABLE, CONFLICT = 422, 409
LISTED = 20  # rules that a deletion would move
VIEW = ("alerts.view_channel", "alerts.view_route")


class RouteScope(ScopedPage):
    def find(self, key: str) -> Route:
        row = selectors.routes(self.project).filter(key=key).first()
        if row is None:
            raise Http404(f"There is no route {key} here.")
        return row

    def crumbs(self, row: Route | None = None) -> list[tuple[str, str]]:
        above = [] if row is None else [(row.key, self.url("channel-route", key=row.key))]
        return [(_("Routes"), self.url("channel-routes")), *above]

    def stale(self) -> str:
        return _("Somebody changed this route while you were here. Look at it, then do it again.")


class RoutesPage(RouteScope):
    title = gettext_lazy("Routes")
    template_name = "alerts/routes.html"
    permission = VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        known = {row.key: row for row in selectors.channels(self.project)}
        rows = list(selectors.routes(self.project))
        return self.render(
            rows=[(row, matcher_words(row), [known.get(key, key) for key in row.channels]) for row in rows],
            last=len(rows) - 1,
            catches_all=any(not row.matchers and not row.continues for row in rows),
            may_create=request.user.has_perm("alerts.add_route"),
            may_change=request.user.has_perm("alerts.change_route"),
        )


class Editor(RouteScope):
    template_name = "alerts/route.html"

    def form(self, *args: Any, **options: Any) -> RouteForm:
        return RouteForm(*args, channels=list(selectors.channels(self.project)), **options)

    def attempt(self, row: Route | None = None) -> HttpResponse:
        asked = self.request.POST
        form = self.form(asked)
        if asked.get("more") in form.fields:
            form.more(asked["more"])
            return self.show(form, row)
        if not form.is_valid():
            return self.show(form, row, status=UNPROCESSABLE)
        try:
            self.save(form, row)
        except ValidationError as error:
            form.refuse(error.message_dict)
            return self.show(form, row, status=UNPROCESSABLE)
        except StaleVersion as stale:
            form.add_error(None, _("Somebody saved this route while you were here. Saving again replaces it."))
            form.data = asked.copy()
            form.data["version"] = str(stale.found)
            return self.show(form, row, status=CONFLICT)
        return HttpResponseRedirect(self.url("channel-routes"))

    def save(self, form: RouteForm, row: Route | None) -> Route:
        signed = {"reason": form.cleaned_data["reason"], "actor": self.actor, "at": self.at}
        if row is None:
            return services.create_route(project_id=self.project.pk, fields=form.given(), **signed)
        version = form.cleaned_data["version"]
        return services.update_route(route_id=row.pk, fields=form.given(), expected_version=version, **signed)

    def show(self, form: RouteForm, row: Route | None, *, status: int = 200) -> HttpResponse:
        return self.render(
            status=status,
            title=row.key if row else self.title,
            form=form,
            route=row,
            crumbs=self.crumbs(),
            entries=core.audit_of("alerts.route", row.pk)[:10] if row else [],
            may_save=self.request.user.has_perm("alerts.change_route" if row else "alerts.add_route"),
            may_delete=row is not None and self.request.user.has_perm("alerts.delete_route"),
        )


class NewRoutePage(Editor):
    title = gettext_lazy("New route")
    permission = (*VIEW, "alerts.add_route")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.form(initial={"version": 1}), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.attempt()


class RoutePage(Editor):
    permission = VIEW

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        return self.show(self.form(initial=initial_of(row)), row)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        return self.refuse("alerts.change_route") or self.attempt(row)


class MoveRoutePage(RouteScope):
    permission = (*VIEW, "alerts.change_route")

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """One place up or down; at the end it stays where it is."""
        row, by = self.find(key), -1 if request.POST.get("to") == "up" else 1
        version = request.POST.get("version", "")
        try:
            services.update_route(
                route_id=row.pk,
                fields={"position": max(row.position + by, 0)},
                actor=self.actor,
                reason=_("moved up") if by < 0 else _("moved down"),
                at=self.at,
                expected_version=int(version) if version.isdecimal() else None,
            )
        except StaleVersion:
            messages.error(request, self.stale())
        return HttpResponseRedirect(self.url("channel-routes"))


class DeleteForm(forms.Form):
    version = VersionField()
    reason = ReasonField(required=False)


class DeleteRoutePage(RouteScope):
    template_name = "alerts/route_delete.html"
    permission = (*VIEW, "alerts.view_alertrule", "alerts.delete_route")

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        return self._show(row, DeleteForm(initial={"version": row.version}))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row, form = self.find(key), DeleteForm(request.POST)
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        why, version = form.cleaned_data["reason"], form.cleaned_data["version"]
        try:
            services.delete_route(route_id=row.pk, actor=self.actor, reason=why, at=self.at, expected_version=version)
        except StaleVersion as stale:
            form.add_error(None, self.stale())
            form.data = request.POST.copy()
            form.data["version"] = str(stale.found)
            return self._show(row, form, status=CONFLICT)
        messages.success(request, _("%(key)s is deleted.") % {"key": row.key})
        return HttpResponseRedirect(self.url("channel-routes"))

    def _show(self, row: Route, form: DeleteForm, *, status: int = 200) -> HttpResponse:
        moved = services.explain_deletion(route_id=row.pk, at=self.at)
        return self.render(
            status=status,
            title=_("Delete %(key)s") % {"key": row.key},
            route=row,
            form=form,
            moved=moved[:LISTED],
            more=max(len(moved) - LISTED, 0),
            last=selectors.routes(self.project).count() == 1,
            crumbs=self.crumbs(row),
        )


def matcher_words(row: Route) -> list[str]:
    """Of a route that may be too old to be read."""
    try:
        return [matcher.words for matcher in read_matchers("matchers", row.matchers)]
    except InvalidDefinition as fault:
        return [_("cannot be read: %s") % fault]
