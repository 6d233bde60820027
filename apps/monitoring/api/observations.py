"""Metrics and events over REST, to read. Sending them has its own short path; pushes.py documents it."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.schema import endpoint
from apps.core.api.views import ApiViewSet
from apps.monitoring import selectors
from apps.monitoring.domain.queries import Aggregate, read_matchers, unit_of
from apps.monitoring.domain.values import Refusal, is_storable
from apps.monitoring.selectors import Cursor
from apps.monitoring.selectors.events import START
from apps.monitoring.serializers import (
    EventFeedOut,
    EventFilter,
    EventOut,
    FeedFilter,
    MetricLinesOut,
    MetricOut,
    MetricQuery,
    MetricSeriesOut,
    RefusedEventOut,
)

METRICS, EVENTS = "Metrics", "Events"
FEW, MANY = 50, 1_000  # events on a page, unless told otherwise; and at most
PAGE = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="What the last answer said; keep it as it is."),
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MANY:,}; {FEW} unless given."),
]


class MetricViewSet(ApiViewSet):
    ordering = ("id",)
    needs = dict.fromkeys(("list", "series", "points"), "monitoring.view_metricseries")

    @endpoint(METRICS, "List metrics", answers=MetricOut, many=True)
    def list(self, request: Request, **address: Any) -> Response:
        results = MetricOut(selectors.metric_names(self.environment), many=True).data
        return Response({"next": None, "previous": None, "results": results})

    @endpoint(METRICS, "List the series of a metric", answers=MetricSeriesOut, many=True)
    def series(self, request: Request, metric: str, **address: Any) -> Response:
        self._known(metric)
        return self.page(selectors.series_of(self.environment, metric), MetricSeriesOut)

    @endpoint(
        METRICS,
        "Read a metric over a window",
        description="One line for each of the newest 20 series, or one for all of them put together. Percentiles are "
        "those of all measurements in the step, from sketches. The minute that is not over may still be missing.",
        answers=MetricLinesOut,
        query=MetricQuery,
    )
    def points(self, request: Request, metric: str, **address: Any) -> Response:
        asked = self.query(MetricQuery)
        self._known(metric)
        aggregate = asked.pop("aggregate", None)
        try:
            found = selectors.queried(
                self.environment,
                metric,
                matchers=read_matchers(asked.pop("match")),
                aggregate=aggregate and Aggregate(aggregate),
                **{"until": clock.now(), **asked},
            )
        except Refusal as refused:
            raise ValidationError({refused.field: [refused.reason]}) from refused
        about = {"name": metric, "unit": unit_of(metric), "step": asked["step"]}
        told = {"aggregate": found.aggregate, "series": found.series, "hidden": found.hidden, "lines": found.lines}
        return Response(MetricLinesOut(about | told).data)

    def _known(self, metric: str) -> None:
        if not selectors.series_of(self.environment, metric).exists():
            raise Http404


class EventViewSet(ApiViewSet):
    ordering = ("-at", "-id")  # of refusals
    needs = dict.fromkeys(("list", "feed", "refused"), "monitoring.view_trackedevent")

    @endpoint(EVENTS, "List events, the last received first", answers=EventOut, many=True, query=EventFilter)
    def list(self, request: Request, **address: Any) -> Response:
        asked, limit = self._stored(EventFilter), self._limit()
        rows = selectors.newest_events(self.environment, before=self._cursor(), limit=limit, **asked)
        more = len(rows) == limit
        onward = self._address(selectors.cursor_of(rows[-1])) if more else None
        return Response({"next": onward, "previous": None, "results": EventOut(rows, many=True).data})

    @endpoint(
        EVENTS,
        "Follow the events",
        description="All of them in the order of their commits, each once: none that commits late is passed by. "
        "Without a cursor from the oldest on that is kept. A transaction that stays open holds the feed up.",
        answers=EventFeedOut,
        query=FeedFilter,
        parameters=PAGE,
    )
    def feed(self, request: Request, **address: Any) -> Response:
        asked, limit, after = self._stored(FeedFilter), self._limit(), self._cursor() or START
        rows = selectors.events_after(self.environment.pk, after, limit=limit, **asked)
        reached = selectors.cursor_of(rows[-1]) if rows else after
        told = {"cursor": reached.packed(), "more": len(rows) == limit, "results": rows}
        return Response(EventFeedOut(told).data)

    @endpoint(
        EVENTS,
        "List refused events, newest first",
        description="With the reason and the beginning of the item; up to 20 of each request, kept for a day.",
        answers=RefusedEventOut,
        many=True,
    )
    def refused(self, request: Request, **address: Any) -> Response:
        return self.page(selectors.refusals(self.environment), RefusedEventOut)

    def _stored(self, serializer: Any) -> dict[str, Any]:
        asked = self.query(serializer)
        if not is_storable(asked.get("name", "")):
            raise ValidationError({"name": ["No event has such a name."]})
        return asked

    def _limit(self) -> int:
        given = self.request.query_params.get("limit", str(FEW))
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MANY):
            raise ValidationError({"limit": [f"1 to {MANY:,} are possible."]})
        return int(given)

    def _cursor(self) -> Cursor | None:
        given = self.request.query_params.get("cursor")
        try:
            return None if given is None else selectors.unpacked(given)
        except ValueError:
            raise ValidationError({"cursor": ["This is no cursor of ours."]}) from None

    def _address(self, cursor: Cursor) -> str:
        asked = self.request.query_params.dict() | {"cursor": cursor.packed()}
        return f"{self.request.build_absolute_uri(self.request.path)}?{urlencode(asked)}"
