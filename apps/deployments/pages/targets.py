"""How a service is deployed in the environment of the address: set up, changed, and tried out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import selectors as core
from apps.core.pages import Pill
from apps.core.services import ReasonMissing, StaleVersion
from apps.deployments import selectors, services
from apps.deployments.domain.access import Action
from apps.deployments.domain.calendar import DEFAULT_CALENDAR
from apps.deployments.domain.calendar_parsing import dump_calendar
from apps.deployments.domain.gates import CHOSEN, usual
from apps.deployments.domain.plans import CANARY, WHOLE, dump_steps, parse_steps
from apps.deployments.forms.rows import FREEZE, Smoke, Stretches
from apps.deployments.forms.steps import Steps
from apps.deployments.forms.targets import OWN, TargetForm, initial_of
from apps.deployments.models import Service, Target
from apps.deployments.pages import gate_words, snippets
from apps.deployments.pages.base import CONFLICT, UNPROCESSABLE
from apps.deployments.pages.services import ServicesScope, stand_on
from apps.deployments.services import Tried

STALE = gettext_lazy("Somebody saved these settings while you were here. Saving again replaces them.")


@dataclass(slots=True)
class Typed:
    """The form and its rows."""

    form: TargetForm
    steps: Steps
    smoke: Smoke
    stretches: Stretches

    @property
    def rows(self) -> tuple[tuple[Any, str, str], ...]:
        return (
            (self.steps, _("Steps"), _("Step")),
            (self.smoke, _("Smoke tests"), _("Smoke test")),
            (self.stretches, _("Stretches"), _("Stretch")),
        )

    def read(self, kept: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """The fields of the target, or None when something typed is at fault. `kept`: its calendar's JSON."""
        valid = self.form.is_valid()
        steps, smoke, stretches = self.steps.read(), self.smoke.read(), self.stretches.read()
        if not valid or steps is None or any(rows.at_fault for rows, *_names in self.rows):
            return None
        own: dict[str, Any] | None = None
        if self.form.cleaned_data["calendar"] == OWN:
            own = {**stretches, FREEZE: (kept or {}).get(FREEZE, [])}
        return {**self.form.given(), "steps": dump_steps(steps), "smoke": smoke, "windows": own}

    def refuse(self, problems: Mapping[str, list[str]]) -> None:
        for place, told in problems.items():
            about = place.partition("[")[0]
            for words in told:
                if about in ("steps", "smoke"):
                    (self.steps if about == "steps" else self.smoke).add_fault(place, words)
                elif place.startswith("windows."):
                    self.stretches.add_problem(place.removeprefix("windows."), words)
                else:
                    self.form.refuse(place, [words])


