"""What other apps do with monitoring. One name per deed; the modules beside this one are private to the app."""

from apps.monitoring.services.events import store_events
from apps.monitoring.services.retention import drop_old, make_partitions
from apps.monitoring.services.rolling_up import roll_up
from apps.monitoring.services.samples import record

__all__ = ["drop_old", "make_partitions", "record", "roll_up", "store_events"]
