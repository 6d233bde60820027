"""Starting a deployment: what and how, then a look at what would come of it, then the start."""

import secrets
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.navigation import Label
from apps.core.pages import Pill
from apps.core.services import ReasonMissing
from apps.deployments import selectors, services
from apps.deployments.domain.access import Action
from apps.deployments.domain.gates import SKIPPED_BY_HOTFIX, Answer
from apps.deployments.domain.plans import CANARY, parse_steps
from apps.deployments.forms.starting import NUMBER, StartForm
from apps.deployments.forms.steps import Steps
from apps.deployments.models import Deployment, GateReport, Release, Target
from apps.deployments.models.services import Strategy
from apps.deployments.pages import gate_words
from apps.deployments.pages.base import UNPROCESSABLE, DeploymentsPage, lasted
from apps.deployments.pages.listing import detail_url
from apps.deployments.services import Preview

OFFERED = 50  # versions
NOT_CARRIED = {"csrfmiddlewaretoken", "confirmed", "edit"}


class StartPage(DeploymentsPage):
    title = gettext_lazy("Start a deployment")
    template_name = "deployments/start.html"
    action = Action.REQUEST

    def get(self, request: HttpRequest) -> HttpResponse:
        target, hotfix = self._target(), request.GET.get("hotfix") == "1"
        refused = self._refuse_hotfix(hotfix)
        if refused or target is None:
            return refused or self._choose()
        asked = request.GET.get("release", "")
        form = self._form(target, asked, hotfix, initial=_initial(target, asked, hotfix))
        return self._edit(target, form, Steps(initial=parse_steps(target.steps) or CANARY))

    def post(self, request: HttpRequest) -> HttpResponse:
        """The review of what was typed; with `confirmed`, the start; with `edit`, the form again."""
        target, hotfix = self._target(), bool(request.POST.get("hotfix"))
        refused = self._refuse_hotfix(hotfix)
        if refused or target is None:
            return refused or self._choose()
        form, rows = self._form(target, request.POST.get("release", ""), hotfix, request.POST), Steps(request.POST)
        if "edit" in request.POST:
            form.is_valid()
            return self._edit(target, form, rows)
        steps = self._steps(form, rows)
        if steps is None:
            return self._edit(target, form, rows, status=UNPROCESSABLE)
        try:
            return self._answer(target, form, {**form.asked(), "steps": steps})
        except ValidationError as error:
            form.refuse(error.message_dict)
        except services.ReleaseExists:
            form.add_error(
                NUMBER, _("This version is there already, made from another commit. A version never changes.")
            )
        except services.IdempotencyKeyReused:
            form.add_error(None, _("This form was sent before, for another version. Send it again to start this."))
            form.data = request.POST.copy()
            form.data["idempotency_key"] = secrets.token_urlsafe(18)
        except ReasonMissing:
            form.add_error("reason", _("Say why, so that others understand this later."))
        return self._edit(target, form, rows, status=UNPROCESSABLE)

    def _answer(self, target: Target, form: StartForm, asked: dict[str, Any]) -> HttpResponse:
        where: dict[str, Any] = {"environment_id": self.environment.pk, "service_key": target.service.key}
        signed = {**where, "actor": self.actor, "at": self.at}
        if "confirmed" in self.request.POST:
            made = services.request_version(**signed, **asked)
            return HttpResponseRedirect(detail_url(self.scope, made.pk))
        return self._review(target, form, services.preview_version(**signed, **asked))

    def _steps(self, form: StartForm, rows: Steps) -> Any:
        """None when something typed is at fault. A deployment in one step needs no rows."""
        valid = form.is_valid()
        if form.cleaned_data.get("strategy") == Strategy.BLUE_GREEN:
            return () if valid else None
        read = rows.read()
        return read if valid else None

    def _refuse_hotfix(self, hotfix: bool) -> HttpResponse | None:
        return self.refuse(*self.needed(Action.OVERRIDE)) if hotfix else None

    def _target(self) -> Target | None:
        """The one that the address names, or the only one that there is."""
        rows = list(selectors.targets(self.environment))
        asked = self.request.GET.get("service", "")
        if asked or len(rows) != 1:
            return next((row for row in rows if row.service.key == asked), None)
        return rows[0]

    def _form(self, target: Target, chosen: str, hotfix: bool, *args: Any, **options: Any) -> StartForm:
        rows = selectors.releases(target.service)
        offered = list(rows[:OFFERED])
        if chosen and all(row.number != chosen for row in offered):
            offered += rows.filter(number=chosen.replace("\0", ""))
        required = hotfix or self.environment.protected
        return StartForm(*args, releases=offered, reason_required=required, new=self.may(Action.RELEASE), **options)

    def _choose(self) -> HttpResponse:
        return self.render(
            "deployments/start_choose.html",
            targets=list(selectors.targets(self.environment)),
            crumbs=self._crumbs(),
            query=f"&hotfix={1}" if self.request.GET.get("hotfix") == "1" else "",
            may_configure=self.request.user.has_perm("deployments.add_service"),
        )

    def _crumbs(self) -> list[tuple[str, str]]:
        return [(_("Deployments"), self.url("deployment-list"))]

    def _edit(self, target: Target, form: StartForm, rows: Steps, *, status: int = 200) -> HttpResponse:
        hotfix = bool(form["hotfix"].value())
        return self.render(
            status=status,
            title=self._title(target, hotfix),
            crumbs=self._crumbs(),
            target=target,
            form=form,
            steps=rows,
            hotfix=hotfix,
            skipped=skipped_words(target),
            address=self._address(target),
            others=selectors.targets(self.environment).exclude(pk=target.pk),
            may_hotfix=self.may(Action.OVERRIDE),
            new_open=not form["release"].value() or any(form[name].errors for name in NEW),
            new_names=NEW,
        )

    def _review(self, target: Target, form: StartForm, preview: Preview) -> HttpResponse:
        data: Any = self.request.POST
        hotfix = form.cleaned_data["hotfix"]
        return self.render(
            "deployments/start_review.html",
            title=_("Review: %(title)s") % {"title": self._title(target, hotfix)},
            crumbs=[*self._crumbs(), (str(self.title), self._address(target))],
            target=target,
            preview=preview,
            gates=[_said(one) for one in preview.answers],
            steps=[(step, lasted(step.hold_seconds) if step.hold_seconds else "") for step in preview.plan.steps],
            watch=lasted(preview.plan.watch_seconds),
            scheduled_at=form.cleaned_data["scheduled_at"],
            message=form.cleaned_data["reason"],
            notes=list(_notes(target, preview)),
            hotfix=hotfix,
            skipped=skipped_words(target),
            address=self._address(target),
            carried=[(name, value) for name in data if name not in NOT_CARRIED for value in data.getlist(name)],
        )

    def _title(self, target: Target, hotfix: bool) -> str:
        names = {"service": target.service.name, "environment": self.environment.name}
        if hotfix:
            return _("Emergency hotfix of %(service)s in %(environment)s") % names
        return _("Deploy %(service)s to %(environment)s") % names

    def _address(self, target: Target) -> str:
        return self.url("deployment-new") + f"?service={target.service.key}"


