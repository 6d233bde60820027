"""The status page as people manage it: what it holds, its settings, and a look at it before it is public."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.domain.status import Impact
from apps.alerts.live.rendering import page_html, page_url, word
from apps.alerts.models import StatusPage
from apps.core import selectors as core
from apps.core.fields import ReasonField, VersionField
from apps.core.models.projects import slug
from apps.core.pages import Pill, ScopedPage
from apps.core.services import ReasonMissing, StaleVersion

UNPROCESSABLE, CONFLICT = 422, 409
VIEW = ("alerts.view_statuspage", "alerts.view_statuscomponent")
CHANGE = "alerts.change_statuspage"
ENTRIES = 10
TONES = {
    Impact.OPERATIONAL: "on",
    Impact.MAINTENANCE: "info",
    Impact.DEGRADED: "warn",
    Impact.PARTIAL_OUTAGE: "warn",
    Impact.MAJOR_OUTAGE: "killed",
}


class SettingsForm(forms.Form):
    version = VersionField()
    title = forms.CharField(label=gettext_lazy("Title"), max_length=100)
    slug = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=50,
        validators=[slug],
        help_text=gettext_lazy("The page answers at /status/ followed by this."),
    )
    text = forms.CharField(
        label=gettext_lazy("Introduction"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Shown on top of the page, to everybody."),
    )
    published = forms.BooleanField(
        label=gettext_lazy("Published: everybody may read it, without signing in"), required=False
    )

    def __init__(self, *args: Any, protected: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = ReasonField(required=protected)


def state_pill(impact: Impact) -> Pill:
    return Pill(TONES[impact], word(impact))


def tell(form: forms.Form, refused: ValidationError) -> None:
    """Each problem at the field that it is about."""
    for name, words in refused.message_dict.items():
        form.add_error(name if name in form.fields else None, words[0])


class StatusPagePage(ScopedPage):
    """All of it on one page; without one, how to begin."""

    title = gettext_lazy("Status page")
    template_name = "alerts/status.html"
    permission = VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        row = selectors.status_page(self.environment)
        told = selectors.page_told(row or StatusPage(environment=self.environment), at=self.at)
        rows = selectors.status_components(self.environment.pk)
        return self.render(
            page=row,
            address=row and page_url(row.slug),
            told=told,
            state=state_pill(told.state),
            components=[
                (component, state_pill(one.state), state_pill(Impact(component.state)))
                for component, one in zip(rows, told.components, strict=True)
            ],
            entries=[] if row is None else core.audit_of("alerts.statuspage", row.pk)[:ENTRIES],
            may_change=request.user.has_perm(CHANGE),
            may_add=request.user.has_perm("alerts.add_statuscomponent"),
            may_edit=request.user.has_perm("alerts.change_statuscomponent"),
        )


class SettingsPage(ScopedPage):
    """Makes the page where there is none."""

    title = gettext_lazy("Settings of the status page")
    template_name = "alerts/status_settings.html"
    permission = (*VIEW, CHANGE)

    def get(self, request: HttpRequest) -> HttpResponse:
        row = selectors.status_page(self.environment)
        names = ("title", "slug", "text", "published", "version")
        initial = {"version": 1, "title": self.project.name, "slug": self.project.key}
        initial = initial if row is None else {name: getattr(row, name) for name in names}
        return self._show(row, SettingsForm(initial=initial, protected=self.environment.protected))

    def post(self, request: HttpRequest) -> HttpResponse:
        row = selectors.status_page(self.environment)
        form = SettingsForm(request.POST, protected=self.environment.protected)
        if not form.is_valid():
            return self._show(row, form, status=UNPROCESSABLE)
        try:
            self._save(row, dict(form.cleaned_data))
        except ValidationError as refused:
            tell(form, refused)
            return self._show(row, form, status=UNPROCESSABLE)
        except (StaleVersion, services.StatusPageExists):
            form.add_error(None, _("Somebody saved this page while you were here. Open it again."))
            return self._show(row, form, status=CONFLICT)
        except ReasonMissing:
            form.add_error("reason", _("Say why, so that others understand this later."))
            return self._show(row, form, status=UNPROCESSABLE)
        return HttpResponseRedirect(self.url("status-page"))

    def _save(self, row: StatusPage | None, given: dict[str, Any]) -> None:
        version, reason = given.pop("version"), given.pop("reason")
        signed: dict[str, Any] = {"fields": given, "actor": self.actor, "reason": reason, "at": self.at}
        if row is None:
            services.create_status_page(environment_id=self.environment.pk, **signed)
        else:
            services.update_status_page(page_id=row.pk, expected_version=version, **signed)

    def _show(self, row: StatusPage | None, form: SettingsForm, *, status: int = 200) -> HttpResponse:
        crumbs = [(_("Status page"), self.url("status-page"))]
        return self.render(status=status, page=row, form=form, crumbs=crumbs)


class PreviewPage(ScopedPage):
    """As everybody would see it now; not out of memory, so that it is never old."""

    permission = VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        row = selectors.status_page(self.environment)
        if row is None:
            raise Http404("There is no status page here.")
        return HttpResponse(page_html(selectors.page_told(row, at=self.at), preview=True))
