"""What other apps read of monitoring."""

from apps.monitoring.selectors.columns import Sampled, Window, sampled
from apps.monitoring.selectors.events import Cursor, cursor_of, events_after, newest_events, newest_refusals
from apps.monitoring.selectors.explorer import Drawn, drawn, metric_names
from apps.monitoring.selectors.windows import LONGEST_OF_SAMPLES, LOOK_BACK, Measured, measured

__all__ = [
    "LONGEST_OF_SAMPLES",
    "LOOK_BACK",
    "Cursor",
    "Drawn",
    "Measured",
    "Sampled",
    "Window",
    "cursor_of",
    "drawn",
    "events_after",
    "measured",
    "metric_names",
    "newest_events",
    "newest_refusals",
    "sampled",
]
