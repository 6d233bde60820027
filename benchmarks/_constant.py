"""What the server itself costs: an ASGI application that reads the body and answers with the same bytes each time,
as many and under as many headers as OFREP does for one flag."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
BODY = b'{"key":"flag-1","value":false,"reason":"SPLIT","variant":"off","metadata":{"flagVersion":2,"ruleId":"ramp"}}'


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"x-request-id", b"0123456789ab1234"),
        (b"content-length", b"%d" % len(BODY)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
