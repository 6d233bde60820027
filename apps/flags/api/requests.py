"""Changes that wait for approval: proposing them and deciding about them."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import approvals, selectors
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.models import ChangeRequest, Environment
from apps.flags import services
from apps.flags.api.problems import REFUSALS
from apps.flags.domain.access import needed
from apps.flags.models import Flag, FlagState, Segment
from apps.flags.selectors import requests
from apps.flags.serializers import ChangeRequestFilter, ChangeRequestIn, ChangeRequestOut, Comment
from apps.flags.services.proposals import OPERATIONS, Operation

CLOSED = "The request is closed, or you voted already."
PROPOSAL = example(
    "Turn a flag on in production",
    {
        "kind": "flags.state_change",
        "flag": "checkout-v2",
        "environment": "production",
        "patch": {"status": "ON"},
        "reason": "launch",
        "expected_version": 3,
    },
    request=True,
)


class ChangeRequestViewSet(ApiViewSet):
    ordering = ("-id",)
    open_to_bound_keys = True
    refusals = REFUSALS
    needs = {
        "list": "core.view_changerequest",
        "create": "flags.change_flagstate",  # and what the kind asks for
        "retrieve": "core.view_changerequest",
        "approve": "flags.approve_change",
        "reject": "flags.approve_change",
        "withdraw": "flags.change_flagstate",
    }

    @cached_property
    def change_request(self) -> ChangeRequest:
        return get_object_or_404(self._rows(), pk=self.kwargs["id"])

    @endpoint("Change requests", "List change requests", answers=ChangeRequestOut, many=True, query=ChangeRequestFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(ChangeRequestFilter)
        if "environment" in wanted:
            wanted["environment"] = self.environment_named(wanted["environment"])
        return self.page(self._rows().filter(**wanted), ChangeRequestOut)

    @endpoint(
        "Change requests",
        "Propose a change",
        description="Checked as the change itself would be: what could not be applied is refused. Keys may propose.",
        body=ChangeRequestIn,
        answers=ChangeRequestOut,
        status=201,
        conflict="Somebody else was faster, there is nothing to change, or no approval is needed.",
        examples=[PROPOSAL],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(ChangeRequestIn)
        operation, signed = OPERATIONS[body["kind"]], self.signed(body)
        environment = self._environment_of(operation, body)
        places = [environment] if environment else self.project.environments.all()
        self.insist(needed(operation.action, protected=any(place.protected for place in places)))
        opened = services.propose(
            kind=body["kind"],
            subject_id=self._subject_of(operation, body, environment).pk,
            environment_id=environment.pk if environment else None,
            patch=body["patch"],
            **signed,
        )
        return self._shown(opened, status=201)

    @endpoint("Change requests", "Read a change request", answers=ChangeRequestOut)
    def retrieve(self, request: Request, project: str, id: int) -> Response:
        return Response(ChangeRequestOut(self.change_request).data)

    @endpoint(
        "Change requests",
        "Approve a change request",
        description="For people other than the author. The last approval that is needed applies the change; where the "
        "object moved on meanwhile, the request becomes OUTDATED and nothing is applied.",
        body=Comment,
        answers=ChangeRequestOut,
        conflict=CLOSED,
    )
    def approve(self, request: Request, project: str, id: int) -> Response:
        return self._shown(services.approve_request(request_id=self._ours.pk, **self._commented()))

    @endpoint(
        "Change requests",
        "Reject a change request",
        description="For people other than the author. One is enough.",
        body=Comment,
        answers=ChangeRequestOut,
        conflict=CLOSED,
    )
    def reject(self, request: Request, project: str, id: int) -> Response:
        return self._shown(approvals.reject(request_id=self._ours.pk, **self._commented()))

    @endpoint(
        "Change requests",
        "Withdraw a change request",
        description="For its author.",
        body=Comment,
        answers=ChangeRequestOut,
        conflict="The request is closed.",
    )
    def withdraw(self, request: Request, project: str, id: int) -> Response:
        return self._shown(approvals.withdraw(request_id=self._ours.pk, **self._commented()))

    def _rows(self) -> QuerySet[ChangeRequest]:
        rows = selectors.change_requests(self.project)
        return rows.filter(environment__key=self.bound_to) if self.bound_to else rows

    @property
    def _ours(self) -> ChangeRequest:
        """One that this app applies."""
        return get_object_or_404(requests.ours(self._rows()), pk=self.kwargs["id"])

    def _commented(self) -> dict[str, Any]:
        body = self.body(Comment)
        return {**self.signed(body), **body}

    def _environment_of(self, operation: Operation, body: dict[str, Any]) -> Environment | None:
        named = body.get("environment")
        if operation.everywhere:
            if named is not None:
                raise ValidationError({"environment": ["This is the same in every environment: leave it out."]})
            if self.bound_to:
                raise PermissionDenied(f"This key is bound to {self.bound_to}.")
            return None
        if named is None:
            raise ValidationError({"environment": ["Say in which environment."]})
        return self.environment_named(named)

    def _subject_of(
        self, operation: Operation, body: dict[str, Any], environment: Environment | None
    ) -> Flag | FlagState | Segment:
        field = "segment" if operation.subject is Segment else "flag"
        if field not in body:
            raise ValidationError({field: ["Say which."]})
        found = requests.subject(operation.subject, self.project, body[field], environment)
        if found is None:
            raise ValidationError({field: [f"There is no {field} {body[field]!r} here."]})
        return found

    def _shown(self, request: ChangeRequest, *, status: int = 200) -> Response:
        return Response(ChangeRequestOut(self._rows().get(pk=request.pk)).data, status=status)
