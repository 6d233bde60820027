"""What other apps do with monitoring. One name per deed; the modules beside this one are private to the app."""

from apps.monitoring.services.rolling_up import make_partitions, roll_up
from apps.monitoring.services.samples import record

__all__ = ["make_partitions", "record", "roll_up"]
