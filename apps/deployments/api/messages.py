"""What people are told about deployments: the project's words for each kind of message, or the usual ones."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.deployments import services
from apps.deployments.api.views import DeploymentsViewSet
from apps.deployments.domain.access import Action
from apps.deployments.domain.messages import DEFAULTS, PLACEHOLDERS, SAMPLE, Kind, Template, check, rendered
from apps.deployments.models import MessageTemplate
from apps.deployments.selectors.messages import own_templates
from apps.deployments.serializers.messages import MessagePreview, MessageTemplateIn, MessageTemplateOut, MessageWords

TAG = "Messages of deployments"
WORDS = example(
    "Short and plain",
    {"subject": "Done: {service} {version}", "body": "{service} {version} is on {environment}. {url}"},
    request=True,
)


class MessageViewSet(DeploymentsViewSet):
    http_method_names = [*DeploymentsViewSet.http_method_names, "delete"]
    actions = {
        "list": Action.VIEW,
        "retrieve": Action.VIEW,
        "update": Action.WRITE,
        "destroy": Action.WRITE,
        "preview": Action.WRITE,
    }

    @endpoint(TAG, "List message templates", answers=MessageTemplateOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        known = own_templates(self.project)
        results = [_told(kind, known) for kind in MessageTemplate.Kind]
        return Response({"next": None, "previous": None, "results": results})

    @endpoint(TAG, "Read a message template", answers=MessageTemplateOut)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return self._answer()

    @endpoint(
        TAG,
        "Write a message template",
        description=f"Names in braces are filled in: {', '.join(PLACEHOLDERS)}.",
        body=MessageTemplateIn,
        answers=MessageTemplateOut,
        conflict="Somebody else was faster.",
        examples=[WORDS],
    )
    def update(self, request: Request, **address: Any) -> Response:
        body = self.body(MessageTemplateIn)
        services.set_template(project_id=self.project.pk, kind=self._kind.value, **self.signed(body), **body)
        return self._answer()

    @endpoint(TAG, "Go back to the usual words", answers={204: None})
    def destroy(self, request: Request, **address: Any) -> Response:
        services.reset_template(project_id=self.project.pk, kind=self._kind.value, **self.signed({}))
        return Response(status=204)

    @endpoint(
        TAG,
        "Look at what a message would say",
        description="Filled in with a made-up deployment. Nothing is saved or sent.",
        body=MessageWords,
        answers=MessagePreview,
        examples=[WORDS],
    )
    def preview(self, request: Request, project: str) -> Response:
        template = Template(**self.body(MessageWords))
        problems: dict[str, list[str]] = {}
        for field, words in check(template):
            problems.setdefault(field, []).append(words)
        if problems:
            raise ValidationError(problems)
        subject, body = rendered(template, SAMPLE)
        return Response(MessagePreview({"subject": subject, "body": body}).data)

    @property
    def _kind(self) -> MessageTemplate.Kind:
        try:
            return MessageTemplate.Kind(self.kwargs["kind"])
        except ValueError:
            raise Http404 from None

    def _answer(self) -> Response:
        return Response(_told(self._kind, own_templates(self.project)))


def _told(kind: MessageTemplate.Kind, known: Mapping[str, MessageTemplate]) -> Any:
    own = known.get(kind.value)
    usual = DEFAULTS[Kind(kind.value.lower())]
    words = own or usual
    told = {"subject": words.subject, "body": words.body, "version": own.version if own else 0}
    return MessageTemplateOut({"kind": kind.value, "own": own is not None, **told}).data
