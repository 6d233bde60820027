"""Segments, and who is in them. Lists of members as CSV files are in members.py."""

from functools import cached_property

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.flags import selectors, services
from apps.flags.api.views import FlagsViewSet
from apps.flags.domain.access import Action, needed
from apps.flags.models import Segment
from apps.flags.selectors.overview import members
from apps.flags.serializers import Members, MembersOut, SegmentChange, SegmentIn, SegmentOut

STALE = "Somebody else was faster."
TWO = example("Two members", {"targeting_keys": ["u-1", "u-42"], "reason": "asked to join"}, request=True)

EUROPE = example(
    "A segment by rule",
    {"rule": {"attr": ["country"], "op": "in", "value": ["DE", "FR", "ES"]}, "reason": "launch in Europe"},
    request=True,
)


class SegmentsViewSet(FlagsViewSet):
    @cached_property
    def segment(self) -> Segment:
        return get_object_or_404(selectors.segments(self.project), key=self.kwargs["segment"])


class SegmentViewSet(SegmentsViewSet):
    ordering = ("key",)
    actions = {
        "list": Action.VIEW,
        "create": Action.EDIT_SEGMENT,
        "retrieve": Action.VIEW,
        "partial_update": Action.EDIT_SEGMENT,
    }

    def needed_here(self) -> tuple[str, ...]:
        """A rule works in every environment, so it is as protected as the most protected one."""
        if self.action != "partial_update" or "rule" not in self.request.data:
            return ()
        return needed(Action.SET_RULE, protected=self.project.environments.filter(protected=True).exists())

    @endpoint("Segments", "List segments", answers=SegmentOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        return self.page(selectors.segments(self.project), SegmentOut)

    @endpoint(
        "Segments",
        "Create a segment",
        body=SegmentIn,
        answers=SegmentOut,
        status=201,
        conflict="The key is taken.",
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(SegmentIn)
        signed = self.signed(body)
        made = services.create_segment(project_id=self.project.pk, **body, **signed)
        return Response(SegmentOut(made).data, status=201)

    @endpoint("Segments", "Read a segment", answers=SegmentOut)
    def retrieve(self, request: Request, project: str, segment: str) -> Response:
        return Response(SegmentOut(self.segment).data)

    @endpoint(
        "Segments",
        "Change a segment",
        description="For every environment at once; the key stays. A change of `rule` insists on `reason` when one of "
        "them is protected.",
        body=SegmentChange,
        answers=SegmentOut,
        conflict=STALE,
        examples=[EUROPE],
    )
    def partial_update(self, request: Request, project: str, segment: str) -> Response:
        body = self.body(SegmentChange)
        signed = self.signed(body)
        changed = services.update_segment(segment_id=self.segment.pk, fields=body, **signed)
        return Response(SegmentOut(changed).data)


class MembersViewSet(SegmentsViewSet):
    """Who is in a segment in one environment."""

    def needed_here(self) -> tuple[str, ...]:
        return needed(self.actions[self.action], protected=self.environment.protected) if self.writes else ()


class MemberViewSet(MembersViewSet):
    actions = {"retrieve": Action.VIEW, "update": Action.SET_MEMBERS}

    @endpoint("Segments", "List members in an environment", answers=MembersOut)
    def retrieve(self, request: Request, project: str, segment: str, environment: str) -> Response:
        keys = members(self.segment, self.environment)
        return Response(MembersOut({"targeting_keys": keys, "version": self.segment.version}).data)

    @endpoint(
        "Segments",
        "Set members in an environment",
        description="Exactly these users become the members; a protected environment insists on `reason`.",
        body=Members,
        answers=MembersOut,
        conflict=STALE,
        examples=[TWO],
    )
    def update(self, request: Request, project: str, segment: str, environment: str) -> Response:
        body = self.body(Members)
        signed, here = self.signed(body), self.environment
        changed = services.set_members(segment_id=self.segment.pk, environment_id=here.pk, **body, **signed)
        keys = members(changed, here)
        return Response(MembersOut({"targeting_keys": keys, "version": changed.version}).data)
