"""What a flag serves in one environment: turning it, killing it, going back, and why it answers what it answers."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.schema import endpoint, example
from apps.core.serializers import Reasoned
from apps.flags import selectors, services
from apps.flags.api.explanations import explained
from apps.flags.api.views import FlagsViewSet, InEnvironment
from apps.flags.domain.access import Action
from apps.flags.domain.engine.context import check_context
from apps.flags.domain.transitions import Change
from apps.flags.serializers import Explain, ExplanationOut, FlagStateOut, LiftKill, Revert, StateChange, VersionOut

STALE = "Somebody else was faster, there is nothing to change, or the flag is killed."
ON = example("Turn it on", {"status": "ON", "reason": "launch", "expected_version": 3}, request=True)
ROLLOUT = example(
    "A quarter of the users",
    {
        "status": "ON",
        "rules": [{"id": "rollout", "when": None, "serve": {"split": [["on", 25_000], ["off", 75_000]]}}],
        "reason": "first quarter",
    },
    request=True,
)
USER = example("A user", {"context": {"targetingKey": "u-42", "country": "DE", "groups": ["beta"]}}, request=True)

THEN = example("At a past moment", {"context": {"targetingKey": "u-42"}, "at": "2026-01-05T09:00:00Z"}, request=True)


class FlagStateViewSet(InEnvironment):
    ordering = ("environment__position", "environment_id")
    open_to_bound_keys = True
    actions = {
        "list": Action.VIEW,
        "retrieve": Action.VIEW,
        "partial_update": Action.CHANGE_STATE,
        "kill": Action.KILL,
        "lift_kill": Action.KILL,
        "revert": Action.CHANGE_STATE,
        "explain": Action.VIEW,
    }

    @endpoint("Flag states", "List a flag's states", answers=FlagStateOut, many=True)
    def list(self, request: Request, project: str, flag: str) -> Response:
        rows = selectors.states_of(self.flag)
        return self.page(rows.filter(environment__key=self.bound_to) if self.bound_to else rows, FlagStateOut)

    @endpoint("Flag states", "Read a flag's state", answers=FlagStateOut)
    def retrieve(self, request: Request, project: str, flag: str, environment: str) -> Response:
        return Response(FlagStateOut(self.state).data)

    @endpoint(
        "Flag states",
        "Turn a flag on or off, change its rules",
        description="A protected environment insists on `reason`.",
        body=StateChange,
        answers=FlagStateOut,
        conflict=STALE,
        examples=[ON, ROLLOUT],
    )
    def partial_update(self, request: Request, project: str, flag: str, environment: str) -> Response:
        body = self.body(StateChange)
        signed = self.signed(body)
        state = services.set_state(state_id=self.state.pk, change=Change(**body), **signed)
        return Response(FlagStateOut(state).data)

    @endpoint(
        "Flag states",
        "Kill a flag",
        description="Everyone gets the off variant, at once. Asks for no version and no approval.",
        body=Reasoned,
        answers=FlagStateOut,
        conflict="It is killed already.",
    )
    def kill(self, request: Request, project: str, flag: str, environment: str) -> Response:
        state = services.kill(state_id=self.state.pk, **self.signed(self.body(Reasoned)))
        return Response(FlagStateOut(state).data)

    @endpoint(
        "Flag states",
        "Lift a kill",
        description="Turns the flag on or off, with the rules from before the kill. Always needs `reason`.",
        body=LiftKill,
        answers=FlagStateOut,
        conflict="It is not killed.",
    )
    def lift_kill(self, request: Request, project: str, flag: str, environment: str) -> Response:
        body = self.body(LiftKill)
        signed = self.signed(body)
        state = services.lift_kill(state_id=self.state.pk, **body, **signed)
        return Response(FlagStateOut(state).data)

    @endpoint("Flag states", "Go back to an earlier version", body=Revert, answers=FlagStateOut, conflict=STALE)
    def revert(self, request: Request, project: str, flag: str, environment: str) -> Response:
        body = self.body(Revert)
        signed = self.signed(body)
        state = services.revert(state_id=self.state.pk, **body, **signed)
        return Response(FlagStateOut(state).data)

    @endpoint(
        "Flag states",
        "Explain an answer",
        description="Evaluates the flag for a user, step by step, now or at a past moment. Changes and counts nothing.",
        body=Explain,
        answers=ExplanationOut,
        examples=[USER, THEN],
    )
    def explain(self, request: Request, project: str, flag: str, environment: str) -> Response:
        body = self.body(Explain)
        told = explained(self.state, check_context(body["context"]), body.get("at"), at=clock.now())
        return Response(ExplanationOut(told).data)


class HistoryViewSet(FlagsViewSet):
    ordering = ("-number",)
    actions = {"list": Action.VIEW}

    @endpoint("Flag states", "List a state's versions, newest first", answers=VersionOut, many=True)
    def list(self, request: Request, project: str, flag: str, environment: str) -> Response:
        return self.page(selectors.versions(self.state), VersionOut, prepare=selectors.described)
