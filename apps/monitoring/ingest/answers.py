"""What the ingest path answers: problem+json where it refuses, counts where it takes."""

from collections.abc import Sequence
from http import HTTPStatus

import orjson

from apps.core.asgi import Answer, with_header
from apps.monitoring.domain.values import Refused

_PROBLEM = ((b"content-type", b"application/problem+json"),)


def problem(status: int, code: str, detail: str, **more: object) -> Answer:
    document = {
        "type": f"urn:pulseops:problem:{code.replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    return Answer(status, orjson.dumps(document), _PROBLEM)


def counted(accepted: int, refused: Sequence[Refused], place: str) -> Answer:
    """The good ones are stored. 400 when none was good, so that nobody overlooks it. `place` names what the numbers
    count: `index` of an item or `line` of a text."""
    told = [{place: one.place, "field": one.field, "reason": one.reason} for one in refused]
    if refused and not accepted:
        return problem(400, "invalid", "Nothing was stored; see refused.", accepted=0, refused=told)
    return Answer(200, orjson.dumps({"accepted": accepted, "refused": told}))


def later(status: int, code: str, detail: str, *, seconds: int) -> Answer:
    return with_header(problem(status, code, detail), b"retry-after", b"%d" % max(1, seconds))


def too_many_requests(seconds: int) -> Answer:
    return later(429, "throttled", f"Too many requests: try again in {seconds} s.", seconds=seconds)


def wrong_method(allowed: bytes) -> Answer:
    return with_header(problem(405, "method_not_allowed", f"Use {allowed.decode()}."), b"allow", allowed)


def too_large(limit: int) -> Answer:
    answer = problem(413, "too_large", f"The body is larger than {limit:,} bytes.")
    return with_header(answer, b"connection", b"close")  # so that nobody sends the rest


UNAUTHORIZED = with_header(
    problem(401, "not_authenticated", "Send a valid API key, as `Authorization: Bearer <key>` or `X-API-Key: <key>`."),
    b"www-authenticate",
    b"Bearer",
)
WRONG_KIND = problem(403, "permission_denied", "This kind of key does not send this; use an ingest key.")
NOT_READY = later(503, "not_ready", "The keys are not loaded yet.", seconds=1)
NOT_STORED = later(503, "not_stored", "The database does not answer; nothing was stored. Send it again.", seconds=5)
OVERLOADED = later(503, "overloaded", "Too much waits to be stored; nothing of this was. Send it again.", seconds=1)
SLOW_BODY = problem(408, "timeout", "The body did not arrive in time.")
UNKNOWN_ENCODING = problem(415, "unsupported_media_type", "Send the body as it is, or with Content-Encoding: gzip.")
BROKEN = problem(500, "error", "PulseOps failed to answer; the failure is logged under this request's id.")
