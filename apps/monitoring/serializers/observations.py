"""Metrics and events as the REST API reads them out, and what may be asked of them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.serializers import Strict
from apps.monitoring.domain.limits import MAX_EVENT_NAME
from apps.monitoring.domain.queries import Aggregate, unit_of
from apps.monitoring.models import MetricSeries, RefusedEvent, TrackedEvent

AGGREGATES = [aggregate.value for aggregate in Aggregate]
MATCH = _("`label=value` or `label!=value`, with commas between; a missing label is an empty one.")
STEP = _("Seconds, a multiple of 60; of 3,600 for more than three days. At most 1,000 steps.")
SINCE = _("By the moment of receipt.")


class MetricOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.ChoiceField(MetricSeries.Kind.choices)
    unit = serializers.SerializerMethodField(help_text=_("From the end of the name; empty: a plain number."))
    series = serializers.IntegerField()
    last_at = serializers.DateTimeField()

    def get_unit(self, row: Any) -> str:
        return unit_of(row["name"])


class MetricSeriesOut(serializers.ModelSerializer[MetricSeries]):
    labels = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = MetricSeries
        fields = ["labels", "kind", "created_at", "last_at"]


class MetricQuery(Strict):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False, help_text=_("Now, unless it is given."))
    step = serializers.IntegerField(default=60, min_value=60, max_value=86_400 * 7, help_text=STEP)
    aggregate = serializers.ChoiceField(
        AGGREGATES, required=False, help_text=_("Else rate of counters, p95 of distributions, last of gauges.")
    )
    match = serializers.CharField(required=False, default="", allow_blank=True, max_length=2_000, help_text=MATCH)
    across = serializers.BooleanField(
        required=False, default=False, help_text=_("All series that match put together, instead of one line each.")
    )


class MetricPointOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField(help_text=_("Where the step begins."))
    value = serializers.FloatField()


class MetricLineOut(serializers.Serializer[Any]):
    labels = serializers.DictField(child=serializers.CharField())
    points = MetricPointOut(many=True, help_text=_("Steps without a sample are left out."))


class MetricLinesOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    unit = serializers.CharField()
    aggregate = serializers.ChoiceField(AGGREGATES)
    step = serializers.IntegerField()
    series = serializers.IntegerField(help_text=_("How many match."))
    hidden = serializers.IntegerField(help_text=_("How many of these have no line here: 20 have, the newest."))
    lines = MetricLineOut(many=True)


class EventFilter(Strict):
    name = serializers.CharField(required=False, max_length=MAX_EVENT_NAME)
    since = serializers.DateTimeField(required=False, help_text=SINCE)


class FeedFilter(Strict):
    name = serializers.CharField(required=False, max_length=MAX_EVENT_NAME)


class EventOut(serializers.ModelSerializer[TrackedEvent]):
    properties = serializers.DictField()

    class Meta:
        model = TrackedEvent
        fields = ["event_id", "name", "targeting_key", "anonymous_id", "properties", "at", "received_at"]


class EventFeedOut(serializers.Serializer[Any]):
    cursor = serializers.CharField(help_text=_("For the next call; where nothing came, the same again."))
    more = serializers.BooleanField(help_text=_("Whether to call again at once."))
    results = EventOut(many=True)


class RefusedEventOut(serializers.ModelSerializer[RefusedEvent]):
    class Meta:
        model = RefusedEvent
        fields = ["at", "reason", "excerpt"]
