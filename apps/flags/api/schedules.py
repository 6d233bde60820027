"""Changes of a state at a set time."""

from functools import cached_property

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.core.serializers import Versioned
from apps.flags import services
from apps.flags.api.views import FlagsViewSet
from apps.flags.domain.access import Action, needed
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, ScheduledChange
from apps.flags.selectors import requests
from apps.flags.serializers import ScheduledChangeOut, ScheduleFilter, ScheduleIn

STALE = "Somebody else was faster, the flag is killed, or the environment asks for approval."
LATER = example(
    "Turn a flag on in the morning",
    {
        "flag": "checkout-v2",
        "environment": "staging",
        "apply_at": "2027-03-01T09:00:00Z",
        "status": "ON",
        "reason": "launch",
    },
    request=True,
)


class ScheduledChangeViewSet(FlagsViewSet):
    ordering = ("-id",)
    open_to_bound_keys = True
    actions = {
        "list": Action.VIEW,
        "create": Action.CHANGE_STATE,
        "retrieve": Action.VIEW,
        "cancel": Action.CHANGE_STATE,
    }

    @cached_property
    def schedule(self) -> ScheduledChange:
        return get_object_or_404(self._rows(), pk=self.kwargs["id"])

    @endpoint(
        "Scheduled changes", "List scheduled changes", answers=ScheduledChangeOut, many=True, query=ScheduleFilter
    )
    def list(self, request: Request, project: str) -> Response:
        wanted, rows = self.query(ScheduleFilter), self._rows()
        if "environment" in wanted:
            rows = rows.filter(state__environment=self.environment_named(wanted.pop("environment")))
        if "flag" in wanted:
            rows = rows.filter(state__flag__key=wanted.pop("flag"))
        return self.page(rows.filter(**wanted), ScheduledChangeOut)

    @endpoint(
        "Scheduled changes",
        "Schedule a change",
        description="Applied within seconds of `apply_at`, unless the state moves before; then it becomes a CONFLICT "
        "and says who moved it. Where approval is needed, propose `flags.schedule` instead.",
        body=ScheduleIn,
        answers=ScheduledChangeOut,
        status=201,
        conflict=STALE,
        examples=[LATER],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(ScheduleIn)
        signed, apply_at = self.signed(body), body.pop("apply_at")
        environment = self.environment_named(body.pop("environment"))
        state = requests.subject(FlagState, self.project, flag := body.pop("flag"), environment)
        if state is None:
            raise ValidationError({"flag": [f"There is no flag {flag!r} here."]})
        self.insist(needed(Action.CHANGE_STATE, protected=environment.protected))
        made = services.schedule_change(state_id=state.pk, change=Change(**body), apply_at=apply_at, **signed)
        return Response(ScheduledChangeOut(self._rows().get(pk=made.pk)).data, status=201)

    @endpoint("Scheduled changes", "Read a scheduled change", answers=ScheduledChangeOut)
    def retrieve(self, request: Request, project: str, id: int) -> Response:
        return Response(ScheduledChangeOut(self.schedule).data)

    @endpoint(
        "Scheduled changes",
        "Cancel a scheduled change",
        description="Or dismiss a conflict. Asks for no approval: what is served stays.",
        body=Versioned,
        answers=ScheduledChangeOut,
        conflict="Somebody else was faster, or it was applied or cancelled already.",
    )
    def cancel(self, request: Request, project: str, id: int) -> Response:
        self.insist(needed(Action.CHANGE_STATE, protected=self.schedule.state.environment.protected))
        signed = self.signed(self.body(Versioned))
        services.cancel_scheduled_change(schedule_id=self.schedule.pk, **signed)
        return Response(ScheduledChangeOut(self._rows().get(pk=self.schedule.pk)).data)

    def _rows(self) -> QuerySet[ScheduledChange]:
        rows = requests.schedules(self.project)
        return rows.filter(state__environment__key=self.bound_to) if self.bound_to else rows
