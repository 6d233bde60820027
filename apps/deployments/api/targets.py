"""Where a service runs: one target in each environment, how it is deployed there, and reports of its traffic."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.core.serializers import Reasoned
from apps.deployments import selectors, services
from apps.deployments.api.views import DeploymentsViewSet
from apps.deployments.domain.access import Action
from apps.deployments.models import Target
from apps.deployments.serializers.catalogue import TargetIn, TargetOut, TargetSet, TriedOut, WeightsIn

TAG = "Deployment targets"
STALE = "Somebody else was faster."
CANARY = example(
    "A canary behind Caddy",
    {
        "strategy": "CANARY",
        "steps": [{"weight": 5_000, "hold_seconds": 300}, {"weight": 100_000}],
        "driver": "CADDY",
        "driver_config": {
            "admin": "127.0.0.1:2019",
            "handler": "web",
            "slots": {"blue": "127.0.0.1:8001", "green": "127.0.0.1:8002"},
        },
        "slots": {"blue": "http://127.0.0.1:8001", "green": "http://127.0.0.1:8002"},
        "agent_url": "http://127.0.0.1:8100/orders",
        "smoke": [{"path": "/", "status": 200, "contains": "Shop"}],
        "gates": {"STAGING": True, "CALENDAR": True, "HOLDS": True},
        "reason": "launch",
    },
    request=True,
)
REPORT = example("A twentieth on green", {"weights": {"blue": 95_000, "green": 5_000}}, request=True)


class TargetViewSet(DeploymentsViewSet):
    """Not open to keys of one environment: what deploys there must not choose its own gates."""

    ordering = ("service__key",)
    actions = {
        "list": Action.VIEW,
        "retrieve": Action.VIEW,
        "update": Action.CONFIGURE,
        "partial_update": Action.CONFIGURE,
        "renew_secret": Action.CONFIGURE,
        "try_out": Action.CONFIGURE,
    }

    @endpoint(TAG, "List what runs in an environment", answers=TargetOut, many=True)
    def list(self, request: Request, **address: Any) -> Response:
        return self.page(selectors.targets(self.environment), TargetOut)

    @endpoint(TAG, "Read a target", answers=TargetOut)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return Response(TargetOut(self.target).data)

    @endpoint(
        TAG,
        "Set up a target",
        description="Makes it, or changes the one that is there: what is left out stays, or is the usual. The secret "
        "that comes with the first `agent_url` is in this answer and nowhere else afterwards.",
        body=TargetIn,
        answers={201: TargetSet, 200: TargetSet},
        conflict=STALE,
        examples=[CANARY],
    )
    def update(self, request: Request, **address: Any) -> Response:
        known = selectors.target_in(self.environment, self.service.key)
        if known is not None:
            return self._changed(known)
        body = self.body(TargetIn)
        signed, slots = self.signed(body), body.pop("slots", {})
        signed.pop("expected_version")
        signed |= {"service_id": self.service.pk, "environment_id": self.environment.pk}
        return self._set(services.create_target(slots=slots, fields=body, **signed), had=b"", status=201)

    @endpoint(
        TAG,
        "Change a target",
        description="What is left out stays. A deployment that is under way goes on by its own plan.",
        body=TargetIn,
        answers=TargetSet,
        conflict=STALE,
    )
    def partial_update(self, request: Request, **address: Any) -> Response:
        return self._changed(self.target)

    @endpoint(
        TAG,
        "Renew the agent's secret",
        description="The old one is void at once: the agent has to know the new one before the next deployment. It is "
        "in this answer and nowhere else afterwards.",
        body=Reasoned,
        answers=TargetSet,
    )
    def renew_secret(self, request: Request, **address: Any) -> Response:
        signed = self.signed(self.body(Reasoned))
        return self._set(services.renew_agent_secret(target_id=self.target.pk, **signed), had=b"")

    @endpoint(
        TAG,
        "Try a target",
        description="Reads the weights of its proxy and probes its slots, by what is saved. Nothing is kept.",
        answers=TriedOut,
    )
    def try_out(self, request: Request, **address: Any) -> Response:
        return Response(TriedOut(services.try_target(target_id=self.target.pk)).data)

    def _changed(self, known: Target) -> Response:
        body, had = self.body(TargetIn), bytes(known.agent_secret)
        signed, slots = self.signed(body), body.pop("slots", None)
        return self._set(services.update_target(target_id=known.pk, fields=body, slots=slots, **signed), had=had)

    def _set(self, row: Target, *, had: bytes, status: int = 200) -> Response:
        """With the secret, if this made it."""
        made = None if had else services.agent_secret(row) or None
        return Response(TargetSet({"target": self._read(), "agent_secret": made}).data, status=status)

    def _read(self) -> Target:
        return selectors.targets(self.environment).get(service=self.service)


class WeightsViewSet(DeploymentsViewSet):
    open_to_bound_keys = True
    actions = {"update": Action.STEER}

    @endpoint(
        TAG,
        "Report the weights",
        description="For whoever moves the traffic where the driver is EXTERNAL: what each slot gets by now. A "
        "deployment that waits for it goes on.",
        body=WeightsIn,
        answers=TargetOut,
        examples=[REPORT],
    )
    def update(self, request: Request, **address: Any) -> Response:
        body = self.body(WeightsIn)
        services.report_weights(target_id=self.target.pk, **body, **self.signed(body))
        return Response(TargetOut(selectors.targets(self.environment).get(service=self.service)).data)
