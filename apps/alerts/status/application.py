"""Public status pages out of this process's memory: no session, no cookie, no database."""

import asyncio
from functools import cache

from django.template.loader import render_to_string

from apps.alerts.live.status_pages import status_pages
from apps.core import clock
from apps.core.asgi import Answer, Headers, Receive, Scope, Send, joined, request_id, respond
from apps.core.live.traffic import requests

PREFIX = "/status/"
TYPES = {
    "": b"text/html; charset=utf-8",
    "status.json": b"application/json; charset=utf-8",
    "feed.atom": b"application/atom+xml; charset=utf-8",
}
# Caches ask again soon, but show what they have while this portal is away.
CACHED = (b"cache-control", b"public, max-age=10, stale-while-revalidate=30, stale-if-error=86400")
VARY, PACKED = (b"vary", b"Accept-Encoding"), (b"content-encoding", b"gzip")
NOT_CACHED = (b"cache-control", b"no-store")
POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE: Headers = [
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
OPEN = (b"access-control-allow-origin", b"*")  # for pages elsewhere that show the state
HTML = (b"content-type", TYPES[""])
TEXT = (b"content-type", b"text/plain; charset=utf-8")
NOT_READY = Answer(503, b"The status pages are not here yet. Try again in a moment.\n", (TEXT, (b"retry-after", b"2")))
WRONG_METHOD = Answer(405, b"A status page is only read.\n", (TEXT, (b"allow", b"GET, HEAD")))


class Status:
    """The ASGI application below /status/."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        answer = await self._answer(scope, headers)
        requests["status", answer.status] += 1
        name = request_id(headers.get(b"x-request-id"))
        await respond(send, answer.status, joined(SAFE, answer, name), answer.body)

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes]) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return WRONG_METHOD
        slug, slash, name = scope["path"].removeprefix(PREFIX).partition("/")
        page = status_pages.get(slug)
        if page is None and not status_pages.loaded:
            return NOT_READY
        if page is not None and not slash:
            return Answer(308, b"", ((b"location", f"{PREFIX}{slug}/".encode()), CACHED))
        body = None if page is None else page.get(name, at=clock.now())
        if body is None:
            return Answer(404, await asyncio.to_thread(missing), (HTML, NOT_CACHED))
        packed = b"gzip" in headers.get(b"accept-encoding", b"")
        etag = b'"%s%s"' % (body.etag, b"-gzip" if packed else b"")
        about = [(b"etag", etag), CACHED, VARY, *([OPEN] if name else [])]
        if _known(headers.get(b"if-none-match", b""), etag):
            return Answer(304, b"", tuple(about))
        about += [(b"content-type", TYPES[name]), *([PACKED] if packed else [])]
        return Answer(200, body.packed if packed else body.content, tuple(about))


@cache
def missing() -> bytes:
    return render_to_string("status/missing.html").encode()


def _known(asked: bytes, etag: bytes) -> bool:
    """Caches may have made a weak name of ours."""
    return asked.strip() == b"*" or etag in {one.strip().removeprefix(b"W/") for one in asked.split(b",")}
