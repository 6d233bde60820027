"""Who may call what: people by their Django permissions, management keys by project, environment and scope."""

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.core.live.keyring import KeyFacts
from apps.core.models import ApiKey

if TYPE_CHECKING:  # settings name this module: REST framework imports it before its own views
    from rest_framework.views import APIView

    from apps.core.api.views import ApiViewSet


class Denied(BasePermission):
    """The default: a view that declares nothing is open to nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class SignedIn(BasePermission):
    """Any person who is logged in and any management key."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if isinstance(request.auth, KeyFacts):
            return request.auth.kind == ApiKey.Kind.MANAGEMENT
        return request.user.is_authenticated


class EvaluationKey(BasePermission):
    """Client and server keys: they name the environment to evaluate in."""

    message = "Evaluating needs a client or a server key: it says in which environment."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        kinds = (ApiKey.Kind.CLIENT, ApiKey.Kind.SERVER)
        return isinstance(request.auth, KeyFacts) and request.auth.kind in kinds


class Declared(BasePermission):
    """What the view declares for the action at hand: see ApiViewSet.needs."""

    message = "Your role does not allow this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.action not in view.needs:  # a method that the address does not have; DRF answers 405
            return SignedIn().has_permission(request, view)
        if isinstance(request.auth, KeyFacts):
            refusal = key_refusal(request.auth, view)
            if refusal:
                raise PermissionDenied(refusal)
            return True
        user = request.user
        return user.is_authenticated and user.has_perms(view.needed()) and user.has_perms(view.needed_here())


def key_refusal(key: KeyFacts, view: "ApiViewSet") -> str | None:
    """Why this key may not do this; None when it may. Looks at the address only, never at what exists."""
    writes = view.writes
    if key.kind != ApiKey.Kind.MANAGEMENT:
        return "This needs a management key; client and server keys only evaluate flags."
    if not key.scopes & ({ApiKey.Scope.WRITE} if writes else {ApiKey.Scope.WRITE, ApiKey.Scope.READ}):
        return "This key may only read; changing needs the scope write." if writes else "This key may not read."
    if view.kwargs.get("project", None if writes else key.project_key) != key.project_key:
        return "This key belongs to another project." if "project" in view.kwargs else "Only people create projects."
    return _environment_refusal(key, view)


def _environment_refusal(key: KeyFacts, view: "ApiViewSet") -> str | None:
    if key.environment_key is None:
        return None
    if view.open_to_bound_keys or not view.writes:
        named = view.kwargs.get("environment", key.environment_key)  # without one the view keeps to the key's own
        if named == key.environment_key:
            return None
    return f"This key is bound to {key.environment_key}: it sees nothing elsewhere and changes only flag states there."
