"""Services: which version is where, what one is, and its checklist. Where it runs is targets.py's."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core.services import StaleVersion
from apps.deployments import selectors, services
from apps.deployments.domain.checklist_parsing import dump_items
from apps.deployments.domain.standard_items import STANDARD_ITEMS
from apps.deployments.forms.services import (
    CHECKLIST,
    ChecklistForm,
    EditServiceForm,
    NewServiceForm,
    OwnItems,
    ServiceForm,
    distribute,
)
from apps.deployments.models import Service
from apps.deployments.pages import matrix
from apps.deployments.pages.base import CONFLICT, UNPROCESSABLE, DeploymentsPage
from apps.deployments.selectors.checklists import items_kept

RELEASES = 20
FIELDS = ("name", "description", "repository_url")
STALE = gettext_lazy("Somebody saved this service while you were here. Saving again replaces it.")


class ServicesScope(DeploymentsPage):
    """Reading is for whoever may see services; `needs` is what the page wants beyond that."""

    needs: tuple[str, ...] = ()

    def permissions(self) -> tuple[str, ...]:
        return ("deployments.view_service", "deployments.view_target", *self.needs)

    def find(self, key: str) -> Service:
        row = selectors.services(self.project).filter(key=key).first()
        if row is None:
            raise Http404(f"There is no service {key} here.")
        return row

    def crumbs(self, row: Service | None = None) -> list[tuple[str, str]]:
        above = [(row.name, self.url("service-detail", service=row.key))] if row else []
        return [(_("Services"), self.url("service-list")), *above]

    def may_change(self, name: str = "change_service") -> bool:
        return self.request.user.has_perm(f"deployments.{name}")


class ServicesPage(ServicesScope):
    title = gettext_lazy("Services")
    template_name = "deployments/services.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(
            rows=matrix.rows(self.project, self.environment),
            columns=matrix.columns(self.project),
            may_create=self.may_change("add_service"),
        )


class NewServicePage(ServicesScope):
    title = gettext_lazy("New service")
    template_name = "deployments/service_form.html"
    needs = ("deployments.add_service",)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(NewServiceForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewServiceForm(request.POST)
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                row = services.create_service(
                    project_id=self.project.pk, reason="", actor=self.actor, at=self.at, **given
                )
                return HttpResponseRedirect(self.url("service-target", service=row.key))
            except ValidationError as error:
                form.refuse(_told(error))
        return self._show(form, status=UNPROCESSABLE)

    def _show(self, form: ServiceForm, *, status: int = 200) -> HttpResponse:
        return self.render(status=status, form=form, crumbs=self.crumbs(), button=_("Create the service"))


class ServicePage(ServicesScope):
    template_name = "deployments/service.html"

    def get(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find(service)
        items = items_kept(row)
        return self.render(
            title=row.name,
            service=row,
            crumbs=self.crumbs(),
            cells=next(one.cells for one in matrix.rows(self.project, self.environment) if one.service == row),
            here=selectors.target_in(self.environment, row.key),
            releases=selectors.releases(row)[:RELEASES],
            items=items,
            required=sum(item.required for item in items),
            entries=core.audit_of("deployments.service", row.pk)[:10],
            may_change=self.may_change(),
            may_start=request.user.has_perm("deployments.add_deployment"),
        )


class EditServicePage(ServicesScope):
    template_name = "deployments/service_form.html"
    needs = ("deployments.change_service",)

    def get(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find(service)
        initial = {name: getattr(row, name) for name in (*FIELDS, "version")}
        return self._show(row, EditServiceForm(initial=initial))

    def post(self, request: HttpRequest, service: str) -> HttpResponse:
        row, form = self.find(service), EditServiceForm(request.POST)
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        try:
            fields = {name: form.cleaned_data[name] for name in FIELDS}
            services.update_service(service_id=row.pk, fields=fields, **signed(self, form))
        except ValidationError as error:
            form.refuse(_told(error))
            return self._show(row, form, status=UNPROCESSABLE)
        except StaleVersion as stale:
            return self._show(row, stand_on(form, stale), status=CONFLICT)
        return HttpResponseRedirect(self.url("service-detail", service=row.key))

    def _show(self, row: Service, form: ServiceForm, *, status: int = 200) -> HttpResponse:
        title = _("Edit %(name)s") % {"name": row.name}
        return self.render(status=status, title=title, form=form, crumbs=self.crumbs(row), button=_("Save the service"))


class ChecklistPage(ServicesScope):
    """Standard items are dropped, shown or required; a service's own items are rows."""

    template_name = "deployments/checklist.html"
    needs = ("deployments.change_service",)

    def get(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find(service)
        items = items_kept(row)
        return self._show(row, ChecklistForm(items=items, initial={"version": row.version}), OwnItems(initial=items))

    def post(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find(service)
        form, own = ChecklistForm(request.POST, items=items_kept(row)), OwnItems(request.POST)
        valid, added = form.is_valid(), own.read()
        if not valid or own.at_fault:
            return self._show(row, form, own, status=UNPROCESSABLE)
        standard = form.standard()
        try:
            fields = {CHECKLIST: _usual([*standard, *added])}
            services.update_service(service_id=row.pk, fields=fields, **signed(self, form))
        except ValidationError as error:
            distribute(_told(error), form, own, len(standard))
            return self._show(row, form, own, status=UNPROCESSABLE)
        except StaleVersion as stale:
            return self._show(row, stand_on(form, stale), own, status=CONFLICT)
        return HttpResponseRedirect(self.url("service-detail", service=row.key))

    def _show(self, row: Service, form: ChecklistForm, own: OwnItems, *, status: int = 200) -> HttpResponse:
        title = _("Checklist of %(name)s") % {"name": row.name}
        return self.render(status=status, title=title, form=form, own=own, service=row, crumbs=self.crumbs(row))


def signed(page: DeploymentsPage, form: Any) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "reason": given["reason"],
        "expected_version": given["version"],
        "actor": page.actor,
        "at": page.at,
    }


def stand_on(form: Any, stale: StaleVersion, words: Any = STALE) -> Any:
    """The form keeps what was typed; sent again, it replaces what somebody else saved."""
    form.add_error(None, words)
    form.data = form.data.copy()
    form.data["version"] = str(stale.found)
    return form


def _usual(items: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """None for the list as it is without anybody's doing, so that the service goes along with later ones."""
    return None if items == dump_items(STANDARD_ITEMS) else items


def _told(error: ValidationError) -> dict[str, list[str]]:
    """A constraint over several fields, such as a key that is taken, is told at the key."""
    found = error.message_dict
    taken = found.pop("__all__", None)
    return found | ({"key": [_("This project has a service of this key already.")]} if taken else {})


urlpatterns = [
    path("services/", ServicesPage.as_view(), name="service-list"),
    path("new-service/", NewServicePage.as_view(), name="service-new"),
    path("services/<slug:service>/", ServicePage.as_view(), name="service-detail"),
    path("services/<slug:service>/edit/", EditServicePage.as_view(), name="service-edit"),
    path("services/<slug:service>/checklist/", ChecklistPage.as_view(), name="service-checklist"),
]
