"""Segments, and who is in them. Lists of members as CSV files are in members.py."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.schema import endpoint, example
from apps.flags import selectors, services
from apps.flags.api.views import FlagsViewSet, InEnvironment
from apps.flags.domain.access import Action
from apps.flags.selectors.overview import members
from apps.flags.serializers import Members, MembersOut, SegmentChange, SegmentIn, SegmentOut

STALE = "Somebody else was faster."
TWO = example("Two members", {"targeting_keys": ["u-1", "u-42"], "reason": "asked to join"}, request=True)

EUROPE = example(
    "A segment by rule",
    {"rule": {"attr": ["country"], "op": "in", "value": ["DE", "FR", "ES"]}, "reason": "launch in Europe"},
    request=True,
)


class SegmentViewSet(FlagsViewSet):
    ordering = ("key",)
    actions = {
        "list": Action.VIEW,
        "create": Action.EDIT_SEGMENT,
        "retrieve": Action.VIEW,
        "partial_update": Action.EDIT_SEGMENT,
    }

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
        if "rule" in body:
            self.insist(self.needed_everywhere(Action.SET_RULE))
        signed = self.signed(body)
        changed = services.update_segment(segment_id=self.segment.pk, fields=body, **signed)
        return Response(SegmentOut(changed).data)


class MemberViewSet(InEnvironment):
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
