"""What other apps read of monitoring."""

from apps.monitoring.selectors.explorer import Drawn, drawn, metric_names
from apps.monitoring.selectors.windows import Measured, measured

__all__ = ["Drawn", "Measured", "drawn", "measured", "metric_names"]
