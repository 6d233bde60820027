"""API keys: issuing, rotating, revoking. A token leaves here once, in the answer that made it."""

from functools import cached_property

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import selectors, services
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.models import ApiKey
from apps.core.serializers import IssuedKeyOut, KeyIn, KeyOut, Reasoned

ENDED = "The key is revoked or expired."
KEY = example("A key for CI", {"kind": "MANAGEMENT", "name": "CI", "scopes": ["read", "write"]}, request=True)


class KeyViewSet(ApiViewSet):
    ordering = ("-id",)
    needs = {
        "list": "core.view_apikey",
        "create": "core.add_apikey",
        "retrieve": "core.view_apikey",
        "rotate": "core.change_apikey",
        "revoke": "core.change_apikey",
    }

    @cached_property
    def key(self) -> ApiKey:
        return get_object_or_404(self._rows(), pk=self.kwargs["id"])

    @endpoint("Keys", "List keys", answers=KeyOut, many=True)
    def list(self, request: Request, project: str) -> Response:
        return self.page(self._rows(), KeyOut)

    @endpoint(
        "Keys",
        "Issue a key",
        description="The token is in this answer and nowhere else afterwards.",
        body=KeyIn,
        answers=IssuedKeyOut,
        status=201,
        examples=[KEY],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(KeyIn)
        signed, named = self.signed(body), body.pop("environment")
        environment_id = self.environment_named(named).pk if named is not None else None
        issued = services.issue_key(project_id=self.project.pk, environment_id=environment_id, **body, **signed)
        return Response(IssuedKeyOut(issued).data, status=201)

    @endpoint("Keys", "Read a key", answers=KeyOut)
    def retrieve(self, request: Request, project: str, id: int) -> Response:
        return Response(KeyOut(self.key).data)

    @endpoint(
        "Keys",
        "Rotate a key",
        description="Issues a successor with the same rights. The old key works for one more day.",
        body=Reasoned,
        answers=IssuedKeyOut,
        status=201,
        conflict=ENDED,
    )
    def rotate(self, request: Request, project: str, id: int) -> Response:
        issued = services.rotate_key(key_id=self.key.pk, **self.signed(self.body(Reasoned)))
        return Response(IssuedKeyOut(issued).data, status=201)

    @endpoint("Keys", "Revoke a key", description="It ends at once.", body=Reasoned, answers=KeyOut, conflict=ENDED)
    def revoke(self, request: Request, project: str, id: int) -> Response:
        revoked = services.revoke_key(key_id=self.key.pk, **self.signed(self.body(Reasoned)))
        return Response(KeyOut(revoked).data)

    def _rows(self) -> QuerySet[ApiKey]:
        rows = selectors.api_keys(self.project)
        return rows.filter(environment__key=self.bound_to) if self.bound_to else rows
