"""Bodies as they come over the wire: read up to a limit, unpacked up to another."""

import zlib

from apps.core.asgi import BodyTooLarge, Receive, Refused, read_body
from apps.monitoring.domain.limits import MAX_BODY_BYTES
from apps.monitoring.ingest.answers import SLOW_BODY, UNKNOWN_ENCODING, problem, too_large

MAX_PACKED_BYTES = 2_000_000
_GZIP = 16 + zlib.MAX_WBITS


async def body_of(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """The body, unpacked. Raises Refused, ClientGone."""
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"identity", b"gzip"):
        raise Refused(UNKNOWN_ENCODING)
    limit = MAX_PACKED_BYTES if encoding == b"gzip" else MAX_BODY_BYTES
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        raise Refused(too_large(limit))
    try:
        body = await read_body(receive, limit)
    except BodyTooLarge:
        raise Refused(too_large(limit)) from None
    except TimeoutError:
        raise Refused(SLOW_BODY) from None
    return body if encoding == b"identity" else unpacked(body)


def unpacked(body: bytes) -> bytes:
    """Never more than the limit is unpacked, however much is packed. Raises Refused."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise Refused(problem(400, "parse_error", f"The body is not gzip: {error}.")) from None
    if len(plain) > MAX_BODY_BYTES:
        raise Refused(too_large(MAX_BODY_BYTES))
    if not unpacking.eof or unpacking.unused_data:
        raise Refused(problem(400, "parse_error", "The body is not one whole gzip stream."))
    return plain
