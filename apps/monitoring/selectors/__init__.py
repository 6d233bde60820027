"""What other apps read of monitoring."""

from apps.monitoring.selectors.columns import Sampled, Window, sampled
from apps.monitoring.selectors.events import (
    Cursor,
    cursor_of,
    events_after,
    newest_events,
    newest_refusals,
    refusals,
    unpacked,
)
from apps.monitoring.selectors.explorer import Drawn, drawn, metric_names
from apps.monitoring.selectors.queries import Line, Lines, queried, series_of
from apps.monitoring.selectors.watched import Watched, check_names, watched
from apps.monitoring.selectors.windows import LONGEST_OF_SAMPLES, LOOK_BACK, Measured, measured

__all__ = [
    "LONGEST_OF_SAMPLES",
    "LOOK_BACK",
    "Cursor",
    "Drawn",
    "Line",
    "Lines",
    "Measured",
    "Sampled",
    "Watched",
    "Window",
    "check_names",
    "cursor_of",
    "drawn",
    "events_after",
    "measured",
    "metric_names",
    "newest_events",
    "newest_refusals",
    "queried",
    "refusals",
    "sampled",
    "series_of",
    "unpacked",
    "watched",
]
