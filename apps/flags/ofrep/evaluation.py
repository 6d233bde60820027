"""From a request's body to the values it asks for. Nothing here waits: a view and bytes come in, bytes go out."""

from collections.abc import Mapping

import orjson

from apps.core.asgi import JSON, Answer
from apps.flags.domain.engine.context import TARGETING_KEY, InvalidContext, check_context
from apps.flags.domain.engine.limits import MAX_CONTEXT_DEPTH, MAX_CONTEXT_ITEMS, MAX_CONTEXT_SIZE
from apps.flags.domain.engine.outcome import ErrorCode
from apps.flags.live.usage import usage
from apps.flags.ofrep.answers import failure, flag_not_found
from apps.flags.ofrep.views import View

# The largest context that check_context lets through, in its longest spelling: 6 bytes a character.
MAX_BODY_BYTES = 512 * 1024


def single(view: View, key: str, body: bytes, at: float) -> Answer:
    """One flag. The answer's JSON was made when the flag was compiled."""
    try:
        context = read_context(body)
    except InvalidContext as refused:
        return failure(400, refused.code, refused.details, key=key)
    flag = view.compiled.flag(key)
    outcome = None if flag is None else view.compiled.evaluate(key, context, at)
    if flag is None or outcome is None or (view.client_only and not flag.client_exposed):
        return flag_not_found(key)
    usage.count_one(view.environment_id, outcome)
    return Answer(200 if outcome.error_code is None else 400, outcome.fragment)


def bulk(view: View, body: bytes, if_none_match: bytes | None, at: float) -> Answer:
    """All flags that the key sees. An unchanged ETag proves that the same body was answered with 200 before, so
    it is neither parsed nor evaluated again."""
    etag = view.etag(body, at)
    if if_none_match is not None and matches(if_none_match, etag):
        return Answer(304, b"", ((b"etag", etag),))
    try:
        context = read_context(body)
    except InvalidContext as refused:
        return failure(400, refused.code, refused.details)
    outcomes, flags = view.compiled.answer_all(context, at, client_only=view.client_only)
    usage.count(view.environment_id, outcomes)
    return Answer(200, b'{"flags":' + flags + view.tail, (JSON, (b"etag", etag)))


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Weak comparison: proxies that compress turn a strong ETag into a weak one."""
    if if_none_match == etag:
        return True
    return any(one.strip().removeprefix(b"W/") == etag for one in if_none_match.split(b","))


def read_context(body: bytes) -> Mapping[str, object]:
    """Raises InvalidContext. No body and no context are an empty context."""
    if not body:
        return {}
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidContext(ErrorCode.PARSE_ERROR, f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise InvalidContext(ErrorCode.INVALID_CONTEXT, "the body must be a JSON object")
    context = document.get("context")
    if context is None:
        return {}
    return context if _plainly_fine(context, body) else check_context(context)


def _plainly_fine(context: object, body: bytes) -> bool:
    """Whether the body alone proves what check_context would find by walking: a context is no larger than its JSON, no
    deeper than the brackets in it, its arrays are no longer than its commas, and text that came as JSON can go out as
    UTF-8."""
    return (
        type(context) is dict
        and type(context.get(TARGETING_KEY, "")) is str
        and len(body) <= MAX_CONTEXT_SIZE
        and body.count(b"{") + body.count(b"[") <= MAX_CONTEXT_DEPTH
        and (b"[" not in body or body.count(b",") < MAX_CONTEXT_ITEMS)
    )
