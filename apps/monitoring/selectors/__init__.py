"""What other apps read of monitoring."""

from apps.monitoring.selectors.events import Cursor, cursor_of, events_after, newest_events, newest_refusals
from apps.monitoring.selectors.explorer import Drawn, drawn, metric_names
from apps.monitoring.selectors.watched import Watched, check_names, watched
from apps.monitoring.selectors.windows import Measured, measured

__all__ = [
    "Cursor",
    "Drawn",
    "Measured",
    "Watched",
    "check_names",
    "cursor_of",
    "drawn",
    "events_after",
    "measured",
    "metric_names",
    "newest_events",
    "newest_refusals",
    "watched",
]