NEW = ("version", "commit_sha", "commit_message", "commit_author", "artifact", "flags", "contracts")


def skipped_words(target: Target) -> list[str]:
    """The gates that this target asks for, and an emergency does not wait for."""
    return [
        str(words)
        for gate, words in gate_words.NAMES.items()
        if gate in SKIPPED_BY_HOTFIX and target.gates.get(gate.value)
    ]


def _said(answer: Answer) -> tuple[Label, Pill, str]:
    """The gate, its verdict and the reason."""
    pill = Pill(gate_words.TONES[answer.verdict], str(GateReport.Verdict(answer.verdict.value).label))
    return gate_words.NAMES[answer.gate], pill, answer.reason


def _initial(target: Target, release: str, hotfix: bool) -> dict[str, Any]:
    return {
        "release": release or (selectors.releases(target.service).values_list("number", flat=True).first() or ""),
        "strategy": target.strategy,
        "watch_seconds": target.watch_seconds,
        "hotfix": hotfix,
        "idempotency_key": secrets.token_urlsafe(18),
    }


def _notes(target: Target, preview: Preview) -> Iterator[str]:
    """What somebody would rather know before than after."""
    live, release = preview.live, preview.release
    if live is not None and live.number == release.number:
        yield _("%(version)s is live already: it is brought up on the other slot and gets the traffic anew.") % {
            "version": live.number
        }
    elif live is not None and release.created_at < live.created_at:
        yield _("%(version)s is older than %(live)s, which is live.") % {"version": release.number, "live": live.number}
    if release.contracts:
        yield _("It removes from the database what the version before needs: traffic cannot be switched back to that.")
    if _rolled_back(target, release):
        yield _("%(version)s was rolled back here before.") % {"version": release.number}
    if target.driver == Target.Driver.EXTERNAL:
        yield _("Somebody else moves the traffic of this service: each step waits until they report it.")
    elif not target.agent_url:
        yield _("No agent brings the version up: have it running on the spare slot by then.")


def _rolled_back(target: Target, release: Release) -> bool:
    found = selectors.deployments(target.environment).filter(target=target, release__number=release.number)
    return found.filter(state=Deployment.State.ROLLED_BACK).exists()


urlpatterns = [path("deployments/new/", StartPage.as_view(), name="deployment-new")]
