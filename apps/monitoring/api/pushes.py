"""The short path of ingest in the OpenAPI document: it is no part of REST framework, so it is written out here."""

from typing import Any, Final

from apps.core.api.problems import MEDIA_TYPE
from apps.monitoring.domain import limits

Json = dict[str, Any]
TAG: Final = "Sending"
KEYS: Final[list[Json]] = [{"bearerKey": []}, {"headerKey": []}]
WHEN: Final = (
    f"ISO 8601 or milliseconds since 1970; at most {limits.LATE_DAYS} days old and "
    f"{limits.FUTURE_SECONDS} s ahead. Now, unless it is given."
)
WHY: Final = {
    400: "Nothing was stored: the body is not readable, or `refused` names what is wrong with each item.",
    401: "The key is missing, unknown, expired or revoked.",
    403: "This kind of key does not send this.",
    408: "The body did not arrive in time.",
    413: f"The body is larger than {limits.MAX_BODY_BYTES:,} bytes, unpacked.",
    415: "Neither plain nor gzip.",
    429: "Too many requests; wait for the seconds in Retry-After.",
    503: "Nothing was stored: the database is away or busy. Send it again after the seconds in Retry-After.",
}


def _text(at_most: int, **more: Any) -> Json:
    return {"type": "string", "maxLength": at_most, **more}


def _object(required: list[str], **properties: Json) -> Json:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _list(item: str, at_most: int) -> Json:
    return {"type": "array", "minItems": 1, "maxItems": at_most, "items": _ref(item)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: Final[Json] = {
    "SentEvent": {
        **_object(
            ["name"],
            name=_text(limits.MAX_EVENT_NAME, minLength=1),
            targeting_key=_text(limits.MAX_UNIT, description="Who did it; this or `anonymous_id` is needed."),
            anonymous_id=_text(limits.MAX_UNIT, description="Before somebody signs in."),
            properties={"type": "object", "additionalProperties": True},
            timestamp={"oneOf": [{"type": "string"}, {"type": "integer"}], "description": WHEN},
            event_id=_text(limits.MAX_EVENT_ID, description="The same id counts once a day, however often it is sent."),
        ),
        "description": "One thing that somebody did.",
    },
    "SentEvents": _object(["events"], events=_list("SentEvent", limits.MAX_EVENTS)),
    "SentSample": _object(
        ["name", "value"],
        name=_text(limits.MAX_METRIC_NAME, pattern="^[a-zA-Z_:][a-zA-Z0-9_:]*$"),
        labels={"type": "object", "additionalProperties": _text(limits.MAX_LABEL_VALUE)},
        value={"type": "number", "format": "double"},
        at={"oneOf": [{"type": "string"}, {"type": "integer"}], "description": WHEN},
    ),
    "SentSamples": _object(["samples"], samples=_list("SentSample", limits.MAX_SAMPLES)),
    "NotTaken": {
        "type": "object",
        "required": ["field", "reason"],
        "properties": {
            "index": {"type": "integer", "description": "Of the item in its list, from 0."},
            "line": {"type": "integer", "description": "Of the text, from 1."},
            "field": {"type": "string"},
            "reason": {"type": "string"},
        },
    },
    "Taken": {
        "type": "object",
        "required": ["accepted", "refused"],
        "properties": {
            "accepted": {"type": "integer", "description": "Committed to the database."},
            "refused": {"type": "array", "items": _ref("NotTaken")},
        },
    },
    "SendingProblem": {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
            "status": {"type": "integer"},
            "accepted": {"type": "integer"},
            "refused": {"type": "array", "items": _ref("NotTaken")},
        },
    },
}
EVENTS: Final = {
    "events": [{"name": "message_sent", "targeting_key": "u-42", "properties": {"type": "text"}, "event_id": "m-1"}]
}
SAMPLES: Final = {
    "samples": [
        {"name": "active_users", "value": 42},
        {"name": "memory_used_ratio", "labels": {"host": "web-1"}, "value": 0.61},
    ]
}
TEXT: Final = '# TYPE auth_failures_total counter\nauth_failures_total{reason="password"} 12\n'
SOME_TAKEN: Final = {"accepted": 1, "refused": [{"index": 1, "field": "name", "reason": "is missing"}]}


def document(result: Json, **_: Any) -> Json:
    """A postprocessing hook of drf-spectacular."""
    result["paths"] |= {"/api/v1/events": {"post": _events()}, "/api/v1/metrics": {"post": _metrics()}}
    result["components"]["schemas"] |= SCHEMAS
    return result


def _events() -> Json:
    either = {"oneOf": [_ref("SentEvents"), _list("SentEvent", limits.MAX_EVENTS)]}
    return _push(
        "events_send",
        "Send events",
        "With an ingest, server or client key. Each item stands for itself: good ones are stored beside refused ones.",
        {"application/json": {"schema": either, "examples": {"One event": {"value": EVENTS}}}},
    )


def _metrics() -> Json:
    return _push(
        "metrics_send",
        "Send metrics",
        "With an ingest or server key; as JSON or as Prometheus text, which any other content type is taken for.",
        {
            "application/json": {"schema": _ref("SentSamples"), "examples": {"Two samples": {"value": SAMPLES}}},
            "text/plain": {"schema": {"type": "string"}, "examples": {"Prometheus text": {"value": TEXT}}},
        },
    )


def _push(name: str, summary: str, description: str, content: Json) -> Json:
    encoding = {
        "in": "header",
        "name": "Content-Encoding",
        "schema": {"type": "string", "enum": ["identity", "gzip"]},
    }
    taken = {"schema": _ref("Taken"), "examples": {"One was refused": {"value": SOME_TAKEN}}}
    return {
        "operationId": name,
        "summary": summary,
        "description": f"{description} Acknowledged is committed.",
        "tags": [TAG],
        "parameters": [encoding],
        "security": KEYS,
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "Stored.", "content": {"application/json": taken}},
            **_problems(400, 401, 403, 408, 413, 415, 429, 503),
        },
    }


def _problems(*codes: int) -> Json:
    content = {MEDIA_TYPE: {"schema": _ref("SendingProblem")}}
    return {str(code): {"description": WHY[code], "content": content} for code in codes}
