"""Maintenance that is announced by hand, as a message to the channels that the routes choose."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import services
from apps.alerts.serializers.delivery import MaintenanceIn, MaintenanceOut
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet

TONIGHT = example(
    "A database moves",
    {
        "text": "The database moves to a larger machine.",
        "starts_at": "2026-12-01T22:00:00Z",
        "ends_at": "2026-12-01T23:00:00Z",
        "service": "web",
    },
    request=True,
)


class MaintenanceViewSet(ApiViewSet):
    needs = {"announce": "alerts.add_incident"}

    @endpoint(
        "Channels",
        "Announce maintenance",
        description="In the project's own words, to the channels that its routes choose for the labels "
        "`alertname=deployment`, `kind=maintenance` and `severity=info`; nothing is paused or silenced.",
        body=MaintenanceIn,
        answers=MaintenanceOut,
        status=201,
        examples=[TONIGHT],
    )
    def announce(self, request: Request, **address: str) -> Response:
        body = self.body(MaintenanceIn)
        rows = services.announce_maintenance(environment_id=self.environment.pk, **self.signed(body), **body)
        return Response(MaintenanceOut({"notifications": rows}).data, status=201)