class TargetPage(ServicesScope):
    template_name = "deployments/target.html"

    def get(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find_target(service)
        return self.show(row, self.typed(row))

    def post(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find_target(service)
        refused = self.refuse(*self.needed(Action.CONFIGURE), *self._needed_to_create(row))
        if refused:
            return refused
        typed = self.typed(row, request.POST)
        fields = typed.read(row.windows)
        if fields is None:
            return self.show(row, typed, status=UNPROCESSABLE)
        try:
            return self._saved(row, self._save(row, typed.form, fields))
        except ValidationError as error:
            typed.refuse(error.message_dict)
        except ReasonMissing:
            typed.form.add_error("reason", _("Say why, so that others understand this later."))
        except StaleVersion as stale:
            stand_on(typed.form, stale, STALE)
            return self.show(row, typed, status=CONFLICT)
        return self.show(row, typed, status=UNPROCESSABLE)

    def find_target(self, key: str) -> Target:
        """The one that is kept, or one that is not yet, with the usual settings."""
        service = self.find(key)
        known = selectors.target_in(self.environment, key)
        return known or _new(service, self.environment)

    def typed(self, row: Target, data: Any = None) -> Typed:
        form = TargetForm(
            data,
            initial=initial_of(row),
            gates={gate.value: gate_words.NAMES[gate] for gate in CHOSEN},
            reason_required=self.environment.protected,
        )
        if data is not None:
            return Typed(form, Steps(data), Smoke(data), Stretches(data))
        calendar: Any = dump_calendar(DEFAULT_CALENDAR) if row.windows is None else row.windows
        steps = parse_steps(row.steps) or CANARY
        return Typed(form, Steps(initial=steps), Smoke(initial=row.smoke), Stretches(initial=calendar))

    def show(self, row: Target, typed: Typed, *, status: int = 200, tried: Tried | None = None) -> HttpResponse:
        names = {"service": row.service.name, "environment": self.environment.name}
        return self.render(
            "deployments/target.html",
            status=status,
            title=_("%(service)s in %(environment)s") % names,
            crumbs=self.crumbs(row.service),
            target=row,
            service=row.service,
            typed=typed,
            form=typed.form,
            may_save=self.may(Action.CONFIGURE) and self.request.user.has_perms(self._needed_to_create(row)),
            tried=tried and _tried(tried),
            trouble=tried.trouble if tried else "",
            weekly=any(row.windows.get(FREEZE, [])) if row.windows else False,
            snippets=snippets.BY_DRIVER,
            entries=core.audit_of("deployments.target", row.pk)[:10] if row.pk else [],
        )

    def _needed_to_create(self, row: Target) -> tuple[str, ...]:
        return () if row.pk else ("deployments.add_target",)

    def _save(self, row: Target, form: TargetForm, fields: dict[str, Any]) -> Target:
        signed = {"reason": form.cleaned_data["reason"], "actor": self.actor, "at": self.at}
        if row.pk:
            version = form.cleaned_data["version"]
            return services.update_target(
                target_id=row.pk, fields=fields, slots=form.slots(), expected_version=version, **signed
            )
        place: dict[str, Any] = {"service_id": row.service.pk, "environment_id": self.environment.pk}
        return services.create_target(**place, fields=fields, slots=form.slots(), **signed)

    def _saved(self, before: Target, row: Target) -> HttpResponse:
        """A secret that was just made is shown this once."""
        if row.agent_secret and not before.agent_secret:
            return show_once(self, row)
        return HttpResponseRedirect(self.url("service-target", service=row.service.key))


class KeptTarget(TargetPage):
    """A deed on a target that is set up. POST alone."""

    http_method_names = ("post", "options")

    def permissions(self) -> tuple[str, ...]:
        return (*super().permissions(), *self.needed(Action.CONFIGURE))

    def find_target(self, key: str) -> Target:
        row = super().find_target(key)
        if row.pk is None:
            raise Http404(f"{key} is not set up in {self.environment.key}.")
        return row


class TryPage(KeptTarget):
    """Reads the proxy and probes both slots, now."""

    def post(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find_target(service)
        return self.show(row, self.typed(row), tried=services.try_target(target_id=row.pk))


class SecretPage(KeptTarget):
    def post(self, request: HttpRequest, service: str) -> HttpResponse:
        row = self.find_target(service)
        try:
            why = _("renewed by hand")
            return show_once(
                self, services.renew_agent_secret(target_id=row.pk, actor=self.actor, reason=why, at=self.at)
            )
        except services.InvalidTarget as error:
            messages.error(request, error.messages[0])
            return HttpResponseRedirect(self.url("service-target", service=service))


def show_once(page: ServicesScope, row: Target) -> HttpResponse:
    """The one answer that holds a signing secret. No page can be opened to see it again."""
    return page.render(
        "deployments/target_secret.html",
        title=_("The agent's secret"),
        target=row,
        service=row.service,
        secret=services.agent_secret(row),
        crumbs=page.crumbs(row.service),
    )


def _new(service: Service, environment: Any) -> Target:
    row = Target(service=service, environment=environment)
    production = environment.kind == environment.Kind.PRODUCTION
    row.gates = {gate.value: on for gate, on in usual(production=production).items()}
    return row


def _tried(found: Tried) -> list[tuple[str, str, Pill, str]]:
    """Slot, share, pill and words."""
    return [
        (
            one.name,
            "" if one.weight is None else f"{one.weight / (WHOLE / 100):g} %",
            Pill("on", _("Healthy")) if one.probe.ok else Pill("killed", _("Not healthy")),
            one.probe.words,
        )
        for one in found.slots
    ]


urlpatterns = [
    path("services/<slug:service>/target/", TargetPage.as_view(), name="service-target"),
    path("services/<slug:service>/target/try/", TryPage.as_view(), name="service-target-try"),
    path("services/<slug:service>/target/secret/", SecretPage.as_view(), name="service-target-secret"),
]
