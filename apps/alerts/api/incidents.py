"""Incidents as resources: opened, changed, written about, taken on, with their timeline and their review."""

from typing import Any

from django.contrib.auth import get_user_model
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import selectors, services
from apps.alerts.models import Incident
from apps.alerts.serializers.incidents import (
    AlertNamed,
    IncidentChange,
    IncidentFilter,
    IncidentIn,
    IncidentOut,
    IncidentUpdateIn,
    IncidentWhole,
    TimelineOut,
)
from apps.core.api.problems import refusal
from apps.core.api.renderers import MarkdownRenderer
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import Reasoned

STALE = "Somebody else was faster."
BY_HAND = example(
    "What no rule sees",
    {
        "environment": "production",
        "title": "Users say that mail is late",
        "severity": "warning",
        "impact": "DEGRADED",
        "public": True,
        "components": ["mail"],
        "text": "We look into it.",
    },
    request=True,
)
FIXED = example("It is over", {"text": "The queue is empty again.", "status": "RESOLVED", "public": True}, request=True)


class OneIncident(ApiViewSet):
    def _found(self) -> Incident:
        """A key that is bound to an environment sees those of its own alone."""
        rows = selectors.incidents(self.project)
        rows = rows.filter(environment__key=self.bound_to) if self.bound_to else rows
        pk = get_object_or_404(rows, pk=self.kwargs["id"]).pk
        row = selectors.incident(self.project, None, pk)
        assert row is not None  # incidents are never deleted
        return row


class IncidentViewSet(OneIncident):
    ordering = ("-id",)
    refusals = {services.IncidentOver: refusal(409, "incident_over", "It is resolved and does not come back.")}
    needs = {
        "list": "alerts.view_incident",
        "create": "alerts.add_incident",
        "retrieve": "alerts.view_incident",
        "partial_update": "alerts.change_incident",
        "update_posted": "alerts.change_incident",
        "acknowledge": "alerts.change_incident",
        "attach": "alerts.change_incident",
        "detach": "alerts.change_incident",
        "timeline": "alerts.view_incident",
    }

    @endpoint("Incidents", "List incidents, newest first", answers=IncidentOut, many=True, query=IncidentFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(IncidentFilter)
        rows = selectors.incidents(self.project, self.environment_asked(wanted)).prefetch_related("components")
        if "open" in wanted:
            rows = rows.filter(resolved_at__isnull=wanted.pop("open"))
        return self.page(rows.filter(**wanted), IncidentOut)

    @endpoint(
        "Incidents",
        "Open an incident",
        description="Severe alerts open theirs by themselves.",
        body=IncidentIn,
        answers=IncidentWhole,
        status=201,
        examples=[BY_HAND],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(IncidentIn)
        signed, environment = self.signed(body), self.environment_named(body.pop("environment"))
        row = services.open_incident(environment_id=environment.pk, **body, **signed)
        return self._answer(row.pk, status=201)

    @endpoint("Incidents", "Read an incident with its alerts and updates", answers=IncidentWhole)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(IncidentWhole(self._found()).data)

    @endpoint(
        "Incidents",
        "Change an incident",
        description="What is left out stays.",
        body=IncidentChange,
        answers=IncidentWhole,
        conflict=STALE,
    )
    def partial_update(self, request: Request, **address: str) -> Response:
        row, fields = self._found(), self.body(IncidentChange)
        signed = self.signed(fields)
        if fields.get("owner") is not None:
            fields["owner"] = _person(fields["owner"])
        services.update_incident(incident_id=row.pk, fields=fields, **signed)
        return self._answer(row.pk)

    @endpoint(
        "Incidents",
        "Post an update",
        description="For the status page when `public`, otherwise a note. What is left out stays; `RESOLVED` ends it.",
        body=IncidentUpdateIn,
        answers=IncidentWhole,
        status=201,
        conflict=f"{STALE} Or it is resolved, and the update gives it another status.",
        examples=[FIXED],
    )
    def update_posted(self, request: Request, **address: str) -> Response:
        row, body = self._found(), self.body(IncidentUpdateIn)
        services.post_update(incident_id=row.pk, **self.signed(body), **body)
        return self._answer(row.pk, status=201)

    @endpoint(
        "Incidents",
        "Acknowledge an incident",
        description="And its open alerts with it. The first one counts; another changes nothing.",
        body=Reasoned,
        answers=IncidentWhole,
        conflict="It is resolved.",
    )
    def acknowledge(self, request: Request, **address: str) -> Response:
        row = self._found()
        services.acknowledge_incident(incident_id=row.pk, **self.signed(self.body(Reasoned)))
        return self._answer(row.pk)

    @endpoint(
        "Incidents",
        "Add an alert to an incident",
        description="It leaves the incident that it was in.",
        body=AlertNamed,
        answers=IncidentWhole,
    )
    def attach(self, request: Request, **address: str) -> Response:
        row, body = self._found(), self.body(AlertNamed)
        services.attach_alert(incident_id=row.pk, alert_id=body.pop("alert"), **self.signed(body))
        return self._answer(row.pk)

    @endpoint("Incidents", "Take an alert out of an incident", body=AlertNamed, answers=IncidentWhole)
    def detach(self, request: Request, **address: str) -> Response:
        row, body = self._found(), self.body(AlertNamed)
        services.detach_alert(incident_id=row.pk, alert_id=body.pop("alert"), **self.signed(body))
        return self._answer(row.pk)

    @endpoint(
        "Incidents",
        "Read the timeline of an incident",
        description="The oldest first: what alerts, flags, notices and people did, from an hour before it opened.",
        answers=TimelineOut,
    )
    def timeline(self, request: Request, **address: str) -> Response:
        return Response(TimelineOut({"moments": selectors.timeline(self._found())}).data)

    def _answer(self, pk: int, *, status: int = 200) -> Response:
        return Response(IncidentWhole(selectors.incident(self.project, None, pk)).data, status=status)


class ReviewViewSet(OneIncident):
    renderer_classes = [MarkdownRenderer]
    needs = {"retrieve": "alerts.view_incident"}

    @endpoint(
        "Incidents",
        "Read the review of an incident",
        description="Markdown to be filled in with causes and follow-ups.",
        answers={(200, "text/markdown"): OpenApiTypes.STR},
    )
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(selectors.review(self._found()))


def _person(name: str) -> Any:
    found = get_user_model().objects.filter(username=name).values_list("pk", flat=True).first()
    if found is None:
        raise ValidationError({"owner": ["There is no such person here."]})
    return found
