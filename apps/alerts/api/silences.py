"""Silences as resources."""

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import selectors, services
from apps.alerts.models import Silence
from apps.alerts.serializers.alerts import EnvironmentFilter
from apps.alerts.serializers.delivery import Muted, SilenceIn, SilenceOut, SilencePreview
from apps.core import clock
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import Versioned

PLANNED = example(
    "Planned work on one host",
    {
        "environment": "production",
        "matchers": [{"label": "host", "match": "=", "value": "web-1"}],
        "ends_at": "2026-01-05T12:00:00Z",
        "reason": "a new disk",
    },
    request=True,
)


class SilenceViewSet(ApiViewSet):
    ordering = ("-id",)
    needs = {
        "list": "alerts.view_silence",
        "create": "alerts.add_silence",
        "preview": "alerts.add_silence",
        "end": "alerts.change_silence",
    }

    @endpoint("Silences", "List silences, newest first", answers=SilenceOut, many=True, query=EnvironmentFilter)
    def list(self, request: Request, project: str) -> Response:
        environment = self.environment_asked(self.query(EnvironmentFilter))
        return self.page(selectors.silences(self.project, environment), SilenceOut, at=clock.now())

    @endpoint(
        "Silences",
        "Create a silence",
        description="Alerts go on under it; what still fires at its end is told then.",
        body=SilenceIn,
        answers=SilenceOut,
        status=201,
        examples=[PLANNED],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(SilenceIn)
        signed = self.signed(body)
        row = services.create_silence(**self._wanted(body, signed["at"]), **signed)
        return self._answer(row, status=201)

    @endpoint(
        "Silences",
        "Look at what a silence would mute",
        description="The open alerts. Nothing is saved.",
        body=SilencePreview,
        answers=Muted,
    )
    def preview(self, request: Request, project: str) -> Response:
        at = clock.now()
        found = services.preview_silence(**self._wanted(self.body(SilencePreview), at), at=at)
        rows = selectors.alerts(self.project).filter(pk__in=[alert.pk for alert in found])
        return Response(Muted({"alerts": rows}).data)

    def _wanted(self, body: dict[str, Any], at: datetime) -> dict[str, Any]:
        named = body.pop("environment")
        environment = None if named is None else self.environment_named(named)
        place = {"project_id": self.project.pk, "environment_id": environment and environment.pk}
        return place | {"starts_at": at} | body

    @endpoint(
        "Silences",
        "End a silence now",
        description="One that is over stays as it is.",
        body=Versioned,
        answers=SilenceOut,
        conflict="Somebody else was faster.",
    )
    def end(self, request: Request, **address: str) -> Response:
        row = get_object_or_404(selectors.silences(self.project), pk=self.kwargs["id"])
        return self._answer(services.end_silence(silence_id=row.pk, **self.signed(self.body(Versioned))))

    def _answer(self, row: Silence, *, status: int = 200) -> Response:
        return Response(SilenceOut(row, context={"at": clock.now()}).data, status=status)
