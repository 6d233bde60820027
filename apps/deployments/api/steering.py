"""Steering a deployment: deciding about it, pausing it, sending it on, letting it past a gate, going back."""

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.core.approvals import OnlyPeopleApprove
from apps.core.serializers import Strict
from apps.deployments import services
from apps.deployments.api.problems import OnlyPeopleOverride
from apps.deployments.api.views import OneDeployment
from apps.deployments.domain.access import Action
from apps.deployments.domain.plans import parse_plan, parse_steps
from apps.deployments.models import Deployment
from apps.deployments.selectors import rollbacks
from apps.deployments.serializers.deployments import DeploymentWhole, WayBackOut
from apps.deployments.serializers.requests import (
    Opinion,
    OverrideIn,
    PlanChange,
    RollBackIn,
    Steering,
    TickIn,
)

TAG = "Deployments"
STALE = "Somebody else was faster, or it is not in a state for this; `detail` says what to do."
FREEZE = example(
    "Past the calendar", {"gate": "CALENDAR", "reason": "The checkout is down and this mends it"}, request=True
)
BACK = example("Switch the traffic back", {"method": "SWITCH", "reason": "Checkouts fail"}, request=True)


class SteeringViewSet(OneDeployment):
    actions = {
        "approve": Action.APPROVE,
        "reject": Action.APPROVE,
        "approve_step": Action.APPROVE,
        "cancel": Action.STEER,
        "pause": Action.STEER,
        "resume": Action.STEER,
        "skip_step": Action.STEER,
        "plan": Action.REQUEST,
        "tick": Action.STEER,
        "override_gate": Action.OVERRIDE,
    }

    @endpoint(
        TAG,
        "Approve a deployment",
        description="Consent to its present plan, for people other than who asked for it; another plan voids it. It "
        "starts when enough have approved and the other gates are open.",
        body=Opinion,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def approve(self, request: Request, **address: Any) -> Response:
        return self._decided(services.approve_deployment, Opinion)

    @endpoint(
        TAG,
        "Reject a deployment",
        description="For people other than who asked for it. One is enough, and it ends.",
        body=Opinion,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def reject(self, request: Request, **address: Any) -> Response:
        return self._decided(services.reject_deployment, Opinion)

    @endpoint(
        TAG,
        "Approve the present step",
        description="For people other than who asked for the deployment. It goes on when the rest is there too.",
        body=Steering,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def approve_step(self, request: Request, **address: Any) -> Response:
        return self._decided(services.approve_step, Steering)

    @endpoint(
        TAG,
        "Cancel a deployment",
        description="Before any user met it; afterwards it is rolled back.",
        body=Steering,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def cancel(self, request: Request, **address: Any) -> Response:
        return self._steered(services.cancel_deployment, Steering)

    @endpoint(
        TAG,
        "Pause a deployment",
        description="It stays at its present weight. Triggers still roll it back.",
        body=Steering,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def pause(self, request: Request, **address: Any) -> Response:
        return self._steered(services.pause_deployment, Steering)

    @endpoint(
        TAG,
        "Resume a deployment",
        description="With the rest of the hold or of the watch.",
        body=Steering,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def resume(self, request: Request, **address: Any) -> Response:
        return self._steered(services.resume_deployment, Steering)

    @endpoint(
        TAG,
        "Skip the rest of the present step",
        description="On to the next weight, or out of the watch, without waiting for time, judge or guards. Always "
        "needs `reason`.",
        body=Steering,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def skip_step(self, request: Request, **address: Any) -> Response:
        return self._steered(services.skip_step, Steering)

    @endpoint(
        TAG,
        "Change the plan",
        description="While it waits. What is left out stays; another plan has to be approved anew.",
        body=PlanChange,
        answers=DeploymentWhole,
        conflict=STALE,
    )
    def plan(self, request: Request, **address: Any) -> Response:
        body = self.body(PlanChange)
        signed = self.signed(body)
        if "steps" in body:
            body["steps"] = parse_steps(body["steps"])
        asked = _present(self.deployment, signed["at"]) | body
        if body.get("strategy", self.deployment.strategy) != self.deployment.strategy and "steps" not in body:
            del asked["steps"]  # those of the other strategy
        services.change_plan(deployment_id=self.deployment.pk, **asked, **signed)
        return self.whole(self.deployment.pk)

    @endpoint(
        TAG,
        "Tick an item of the checklist",
        description="Or take the tick back, with false. What the portal sees by itself has the last word.",
        body=TickIn,
        answers=DeploymentWhole,
    )
    def tick(self, request: Request, **address: Any) -> Response:
        body = self.body(TickIn)
        services.tick_item(deployment_id=self.deployment.pk, item=self.kwargs["item"], **body, **self.signed(body))
        return self.whole(self.deployment.pk)

    @endpoint(
        TAG,
        "Override a gate",
        description="For people, with `reason` always. Approvals and the lock are not overridden.",
        body=OverrideIn,
        answers=DeploymentWhole,
        conflict=STALE,
        examples=[FREEZE],
    )
    def override_gate(self, request: Request, **address: Any) -> Response:
        if self.caller_key:
            raise OnlyPeopleOverride
        return self._steered(services.override_gate, OverrideIn)

    def _decided(self, service: Callable[..., Deployment], serializer: type[Strict]) -> Response:
        """By a person; a key is told so whatever the state."""
        if self.caller_key:
            raise OnlyPeopleApprove
        return self._steered(service, serializer)

    def _steered(self, service: Callable[..., Any], serializer: type[Strict]) -> Response:
        body = self.body(serializer)
        signed = self.signed(body)
        service(deployment_id=self.deployment.pk, **body, **signed)
        return self.whole(self.deployment.pk)


class RollbackViewSet(OneDeployment):
    actions = {"list": Action.VIEW, "create": Action.ROLL_BACK, "confirm": Action.ROLL_BACK}

    @endpoint(
        TAG,
        "List the ways back",
        description="What is possible now comes first; each with its target time and with what it will not undo.",
        answers=WayBackOut,
        many=True,
    )
    def list(self, request: Request, **address: Any) -> Response:
        found = rollbacks.options(self.deployment)
        results = WayBackOut(found, many=True).data
        return Response({"next": None, "previous": None, "results": results})

    @endpoint(
        TAG,
        "Roll a deployment back",
        description="At once, whatever it waits for: no approval, calendar or freeze is asked. Always needs `reason`.",
        body=RollBackIn,
        answers=DeploymentWhole,
        conflict="This way back is closed, it is being rolled back already, or somebody else was faster.",
        examples=[BACK],
    )
    def create(self, request: Request, **address: Any) -> Response:
        body = self.body(RollBackIn)
        signed = self.signed(body)
        services.roll_back(deployment_id=self.deployment.pk, **body, **signed)
        return self.whole(self.deployment.pk)

    @endpoint(
        TAG,
        "Confirm that all is well after a rollback",
        description="A person looked.",
        body=Opinion,
        answers=DeploymentWhole,
        conflict="No rollback of it is done and unconfirmed.",
    )
    def confirm(self, request: Request, **address: Any) -> Response:
        if self.caller_key:
            raise OnlyPeopleApprove
        body = self.body(Opinion)
        services.confirm_rollback(deployment_id=self.deployment.pk, **body, **self.signed(body))
        return self.whole(self.deployment.pk)


def _present(row: Deployment, at: Any) -> dict[str, Any]:
    """What the plan is now, as change_plan takes it; a moment that has passed is asked for no more."""
    plan = parse_plan(row.plan)
    scheduled_at = row.scheduled_at if row.scheduled_at and row.scheduled_at > at else None
    told = {"strategy": plan.strategy.value, "steps": plan.steps, "watch_seconds": plan.watch_seconds}
    return {**told, "scheduled_at": scheduled_at}
