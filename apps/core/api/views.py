"""What every resource of the API is built on: access, the objects in its address, bodies, pages. No resource."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers, viewsets
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import clock, selectors
from apps.core.api import authentication, problems
from apps.core.api.pagination import CursorPagination
from apps.core.api.permissions import Declared
from apps.core.live.keyring import KeyFacts
from apps.core.models import Environment, Project
from apps.core.serializers import Strict

READING = ".view_"
PAGE_PARAMETERS = {"limit", "cursor"}


class ThrottledFirst(APIView):
    """Counts a request before its credentials are looked at, so that guessing is limited as well."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().check_throttles(request)
        super().initial(request, *args, **kwargs)

    def check_throttles(self, request: Request) -> None:
        """Done by then."""


class ApiViewSet(ThrottledFirst, viewsets.ViewSet):
    http_method_names = ["get", "head", "post", "put", "patch"]
    permission_classes = [Declared]
    pagination_class = CursorPagination
    needs: ClassVar[Mapping[str, str]] = {}  # action -> permission of a person; keys follow from its kind
    open_to_bound_keys: ClassVar[bool] = False  # keys bound to an environment may write here, in theirs
    ordering: ClassVar[tuple[str, ...]] = ("id",)
    refusals: ClassVar[problems.Translations] = {}  # this app's errors as problems

    def needed(self) -> tuple[str, ...]:
        """Permissions for this action anywhere."""
        return (self.needs[self.action],)

    def needed_here(self) -> tuple[str, ...]:
        """Permissions that only the objects in the address call for."""
        return ()

    @property
    def writes(self) -> bool:
        return any(READING not in permission for permission in self.needed())

    @cached_property
    def project(self) -> Project:
        return get_object_or_404(selectors.projects(), key=self.kwargs["project"])

    @cached_property
    def environment(self) -> Environment:
        return get_object_or_404(selectors.environments(self.project), key=self.kwargs["environment"])

    @property
    def caller_key(self) -> KeyFacts | None:
        """None when a person calls."""
        return self.request.auth if isinstance(self.request.auth, KeyFacts) else None

    @property
    def bound_to(self) -> str | None:
        """The one environment that the caller's key may see; None: all."""
        return self.caller_key.environment_key if self.caller_key else None

    def environment_named(self, key: str) -> Environment:
        """An environment that the body or the query names, not the address."""
        if self.bound_to not in (None, key):
            raise PermissionDenied(f"This key is bound to {self.bound_to}.")
        found = {environment.key: environment for environment in selectors.environments(self.project)}
        if key not in found:
            known = ", ".join(found)
            raise ValidationError({"environment": [f"There is no environment {key!r} here; there are {known}."]})
        return found[key]

    def environment_asked(self, wanted: dict[str, Any]) -> Environment | None:
        """The one that the query names, taken out of it; else the one of the caller's key; None: all."""
        named = wanted.pop("environment", self.bound_to)
        return None if named is None else self.environment_named(named)

    def insist(self, permissions: Sequence[str]) -> None:
        """What a person needs besides, once the body has named the objects; keys were judged by the address."""
        if self.caller_key is None and not self.request.user.has_perms(permissions):
            raise PermissionDenied(Declared.message)

    def body(self, serializer: type[Strict]) -> dict[str, Any]:
        return _validated(serializer, self.request.data)

    def query(self, serializer: type[Strict]) -> dict[str, Any]:
        given = self.request.query_params.items()
        return _validated(serializer, {name: value for name, value in given if name not in PAGE_PARAMETERS})

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        """What every write wants to know besides its fields: who, when, why, and on top of which version."""
        why: dict[str, Any] = {name: body.pop(name) for name in ("reason", "expected_version") if name in body}
        return {"actor": authentication.actor(self.request), "at": clock.now(), **why}

    def page(
        self,
        rows: QuerySet[Any],
        serializer: type[serializers.BaseSerializer[Any]],
        *,
        prepare: Callable[[list[Any]], list[Any]] = list,
        **context: Any,
    ) -> Response:
        """One page of rows; `prepare` may turn them into what the serializer expects."""
        paginator = self.pagination_class()
        found = prepare(paginator.paginate_queryset(rows, self.request, view=self) or [])
        return paginator.get_paginated_response(serializer(found, many=True, context=context).data)


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Addresses below /api/ that lead nowhere."""
    hint = "" if request.path.endswith("/") else " Every address ends with a slash."
    return problems.response(problems.Problem(404, "not_found", f"There is nothing at {request.path}.{hint}"))


def _validated(serializer: type[Strict], data: Any) -> dict[str, Any]:
    given = serializer(data=data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
