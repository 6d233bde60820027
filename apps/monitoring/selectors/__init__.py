"""What other apps read of monitoring."""

from apps.monitoring.selectors.windows import Measured, measured

__all__ = ["Measured", "measured"]
