"""How the API describes itself as OpenAPI: one decorator for endpoints, problems and ways to sign in included."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from apps.core.api.authentication import HEADER
from apps.core.api.problems import MEDIA_TYPE

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Body = type[serializers.Serializer[Any]] | None
Sent = Body | dict[str, Any]  # other media types with their schema

ALWAYS = {
    401: "Nobody is signed in, or the key is unknown, expired or revoked.",
    403: "Your role or your key does not allow this.",
    429: "Too many requests; wait for the seconds in Retry-After.",
}
NOT_FOUND = "Something that the address names does not exist."
INVALID = "The body or the query is not valid; `errors` names each field."


class FieldErrorOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    message = serializers.CharField()


class ProblemOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="The request's id, as in the X-Request-Id header and the logs.")
    code = serializers.CharField(help_text="For programs; stays the same when the texts change.")
    errors = FieldErrorOut(many=True, required=False)  # type: ignore[assignment]


def endpoint(
    tag: str,
    summary: str,
    *,
    answers: Any = None,
    many: bool = False,
    status: int = 200,
    body: Sent = None,
    query: Body = None,
    conflict: str = "",
    description: str = "",
    examples: Sequence[OpenApiExample] = (),
    parameters: Sequence[OpenApiParameter] = (),
) -> Callable[[Endpoint], Endpoint]:
    """Documents one action. Bodies and queries bring their 400 along; `conflict` says what a 409 means here."""
    problems = ALWAYS | {404: NOT_FOUND}
    if body or query:
        problems[400] = INVALID
    if conflict:
        problems[409] = conflict
    done = answers if isinstance(answers, dict) else {status: answers(many=True) if many else answers}
    refused = {(code, MEDIA_TYPE): OpenApiResponse(ProblemOut, why) for code, why in sorted(problems.items())}
    return extend_schema(
        tags=[tag],
        summary=summary,
        description=description or f"{summary}.",  # else the class's docstring is taken, meant for ourselves
        request=body,
        responses={**done, **refused},
        parameters=[*([query] if query else []), *parameters],
        examples=list(examples),
    )


def example(name: str, value: Any, *, request: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=request, response_only=not request)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.core.api.authentication.ApiKeyAuthentication"
    name = ["bearerKey", "headerKey"]

    def get_security_requirement(self, auto_schema: Any) -> Any:
        return [{name: []} for name in self.name]  # either, not both

    def get_security_definition(self, auto_schema: Any) -> Any:
        bearer = {"type": "http", "scheme": "bearer", "description": "An API key as bearer token."}
        return [bearer, {"type": "apiKey", "in": "header", "name": HEADER, "description": "The same key."}]
