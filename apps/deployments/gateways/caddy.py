"""Caddy's admin API: the weights of a reverse_proxy handler that is found by its @id. Knows no deployment.

All weights are one list, so that one PATCH moves all sides at once; the ETag refuses whoever has read something older.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import h11

from apps.core.egress import Reply
from apps.core.egress.http import exchange
from apps.deployments.domain import shares
from apps.deployments.domain.traffic import Caddy
from apps.deployments.gateways.admin import Connection, talk
from apps.deployments.gateways.traffic import (
    ChangedMeanwhile,
    Outcome,
    Refused,
    UnexpectedAnswer,
    UnknownSlot,
    checked,
    known,
)

BODY_LIMIT = 262_144  # bytes
POLICY = "weighted_round_robin"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
WEIGHTS = "/load_balancing/selection_policy/weights"


@dataclass(frozen=True, slots=True)
class _Seen:
    """The handler as it was read."""

    etag: str
    dials: tuple[str, ...]
    weights: tuple[int, ...]  # of the dial addresses, in their order


@dataclass(slots=True)
class CaddyDriver:
    """It remembers what it read last: an apply that follows is refused if the handler has changed since."""

    config: Caddy
    _seen: _Seen | None = field(default=None, init=False)

    def read(self) -> Mapping[str, int]:
        reply = self._ask("GET", f"/id/{self.config.handler}")
        self._seen = self._understood(reply)
        by_dial = self._by_dial(self._seen)
        return shares.shares({slot: by_dial[dial] for slot, dial in self.config.slots.items()})

    def apply(self, weights: Mapping[str, int]) -> Outcome:
        wanted = shares.parts(checked(self.config.slots, weights), shares.CADDY)
        if self._seen is None:
            self.read()
        assert self._seen is not None
        of_dial = {dial: wanted[slot] for slot, dial in self.config.slots.items()}
        numbers = tuple(of_dial.get(dial, 0) for dial in self._seen.dials)
        self._write(numbers, self._seen.etag)  # Caddy reloads nothing for a PATCH that changes nothing
        return Outcome.ASSERTED

    def in_flight(self, slot: str) -> int | None:
        """Of all handlers that use this upstream together, and of configurations that a newer one has replaced."""
        dial = self.config.slots[known(self.config.slots, slot)]
        found = _list(_json(self._ask("GET", "/reverse_proxy/upstreams")))
        counts = [each.get("num_requests") for each in found if each.get("address") == dial]
        if not counts:
            raise UnknownSlot(f"Caddy has no upstream {dial}: put it into the upstreams of {self.config.handler}")
        if not isinstance(counts[0], int):
            raise UnexpectedAnswer("Caddy gave no number of requests for an upstream")
        return counts[0]

    def _write(self, numbers: tuple[int, ...], etag: str) -> None:
        self._seen = None  # whatever comes of it, what was read is old now
        headers = {"Content-Type": "application/json", "If-Match": etag}
        self._ask("PATCH", f"/id/{self.config.handler}{WEIGHTS}", headers, json.dumps(numbers).encode())

    def _ask(self, method: str, path: str, headers: Mapping[str, str] = NO_HEADERS, body: bytes = b"") -> Reply:
        host = "localhost" if self.config.admin.path else str(self.config.admin)
        own = {"Host": host, "User-Agent": "PulseOps", "Connection": "close", "Content-Length": str(len(body))}
        head = h11.Request(method=method, target=path, headers=list({**own, **headers}.items()))
        reply = Reply()

        async def talking(connection: Connection) -> None:
            await exchange(connection, head, body, reply, body_limit=BODY_LIMIT)

        talk(self.config.admin, talking, seconds=self.config.timeout_seconds)
        self._refuse_unless_ok(reply)
        return reply

    def _refuse_unless_ok(self, reply: Reply) -> None:
        handler = self.config.handler
        if reply.ok:
            return
        if reply.status == 412:
            raise ChangedMeanwhile("Caddy's configuration has changed since it was read: read again before applying")
        if reply.status == 404:
            raise UnexpectedAnswer(f'Caddy has nothing there: give the reverse_proxy handler "@id": "{handler}"')
        if reply.status in {401, 403}:
            raise Refused(f"Caddy's admin API refuses {self.config.admin}: add it to the origins of admin")
        raise Refused(f"Caddy answered {reply.status} and kept its configuration: its log says why")

    def _understood(self, reply: Reply) -> _Seen:
        handler = _object(_json(reply))
        policy = _object(_object(handler.get("load_balancing")).get("selection_policy"))
        if handler.get("handler") != "reverse_proxy" or policy.get("policy") != POLICY:
            raise UnexpectedAnswer(f"{self.config.handler} is no reverse_proxy with the selection policy {POLICY}")
        dials = tuple(str(each.get("dial", "")) for each in _list(handler.get("upstreams")))
        weights = policy.get("weights")
        if not isinstance(weights, list) or not all(type(each) is int and each >= 0 for each in weights):
            raise UnexpectedAnswer(f"the weights of {self.config.handler} are no list of whole numbers")
        if len(weights) != len(dials):
            raise UnexpectedAnswer(f"{self.config.handler} has {len(dials)} upstreams and {len(weights)} weights")
        return _Seen(reply.headers.get("etag", ""), dials, tuple(weights))

    def _by_dial(self, seen: _Seen) -> dict[str, int]:
        """Every upstream that gets traffic is a slot of ours, and every slot of ours is an upstream."""
        by_dial = dict(zip(seen.dials, seen.weights, strict=True))
        ours = set(self.config.slots.values())
        if missing := sorted(ours - set(by_dial)):
            raise UnknownSlot(f"{self.config.handler} has no upstream {', '.join(missing)}: add it with weight 0")
        if strangers := sorted(dial for dial, weight in by_dial.items() if weight and dial not in ours):
            raise UnknownSlot(f"{self.config.handler} sends traffic to {', '.join(strangers)}, which is no slot")
        return by_dial


def _json(reply: Reply) -> object:
    try:
        return json.loads(reply.body)
    except ValueError:
        raise UnexpectedAnswer("the answer is no JSON; is this Caddy's admin address?") from None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnexpectedAnswer("Caddy gave no list of upstreams; is this its admin address?")
    return value
