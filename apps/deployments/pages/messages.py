"""What people are told about deployments: the project's own words for each kind, or the usual ones."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.services import StaleVersion
from apps.deployments import services
from apps.deployments.domain.access import Action
from apps.deployments.domain.messages import DEFAULTS, PLACEHOLDERS, SAMPLE, Kind, Template, check, rendered
from apps.deployments.forms.messages import MessageForm
from apps.deployments.models import MessageTemplate
from apps.deployments.pages.base import CONFLICT, UNPROCESSABLE, DeploymentsPage
from apps.deployments.selectors.deployments import message_templates

WHEN = {
    Kind.PLANNED: gettext_lazy("When a deployment is planned for later."),
    Kind.STARTED: gettext_lazy("When one starts."),
    Kind.AWAITING_APPROVAL: gettext_lazy("When one waits for people to approve it."),
    Kind.SUCCEEDED: gettext_lazy("When one is through, its watch included."),
    Kind.FAILED: gettext_lazy("When one cannot go on by itself."),
    Kind.ROLLED_BACK: gettext_lazy("When the version before has the traffic again."),
    Kind.MAINTENANCE: gettext_lazy("Before users may notice something."),
}


class MessagesScope(DeploymentsPage):
    def permissions(self) -> tuple[str, ...]:
        return (*super().permissions(), "deployments.view_messagetemplate")

    def kept(self) -> dict[Kind, MessageTemplate]:
        return {Kind(row.kind.lower()): row for row in message_templates(self.project)}

    def kind_of(self, name: str) -> Kind:
        if name not in list(Kind):
            raise Http404(f"There is no message {name}.")
        return Kind(name)


class MessagesPage(MessagesScope):
    title = gettext_lazy("Messages")
    template_name = "deployments/messages.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        kept = self.kept()
        return self.render(
            rows=[
                (kind.value, label_of(kind), WHEN[kind], kind in kept, rendered(words_of(kind, kept), SAMPLE)[0])
                for kind in Kind
            ]
        )


class MessagePage(MessagesScope):
    template_name = "deployments/message.html"

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        found, kept = self.kind_of(kind), self.kept()
        words, row = words_of(found, kept), kept.get(found)
        initial = {"subject": words.subject, "body": words.body, "version": row.version if row else 0}
        return self._show(found, MessageForm(initial=initial), words)

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        found = self.kind_of(kind)
        refused = self.refuse(*self.needed(Action.WRITE))
        if refused:
            return refused
        form, words = MessageForm(request.POST), typed(request)
        if "preview" in request.POST:
            form.is_valid()
            return self._show(found, form, words)
        if not form.is_valid():
            return self._show(found, form, words, status=UNPROCESSABLE)
        try:
            services.set_template(
                project_id=self.project.pk,
                kind=found.value.upper(),
                subject=form.cleaned_data["subject"],
                body=form.cleaned_data["body"],
                expected_version=form.cleaned_data["version"],
                actor=self.actor,
                at=self.at,
            )
        except ValidationError as error:
            form.refuse(error.message_dict)
            return self._show(found, form, words, status=UNPROCESSABLE)
        except StaleVersion as stale:
            form.add_error(None, _("Somebody saved these words while you were here. Saving again replaces them."))
            data = request.POST.copy()
            data["version"] = str(stale.found)
            form.data = data
            return self._show(found, form, words, status=CONFLICT)
        return HttpResponseRedirect(self.url("deployment-messages"))

    def _show(self, kind: Kind, form: MessageForm, words: Template, *, status: int = 200) -> HttpResponse:
        return self.render(
            status=status,
            title=_("Message: %(kind)s") % {"kind": label_of(kind)},
            crumbs=[(_("Deployments"), self.url("deployment-list")), (_("Messages"), self.url("deployment-messages"))],
            kind=kind.value,
            when_sent=WHEN[kind],
            form=form,
            own=kind in self.kept(),
            placeholders=PLACEHOLDERS.items(),
            may_save=self.may(Action.WRITE),
            **preview(words),
        )


class MessagePreviewPage(MessagesScope):
    """The same words with sample values, as they are typed. Changes nothing."""

    action = Action.WRITE

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        self.kind_of(kind)
        return self.render("deployments/parts/message_preview.html", **preview(typed(request)))


class ResetMessagePage(MessagesScope):
    action = Action.WRITE

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        found = self.kind_of(kind)
        services.reset_template(project_id=self.project.pk, kind=found.value.upper(), actor=self.actor, at=self.at)
        return HttpResponseRedirect(self.url("deployment-messages"))


def label_of(kind: Kind) -> str:
    return str(MessageTemplate.Kind(kind.value.upper()).label)


def words_of(kind: Kind, kept: dict[Kind, MessageTemplate]) -> Template:
    row = kept.get(kind)
    return Template(row.subject, row.body) if row else DEFAULTS[kind]


def typed(request: HttpRequest) -> Template:
    return Template(request.POST.get("subject", ""), request.POST.get("body", ""))


def preview(words: Template) -> dict[str, Any]:
    subject, body = rendered(words, SAMPLE)
    return {"subject": subject, "body": body, "problems": check(words)}


urlpatterns = [
    path("deployments/messages/", MessagesPage.as_view(), name="deployment-messages"),
    path("deployments/messages/<slug:kind>/", MessagePage.as_view(), name="deployment-message"),
    path("deployments/messages/<slug:kind>/preview/", MessagePreviewPage.as_view(), name="deployment-message-preview"),
    path("deployments/messages/<slug:kind>/reset/", ResetMessagePage.as_view(), name="deployment-message-reset"),
]
