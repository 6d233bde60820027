"""What OFREP answers when it is not a value: statuses and JSON shapes. Deciding for one is the caller's business."""

import orjson

from apps.core.asgi import Answer, with_header


def failure(status: int, code: str, details: str, *, key: str | None = None) -> Answer:
    """An error about one flag (`key`) or about the request. Clients read `errorDetails` without looking first."""
    document = {} if key is None else {"key": key}
    return Answer(status, orjson.dumps({**document, "errorCode": code, "errorDetails": details}))


def flag_not_found(key: str) -> Answer:
    return failure(404, "FLAG_NOT_FOUND", "This key sees no such flag.", key=key)


def wrong_method(allowed: bytes) -> Answer:
    return with_header(failure(405, "GENERAL", f"Use one of: {allowed.decode()}."), b"allow", allowed)


def later(status: int, code: str, details: str, *, seconds: int) -> Answer:
    """The same request may succeed after `seconds`, which is at least 1: clients read 0 as no date at all."""
    return with_header(failure(status, code, details), b"retry-after", b"%d" % max(1, seconds))


def too_many_requests(seconds: int) -> Answer:
    return later(429, "GENERAL", f"Too many requests: try again in {seconds} s.", seconds=seconds)


def too_large(limit: int) -> Answer:
    answer = failure(413, "INVALID_CONTEXT", f"The body is larger than {limit:,} bytes.")
    return with_header(answer, b"connection", b"close")  # so that nobody sends the rest


UNAUTHORIZED = with_header(
    failure(401, "GENERAL", "Send a valid API key, as `Authorization: Bearer <key>` or `X-API-Key: <key>`."),
    b"www-authenticate",
    b"Bearer",
)
FORBIDDEN = failure(403, "GENERAL", "Only client and server keys evaluate flags; this key is of another kind.")
NOT_READY = later(503, "PROVIDER_NOT_READY", "The flags are not loaded yet.", seconds=1)
NO_SUCH_ADDRESS = failure(404, "GENERAL", "There is nothing at this address.")
SLOW_BODY = failure(408, "GENERAL", "The body did not arrive in time.")
BROKEN = failure(500, "GENERAL", "PulseOps failed to answer; the failure is logged under this request's id.")
