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

__all__ = [
    "CheckAction",
    "CheckChange",
    "CheckFilter",
    "CheckIn",
    "CheckOut",
    "HealthDayOut",
    "HealthResultOut",
    "MadeCheckOut",
    "ResultFilter",
]
