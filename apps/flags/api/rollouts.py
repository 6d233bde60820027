"""Rollout plans: starting and steering those of a flag's state, listing those of a project."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.schema import endpoint, example
from apps.flags import selectors, services
from apps.flags.api.views import FlagsViewSet, InEnvironment
from apps.flags.domain.access import Action
from apps.flags.domain.audience import main_variant
from apps.flags.domain.rollouts.templates import DEFAULT, TEMPLATES
from apps.flags.models import RolloutPlan
from apps.flags.selectors import ToldPlan, definitions
from apps.flags.serializers import RolloutAction, RolloutFilter, RolloutIn, RolloutOut, TemplateOut

OVER = "Somebody else was faster, or the plan has ended."
FOUR_WEEKS = example(
    "The four-week plan, guarded", {"guards": ["error_rate_critical"], "reason": "launch"}, request=True
)
OWN = example(
    "Stages of one's own",
    {
        "variant": "on",
        "stages": [
            {"name": "Staff", "groups": ["internal"], "weight": 100_000, "hold_seconds": 86_400},
            {"name": "A tenth", "weight": 10_000, "hold_seconds": 86_400, "needs_approval": True},
            {"name": "Everyone", "weight": 100_000, "hold_seconds": 86_400},
        ],
        "reason": "launch",
    },
    request=True,
)


def told(rows: list[RolloutPlan]) -> list[ToldPlan]:
    return selectors.tell(rows, at=clock.now())


class RolloutViewSet(InEnvironment):
    ordering = ("-id",)
    open_to_bound_keys = True
    actions = {
        "list": Action.VIEW,
        "create": Action.CHANGE_STATE,
        "retrieve": Action.VIEW,
        "pause": Action.CHANGE_STATE,
        "resume": Action.CHANGE_STATE,
        "skip": Action.CHANGE_STATE,
        "approve": Action.CHANGE_STATE,
        "roll_back": Action.ROLL_BACK,
        "take_over": Action.CHANGE_STATE,
    }

    @cached_property
    def rollout(self) -> RolloutPlan:
        return get_object_or_404(selectors.rollouts_of(self.state), pk=self.kwargs["rollout"])

    @endpoint("Rollouts", "List a state's rollout plans, newest first", answers=RolloutOut, many=True)
    def list(self, request: Request, **address: Any) -> Response:
        return self.page(selectors.rollouts_of(self.state), RolloutOut, prepare=told)

    @endpoint(
        "Rollouts",
        "Start a rollout plan",
        description="Serves the first stage at once and goes on by itself. Without `stages` and `template` it is the "
        "four-week plan. Until the plan ends, the state takes no other change than a kill.",
        body=RolloutIn,
        answers=RolloutOut,
        status=201,
        conflict="Somebody else was faster, a plan is open already, or the flag is killed.",
        examples=[FOUR_WEEKS, OWN],
    )
    def create(self, request: Request, **address: Any) -> Response:
        body = self.body(RolloutIn)
        signed = self.signed(body)
        template = TEMPLATES[body.pop("template", DEFAULT)]
        given = {"variant": self._main_variant(), "stages": template.stages, **body}
        return self._shown(services.start_rollout(state_id=self.state.pk, **given, **signed), status=201)

    @endpoint("Rollouts", "Read a rollout plan", answers=RolloutOut)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return self._shown(self.rollout)

    @endpoint("Rollouts", "Pause a rollout plan", body=RolloutAction, answers=RolloutOut, conflict=OVER)
    def pause(self, request: Request, **address: Any) -> Response:
        return self._steered(services.pause_rollout)

    @endpoint(
        "Rollouts",
        "Resume a rollout plan",
        description="The rest of the present stage's time goes on. After a kill was lifted this has to be asked for.",
        body=RolloutAction,
        answers=RolloutOut,
        conflict=OVER,
    )
    def resume(self, request: Request, **address: Any) -> Response:
        return self._steered(services.resume_rollout)

    @endpoint(
        "Rollouts",
        "Skip to the next stage",
        description="Without waiting for time, guards or evaluations. Always needs `reason`.",
        body=RolloutAction,
        answers=RolloutOut,
        conflict=OVER,
    )
    def skip(self, request: Request, **address: Any) -> Response:
        return self._steered(services.skip_stage)

    @endpoint(
        "Rollouts",
        "Approve the present stage",
        description="For people, but not for who started the plan. It goes on when the rest is there too.",
        body=RolloutAction,
        answers=RolloutOut,
        conflict=OVER,
    )
    def approve(self, request: Request, **address: Any) -> Response:
        return self._steered(services.approve_stage)

    @endpoint(
        "Rollouts",
        "Roll back",
        description="Serves exactly what was served before the plan started. Asks for no more than a kill does.",
        body=RolloutAction,
        answers=RolloutOut,
        conflict=OVER,
    )
    def roll_back(self, request: Request, **address: Any) -> Response:
        return self._steered(services.roll_back_rollout)

    @endpoint(
        "Rollouts",
        "Take over",
        description="Ends the plan and keeps what is served, so that the flag can be changed by hand.",
        body=RolloutAction,
        answers=RolloutOut,
        conflict=OVER,
    )
    def take_over(self, request: Request, **address: Any) -> Response:
        return self._steered(services.take_over_rollout)

    def _steered(self, service: Callable[..., RolloutPlan]) -> Response:
        return self._shown(service(plan_id=self.rollout.pk, **self.signed(self.body(RolloutAction))))

    def _shown(self, row: RolloutPlan, *, status: int = 200) -> Response:
        return Response(RolloutOut(told([row])[0]).data, status=status)

    def _main_variant(self) -> str:
        flag = definitions.flag(self.state)
        return main_variant(flag.type, flag.variants, flag.off_variant)


class ProjectRolloutViewSet(FlagsViewSet):
    ordering = ("-id",)
    actions = {"list": Action.VIEW}

    @endpoint("Rollouts", "List a project's rollout plans", answers=RolloutOut, many=True, query=RolloutFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(RolloutFilter)
        rows = selectors.rollouts(self.project)
        if environment := self.environment_asked(wanted):
            rows = rows.filter(state__environment=environment)
        return self.page(rows.filter(**wanted), RolloutOut, prepare=told)


class TemplateViewSet(FlagsViewSet):
    actions = {"list": Action.VIEW}

    @endpoint("Rollouts", "List templates of rollout plans", answers=TemplateOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        results = TemplateOut(list(TEMPLATES.values()), many=True).data
        return Response({"next": None, "previous": None, "results": results})
