"""Guards of an environment: whoever watches it says green or red, and rollouts go on only while it is green."""

from datetime import timedelta

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock, holds, selectors
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import HoldIn, HoldOut

RED = example("Errors are up", {"verdict": "RED", "reason": "4.2 % errors", "valid_seconds": 300}, request=True)


class GuardViewSet(ApiViewSet):
    ordering = ("guard",)
    open_to_bound_keys = True
    needs = {"list": "core.view_hold", "retrieve": "core.view_hold", "update": "core.change_hold"}

    @endpoint("Guards", "List guards with their verdicts", answers=HoldOut, many=True)
    def list(self, request: Request, project: str, environment: str) -> Response:
        return self.page(selectors.holds(self.environment), HoldOut, at=clock.now())

    @endpoint("Guards", "Read a guard's verdict", answers=HoldOut)
    def retrieve(self, request: Request, project: str, environment: str, guard: str) -> Response:
        hold = get_object_or_404(selectors.holds(self.environment), guard=guard)
        return Response(HoldOut(hold, context={"at": clock.now()}).data)

    @endpoint(
        "Guards",
        "Say what a guard sees",
        description="Holds for `valid_seconds`; after that the guard holds rollouts back until it is heard again.",
        body=HoldIn,
        answers=HoldOut,
        examples=[RED],
    )
    def update(self, request: Request, project: str, environment: str, guard: str) -> Response:
        body = self.body(HoldIn)
        valid = timedelta(seconds=body.pop("valid_seconds"))
        signed = {"reason": "", **self.signed(body)}
        until = signed["at"] + valid
        hold = holds.write(environment_id=self.environment.pk, guard=guard, valid_until=until, **body, **signed)
        return Response(HoldOut(hold, context={"at": signed["at"]}).data)
