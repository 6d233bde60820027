"""What one API key sees of one published ruleset, made once for each pair: the parts of an answer that no context
changes. Who may ask is not decided here."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from django.conf import settings

from apps.core.live.keyring import KeyFacts
from apps.core.models import ApiKey
from apps.flags.domain.engine.compiler import CompiledRuleset
from apps.flags.live.rulesets import Published
from apps.flags.live.streams import token_of

STREAMS_PATH = "/ofrep/v1/streams/"
INACTIVITY_SECONDS = 120


@dataclass(frozen=True, slots=True, eq=False)
class View:
    environment_id: int
    compiled: CompiledRuleset
    client_only: bool
    seed: Any  # a blake2b over everything but the context that the answer depends on; copied, never updated
    tail: bytes  # of the bulk answer, after the flags

    def etag(self, body: bytes, at: float) -> bytes:
        """Strong, over the whole answer's inputs. Clients keep their ETag while attributes of the context change,
        so an ETag of the configuration alone would confirm them stale values."""
        digest = self.seed.copy()
        digest.update(b"%d " % self.compiled.moment(at) + body)
        return f'"{digest.hexdigest()}"'.encode()


def view(published: Published, key: KeyFacts) -> View:
    found: View | None = published.remarks.get(key.id)
    if found is None:
        found = published.remarks[key.id] = _view(published, key)
    return found


def stream_url(published: Published, key_id: int) -> str:
    """`since` lets a client that connects late hear at once what it missed since it asked."""
    return f"{settings.PUBLIC_URL}{STREAMS_PATH}{token_of(key_id)}?since={published.etag}"


def _view(published: Published, key: KeyFacts) -> View:
    stream = {
        "type": "sse",
        "url": stream_url(published, key.id),
        "inactivityDelaySec": INACTIVITY_SECONDS,
    }
    metadata = {"environment": key.environment_key, "version": published.version}
    rest = orjson.dumps({"metadata": metadata, "eventStreams": [stream]})
    return View(
        environment_id=published.environment_id,
        compiled=published.compiled,
        client_only=key.kind == ApiKey.Kind.CLIENT,
        seed=blake2b(b"%d " % key.id + rest, digest_size=16),
        tail=b"," + rest[1:],
    )
