"""Health checks made and changed, and a heartbeat's address, which is shown this once."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.fields import indented
from apps.core.pages import ScopedPage
from apps.core.services import ReasonMissing, StaleVersion
from apps.monitoring import services
from apps.monitoring.models import HealthCheck
from apps.monitoring.pages.check_forms import (
    EXAMPLES,
    ActForm,
    CheckForm,
    EditCheckForm,
    NewCheckForm,
    example_rows,
)
from apps.monitoring.selectors import checks
from apps.monitoring.services import MadeCheck

UNPROCESSABLE, CONFLICT = 422, 409


class CheckScope(ScopedPage):
    """A page about checks of this environment."""

    @property
    def protected(self) -> bool:
        return self.environment.protected

    def find(self, key: str) -> HealthCheck:
        row = checks.health_checks(self.environment).filter(key=key).first()
        if row is None:
            raise Http404(f"There is no health check {key} here.")
        return row

    def crumbs(self, row: HealthCheck | None = None) -> list[tuple[str, str]]:
        above = [] if row is None else [(row.name, self.url("check-detail", key=row.key))]
        return [(_("Health checks"), self.url("check-list")), *above]

    def put_on_newest(self, form: ActForm, row: HealthCheck) -> None:
        """What was typed stays, and whoever sends it again has been told of the newer version."""
        typed = self.request.POST.copy()
        typed["version"] = str(row.version)
        form.data = typed

    def show_address(self, made: MadeCheck) -> HttpResponse:
        """Answered to the POST itself: the token is kept nowhere, so that no second request could show it."""
        address = f"{settings.PUBLIC_URL}/ping/{made.ping_token}"
        return self.render(
            "monitoring/check_address.html",
            title=made.check.name,
            crumbs=self.crumbs(made.check),
            back=self.url("check-detail", key=made.check.key),
            address=address,
            curl=f"curl -fsS -m 10 --retry 5 -o /dev/null {address}",
            crontab=f"0 3 * * * /usr/local/bin/nightly.sh && curl -fsS -m 10 --retry 5 -o /dev/null {address}",
        )


class Editor(CheckScope):
    template_name = "monitoring/check_form.html"

    def show(self, form: CheckForm, *, status: int = 200, **context: Any) -> HttpResponse:
        return self.render(status=status, form=form, examples=example_rows(), **context)

    def attempt(self, form: CheckForm, save: Callable[[dict[str, Any]], HttpResponse], **context: Any) -> HttpResponse:
        """Saved, or shown again with what was typed and what is wrong with it."""
        if not form.is_valid():
            return self.show(form, status=UNPROCESSABLE, **context)
        try:
            return save(form.cleaned_data)
        except ValidationError as refused:
            form.refuse(refused)
        except ReasonMissing:
            form.add_error("reason", _("Say why, so that others understand this later."))
        except services.CheckIsArchived:
            form.add_error(None, _("Somebody archived this check while you were here."))
            return self.show(form, status=CONFLICT, **context)
        except StaleVersion:
            form.add_error(
                None, _("Somebody saved this check while you were here. Look at it: saving again replaces it.")
            )
            self.put_on_newest(form, self.find(context["check"].key))
            return self.show(form, status=CONFLICT, **context)
        return self.show(form, status=UNPROCESSABLE, **context)


class NewCheckPage(Editor):
    title = gettext_lazy("New health check")
    permission = "monitoring.add_healthcheck"

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {"version": 1, "config": indented(EXAMPLES[HealthCheck.Kind.HTTP])}
        return self.show(NewCheckForm(initial=initial, protected=self.protected), crumbs=self.crumbs())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewCheckForm(request.POST, protected=self.protected)
        return self.attempt(form, self._save, crumbs=self.crumbs())

    def _save(self, given: dict[str, Any]) -> HttpResponse:
        fields = {name: value for name, value in given.items() if name != "version"}
        made = services.create_check(environment_id=self.environment.pk, actor=self.actor, at=self.at, **fields)
        if made.ping_token:
            return self.show_address(made)
        return HttpResponseRedirect(self.url("check-detail", key=made.check.key))


class EditCheckPage(Editor):
    permission = "monitoring.change_healthcheck"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        initial = {name: getattr(row, name) for name in ("name", "period_seconds", "failures", "recoveries", "version")}
        form = self._form(row, initial=initial | {"config": indented(row.config)})
        return self.show(form, **self._about(row))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.find(key)
        form = self._form(row, data=request.POST)

        def save(given: dict[str, Any]) -> HttpResponse:
            services.update_check(
                check_id=row.pk,
                fields={name: given[name] for name in services.checks.FIELDS},
                secret=form.new_secret(),
                actor=self.actor,
                reason=given["reason"],
                at=self.at,
                expected_version=given["version"],
            )
            return HttpResponseRedirect(self.url("check-detail", key=key))

        return self.attempt(form, save, **self._about(row))

    def _form(self, row: HealthCheck, **options: Any) -> EditCheckForm:
        return EditCheckForm(protected=self.protected, has_secret=row.secret is not None, **options)

    def _about(self, row: HealthCheck) -> dict[str, Any]:
        return {"title": _("Edit %(name)s") % {"name": row.name}, "check": row, "crumbs": self.crumbs(row)}
