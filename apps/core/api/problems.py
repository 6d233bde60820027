"""Every refusal as application/problem+json (RFC 9457). The floor's own errors are here; views add their app's."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions

from apps.core import approvals, services
from apps.core.database import DATABASE_AWAY
from apps.core.logs import current_request_id

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
UNIQUE_CODES = {"unique", "unique_together"}

FieldError = tuple[str, str]  # (path, message)


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    code: str  # for programs; never changes
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


Translation = Callable[[Any], Problem]
Translations = Mapping[type[Exception], Translation]  # the first class that fits decides, the view's before ours


def refusal(status: int, code: str, detail: str, *, field: str = "") -> Translation:
    """The same problem whatever the error says; `field` names the part of the request that is to blame."""
    return lambda error: Problem(status, code, detail, ((field, detail),) if field else ())


def stale(error: services.StaleVersion) -> Problem:
    detail = f"Somebody was faster: you read version {error.expected}, it is {error.found} by now. Read it again."
    return Problem(409, "stale_version", detail, (("expected_version", detail),))


def approval_required(error: approvals.ApprovalRequired) -> Problem:
    address = f"/api/v1/projects/{error.environment.project.key}/change-requests/"
    return Problem(409, "approval_required", f"{error} Propose it instead: POST it to {address}")


def invalid(errors: tuple[FieldError, ...]) -> Problem:
    count = "One field needs" if len(errors) == 1 else f"{len(errors)} fields need"
    return Problem(400, "invalid", f"{count} another value; see errors.", errors)


def already_exists(field: str) -> Problem:
    return Problem(409, "already_exists", f"There is one with this {field} already.", ((field, "is taken"),))


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """What REST framework calls for every exception in a view."""
    problem = _translated(error, getattr(context.get("view"), "refusals", {}))
    if problem is None or problem.status >= 500:
        logger.error("%s while answering an API request", type(error).__name__, exc_info=error)
    return response(problem or UNEXPECTED)


def response(problem: Problem) -> HttpResponse:
    """Not a REST framework Response: a problem is JSON even where the view answers HTML or YAML."""
    body: dict[str, Any] = {
        "type": f"urn:pulseops:problem:{problem.code.replace('_', '-')}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": current_request_id(),
        "code": problem.code,
    }
    if problem.errors:
        body["errors"] = [{"field": field, "message": message} for field, message in problem.errors]
    return JsonResponse(body, status=problem.status, content_type=MEDIA_TYPE, headers=dict(problem.headers))


def _translated(error: Exception, of_view: Translations) -> Problem | None:
    tables = (*of_view.items(), *OURS.items())
    return next((translate(error) for known, translate in tables if isinstance(error, known)), None)


def _framework(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        return invalid(tuple(_flat("", error.detail)))
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return Problem(error.status_code, error.default_code, str(error.detail), headers=tuple(headers.items()))


def _flat(path: str, detail: Any) -> Iterator[FieldError]:
    """REST framework's nested errors as paths, such as `variants[1].key`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(_joined(path, name), inner)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _flat(path if isinstance(inner, str) else f"{path}[{place}]", inner)
    else:
        yield path, str(detail)


def _joined(path: str, name: str | int) -> str:
    if name == "non_field_errors":
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _validation(error: ValidationError) -> Problem:
    """Of models and services. A taken key is a conflict, not a malformed request."""
    if not hasattr(error, "error_dict"):
        return invalid(tuple(("", message) for message in error.messages))
    single = [(field, one) for field, errors in error.error_dict.items() for one in errors]
    for field, one in single:
        if one.code in UNIQUE_CODES:
            return already_exists(field if field != NON_FIELD_ERRORS else (one.params or {})["unique_check"][-1])
    named = (("" if field == NON_FIELD_ERRORS else field, one) for field, one in single)
    return invalid(tuple((field, " ".join(one.messages)) for field, one in named))


UNEXPECTED = Problem(500, "unexpected", "Something broke on our side. The instance leads to the log entry.")
AWAY = Problem(503, "database_away", "The database does not answer. Try again.", headers=(("Retry-After", "5"),))
OURS: Translations = {
    exceptions.APIException: _framework,
    Http404: refusal(404, "not_found", "There is nothing at this address."),
    ObjectDoesNotExist: refusal(404, "not_found", "There is nothing at this address."),
    PermissionDenied: refusal(403, "permission_denied", "You may not do this."),
    ValidationError: _validation,
    services.StaleVersion: stale,
    services.ReasonMissing: refusal(400, "reason_missing", "Say why: this change needs a reason.", field="reason"),
    services.KeyAlreadyRotated: refusal(409, "key_already_rotated", "This key has a successor; rotate that one."),
    services.KeyNotUsable: refusal(409, "key_not_usable", "This key is revoked or expired; issue a new one."),
    services.EnvironmentMissing: refusal(
        400, "environment_missing", "Every kind of key but MANAGEMENT belongs to one environment.", field="environment"
    ),
    approvals.ApprovalRequired: approval_required,
    approvals.ApprovalNotNeeded: refusal(409, "approval_not_needed", "Nothing is asked for here: make the change."),
    approvals.OnlyPeopleApprove: refusal(403, "only_people_approve", "Keys propose; approving is a person's."),
    approvals.AuthorCannotApprove: refusal(403, "author_cannot_approve", "Somebody else has to decide about yours."),
    approvals.OnlyTheAuthorWithdraws: refusal(403, "not_the_author", "Only the author withdraws; reject it instead."),
    approvals.AlreadyVoted: refusal(409, "already_voted", "You have voted on this request."),
    approvals.RequestIsClosed: refusal(409, "request_is_closed", "The request is closed; read its status."),
    **dict.fromkeys(DATABASE_AWAY, lambda error: AWAY),
}
