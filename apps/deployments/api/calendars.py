"""When nobody deploys: freeze windows, and what the calendar says of an environment."""

from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.schema import endpoint, example
from apps.core.serializers import Versioned
from apps.deployments import selectors, services
from apps.deployments.api.views import DeploymentsViewSet
from apps.deployments.domain.access import Action
from apps.deployments.domain.calendar import days, judged
from apps.deployments.models import FreezeWindow, Target
from apps.deployments.selectors.calendars import calendar_of
from apps.deployments.serializers.calendars import CalendarFilter, CalendarOut, FreezeFilter, FreezeIn, FreezeOut

TAG = "Deploy calendar"
DAYS = 14
HOLIDAYS = example(
    "Over the holidays",
    {
        "environment": "production",
        "name": "Holidays",
        "reason": "Nobody is there to roll back",
        "starts_at": "2026-12-23T12:00:00Z",
        "ends_at": "2027-01-04T08:00:00Z",
    },
    request=True,
)


class FreezeViewSet(DeploymentsViewSet):
    ordering = ("-id",)
    actions = {"list": Action.VIEW, "retrieve": Action.VIEW, "create": Action.FREEZE, "end": Action.FREEZE}

    @cached_property
    def freeze(self) -> FreezeWindow:
        return get_object_or_404(self._rows(self.bound_to), pk=self.kwargs["freeze"])

    @endpoint(TAG, "List freeze windows, newest first", answers=FreezeOut, many=True, query=FreezeFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(FreezeFilter)
        environment = self.environment_asked(wanted)
        rows = self._rows(environment.key if environment else None)
        if "over" in wanted:
            ended = Q(ends_at__lte=clock.now())
            rows = rows.filter(ended if wanted["over"] else ~ended)
        return self.page(rows, FreezeOut)

    @endpoint(TAG, "Read a freeze window", answers=FreezeOut)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return Response(FreezeOut(self.freeze).data)

    @endpoint(
        TAG,
        "Freeze deployments",
        description="In one environment or in all of the project. What waits starts afterwards by itself; what carries "
        "traffic takes no more of it meanwhile. Rolling back stays possible.",
        body=FreezeIn,
        answers=FreezeOut,
        status=201,
        examples=[HOLIDAYS],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(FreezeIn)
        signed, named = self.signed(body), body.pop("environment")
        place: dict[str, Any] = {
            "project_id": self.project.pk,
            "environment_id": None if named is None else self.environment_named(named).pk,
        }
        row = services.create_freeze(**place, **{"starts_at": signed["at"]} | body, **signed)
        return Response(FreezeOut(row).data, status=201)

    @endpoint(
        TAG,
        "End a freeze window now",
        description="One that has not begun is taken back.",
        body=Versioned,
        answers=FreezeOut,
        conflict="It has ended already, or somebody else was faster.",
    )
    def end(self, request: Request, **address: Any) -> Response:
        row = services.end_freeze(freeze_id=self.freeze.pk, **self.signed(self.body(Versioned)))
        return Response(FreezeOut(row).data)

    def _rows(self, environment: str | None) -> QuerySet[FreezeWindow]:
        rows = selectors.freeze_windows(self.project)
        return rows.filter(Q(environment=None) | Q(environment__key=environment)) if environment else rows


class CalendarViewSet(DeploymentsViewSet):
    actions = {"retrieve": Action.VIEW}

    @endpoint(
        TAG,
        "Ask when deployments may start",
        description="Now, and in the next two weeks. Of a service by its own windows; else by the usual ones.",
        answers=CalendarOut,
        query=CalendarFilter,
    )
    def retrieve(self, request: Request, **address: Any) -> Response:
        wanted, at = self.query(CalendarFilter), clock.now()
        target = Target(environment=self.environment)  # one that was never set up has the usual windows
        if "service" in wanted:
            target = get_object_or_404(selectors.targets(self.environment), service__key=wanted["service"])
        calendar = calendar_of(target, at)
        told = {"now": judged(calendar, at), "zone": calendar.zone.key, "days": days(calendar, at, DAYS)}
        return Response(CalendarOut(told).data)
