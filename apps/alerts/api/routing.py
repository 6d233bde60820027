"""Routes as resources: which alerts go to which channels. Addresses of the API itself are in routes.py."""

from functools import cached_property

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import selectors, services
from apps.alerts.models import Route
from apps.alerts.serializers.delivery import RouteChange, RouteIn, RouteOut
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import Versioned

PAYMENTS = example(
    "Payments to those who can help",
    {
        "key": "payments",
        "matchers": [{"label": "team", "match": "=", "value": "payments"}],
        "channels": ["payments-slack"],
        "group_by": ["alertname", "environment"],
        "position": 0,
        "reason": "launch",
    },
    request=True,
)


class RouteViewSet(ApiViewSet):
    ordering = ("position",)
    needs = {
        "list": "alerts.view_route",
        "create": "alerts.add_route",
        "retrieve": "alerts.view_route",
        "partial_update": "alerts.change_route",
        "delete": "alerts.delete_route",
    }

    @cached_property
    def route(self) -> Route:
        return get_object_or_404(selectors.routes(self.project), key=self.kwargs["route"])

    @endpoint("Routes", "List routes in the order in which they are asked", answers=RouteOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        return self.page(selectors.routes(self.project), RouteOut)

    @endpoint(
        "Routes",
        "Create a route",
        description="The first route that fits decides. Without `position` it is asked last.",
        body=RouteIn,
        answers=RouteOut,
        status=201,
        examples=[PAYMENTS],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(RouteIn)
        signed = self.signed(body)
        return Response(
            RouteOut(services.create_route(project_id=self.project.pk, fields=body, **signed)).data, status=201
        )

    @endpoint("Routes", "Read a route", answers=RouteOut)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(RouteOut(self.route).data)

    @endpoint(
        "Routes",
        "Change a route",
        description="What is left out stays. With `position` the others make room.",
        body=RouteChange,
        answers=RouteOut,
        conflict="Somebody else was faster.",
    )
    def partial_update(self, request: Request, **address: str) -> Response:
        body = self.body(RouteChange)
        signed = self.signed(body)
        return Response(RouteOut(services.update_route(route_id=self.route.pk, fields=body, **signed)).data)

    @endpoint(
        "Routes",
        "Delete a route",
        description="Notices that it wrote stay. Without any route, severity alone decides.",
        body=Versioned,
        status=204,
        conflict="Somebody else was faster.",
    )
    def delete(self, request: Request, **address: str) -> Response:
        services.delete_route(route_id=self.route.pk, **self.signed(self.body(Versioned)))
        return Response(status=204)
