"""Components of the status page: added, edited, moved, told by hand how they are, and deleted."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.models import Impact, StatusComponent
from apps.alerts.pages.status import CONFLICT, ENTRIES, UNPROCESSABLE, VIEW, tell
from apps.core import selectors as core
from apps.core.fields import ReasonField, VersionField
from apps.core.models.projects import slug
from apps.core.pages import ScopedPage
from apps.core.services import ReasonMissing, StaleVersion
from apps.monitoring import selectors as monitoring

CHANGE = "alerts.change_statuscomponent"


class VersionedForm(forms.Form):
    version = VersionField()

    def __init__(self, *args: Any, protected: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=protected)


class ComponentForm(VersionedForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=50,
        validators=[slug],
        help_text=gettext_lazy("Programs name it. It cannot be changed later."),
    )
    description = forms.CharField(label=gettext_lazy("Description"), max_length=250, required=False)
    checks = forms.MultipleChoiceField(
        label=gettext_lazy("Health checks that tell its state"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("All down: a major outage. Some down: a partial outage. Visitors see neither."),
    )

    def __init__(self, *args: Any, checks: list[tuple[str, str]], fixed: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["checks"].choices = checks  # type: ignore[attr-defined]  # of a field of choices
        if fixed:
            del self.fields["key"]
        if not checks:
            del self.fields["checks"]


class StateForm(VersionedForm):
    state = forms.ChoiceField(
        label=gettext_lazy("State by hand"),
        choices=Impact.choices,
        help_text=gettext_lazy("Incidents and health checks can only make it worse. The reason stays inside."),
    )


class ComponentScope(ScopedPage):
    template_name = "alerts/status_component.html"
    permission: str | tuple[str, ...] = (*VIEW, CHANGE)

    @property
    def protected(self) -> bool:
        return self.environment.protected

    def find(self, key: str) -> StatusComponent:
        row = selectors.status_components(self.environment.pk).filter(key=key).first()
        if row is None:
            raise Http404(f"There is no component {key} here.")
        return row

    def form(self, row: StatusComponent | None, *args: Any) -> ComponentForm:
        names = ("name", "description", "checks", "version")
        initial = {"version": 1} if row is None else {name: getattr(row, name) for name in names}
        checks = monitoring.check_names(self.environment.pk)
        return ComponentForm(*args, initial=initial, checks=checks, fixed=row is not None, protected=self.protected)

    def show(
        self,
        row: StatusComponent | None,
        form: ComponentForm,
        state_form: StateForm | None = None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        about: dict[str, Any] = {"title": _("New component")}
        if row is not None:
            initial = {"state": row.state, "version": row.version}
            about = {
                "title": row.name,
                "component": row,
                "state_form": state_form or StateForm(initial=initial, protected=self.protected, auto_id="state_%s"),
                "entries": core.audit_of("alerts.statuscomponent", row.pk)[:ENTRIES],
                "may_delete": self.request.user.has_perm("alerts.delete_statuscomponent"),
            }
        crumbs = [(_("Status page"), self.url("status-page"))]
        return self.render(status=status, form=form, crumbs=crumbs, protected=self.protected, **about)

    def attempt(
        self, form: forms.Form, write: Callable[[], object], show: Callable[[int], HttpResponse]
    ) -> HttpResponse:
        """Written, or shown again with what was typed and what is wrong with it."""
        try:
            write()
        except ValidationError as refused:
            tell(form, refused)
        except ReasonMissing:
            form.add_error("reason", _("Say why, so that others understand this later."))
        except services.ComponentExists:
            form.add_error("key", _("There is a component with this key already."))
        except StaleVersion:
            form.add_error(None, _("Somebody saved this component while you were here. Open it again."))
            return show(CONFLICT)
        else:
            return HttpResponseRedirect(self.url("status-page"))
        return show(UNPROCESSABLE)

    def signed(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"actor": self.actor, "reason": given.pop("reason"), "at": self.at}


class NewComponentPage(ComponentScope):
    permission = (*VIEW, "alerts.add_statuscomponent")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(None, self.form(None))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(None, request.POST)
        if not form.is_valid():
            return self.show(None, form, status=UNPROCESSABLE)
        given = dict(form.cleaned_data)
        del given["version"]
        signed = self.signed(given)

        def write() -> None:
            services.create_component(environment_id=self.environment.pk, fields=given, **signed)

        return self.attempt(form, write, lambda status: self.show(None, form, status=status))


class ComponentPage(ComponentScope):
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        return self.show(row, self.form(row))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        form = self.form(row, request.POST)
        if not form.is_valid():
            return self.show(row, form, status=UNPROCESSABLE)
        given = dict(form.cleaned_data)
        version, signed = given.pop("version"), self.signed(given)

        def write() -> None:
            services.update_component(component_id=row.pk, fields=given, expected_version=version, **signed)

        return self.attempt(form, write, lambda status: self.show(row, form, status=status))


class StatePage(ComponentScope):
    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        form = StateForm(request.POST, protected=self.protected, auto_id="state_%s")
        if not form.is_valid():
            return self.show(row, self.form(row), form, status=UNPROCESSABLE)
        given = dict(form.cleaned_data)
        version, signed = given["version"], self.signed(given)

        def write() -> None:
            services.set_component_state(component_id=row.pk, state=given["state"], expected_version=version, **signed)

        return self.attempt(form, write, lambda status: self.show(row, self.form(row), form, status=status))


class MovePage(ComponentScope):
    """One place up or down. The order of a list needs no reason of its own."""

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        order = [one.pk for one in selectors.status_components(self.environment.pk)]
        step = 1 if request.POST.get("to") == "down" else -1
        services.move_component(
            component_id=row.pk,
            position=max(0, order.index(row.pk) + step),
            actor=self.actor,
            reason=_("moved by hand"),
            at=self.at,
            expected_version=None,
        )
        return HttpResponseRedirect(self.url("status-page"))


class DeletePage(ComponentScope):
    permission = (*VIEW, "alerts.delete_statuscomponent")

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        form = VersionedForm(request.POST, protected=self.protected)
        if not form.is_valid():
            return self._refused(row, form, UNPROCESSABLE)
        given = dict(form.cleaned_data)
        version, signed = given["version"], self.signed(given)

        def write() -> None:
            services.delete_component(component_id=row.pk, expected_version=version, **signed)

        return self.attempt(form, write, lambda status: self._refused(row, form, status))

    def _refused(self, row: StatusComponent, form: forms.Form, status: int) -> HttpResponse:
        whole = self.form(row, self.request.POST)
        whole.errors.clear()
        for words in form.errors.values():
            whole.add_error(None, list(words))
        return self.show(row, whole, status=status)
