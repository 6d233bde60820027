"""What the REST API of monitoring reads and writes. Configurations are judged by the domain, not here."""

from apps.monitoring.serializers.checks import (
    CheckAction,
    CheckChange,
    CheckFilter,
    CheckIn,
    CheckOut,
    HealthDayOut,
    HealthResultOut,
    MadeCheckOut,
    ResultFilter,
)
from apps.monitoring.serializers.observations import (
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

__all__ = [
    "CheckAction",
    "CheckChange",
    "CheckFilter",
    "CheckIn",
    "CheckOut",
    "EventFeedOut",
    "EventFilter",
    "EventOut",
    "FeedFilter",
    "HealthDayOut",
    "HealthResultOut",
    "MadeCheckOut",
    "MetricLinesOut",
    "MetricOut",
    "MetricQuery",
    "MetricSeriesOut",
    "RefusedEventOut",
    "ResultFilter",
]
