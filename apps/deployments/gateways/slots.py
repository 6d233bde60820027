"""Talking to a slot and to whoever runs it: probes, smoke tests, and the agent that brings releases up."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core import egress
from apps.core.domain import signing

PROBE = egress.Limits(deadline_seconds=3.0, body_limit=65_536)
CALL = egress.Limits(deadline_seconds=15.0)


@dataclass(frozen=True, slots=True)
class Probe:
    ok: bool
    words: str


def probe(url: str, path: str) -> Probe:
    """Whether the slot says that it is well: a status below 400."""
    if not url:
        return Probe(False, "the slot has no address")
    try:
        reply = egress.run(egress.traffic().request("GET", _at(url, path), limits=PROBE))
    except egress.EgressError as error:
        return Probe(False, f"{path}: {error}")
    return Probe(reply.status < 400, f"{path} answered {reply.status} in {reply.seconds * 1_000:.0f} ms")


def smoke(url: str, tests: Sequence[Mapping[str, Any]]) -> Probe:
    """Every test in turn; the first that fails is told."""
    for test in tests:
        found = _tested(url, test)
        if not found.ok:
            return found
    return Probe(True, f"{len(tests)} smoke tests passed" if tests else "No smoke test is set up")


def call_agent(url: str, secret: str, *, call_id: str, body: Mapping[str, Any], at: datetime) -> Probe:
    """Asks once; signed as Standard Webhooks are. The same id again is the same order."""
    raw = json.dumps(body).encode()
    headers = signing.headers([secret], call_id, int(at.timestamp()), raw) | {"Content-Type": "application/json"}
    try:
        reply = egress.run(egress.traffic().request("POST", url, headers=headers, body=raw, limits=CALL))
    except egress.EgressError as error:
        return Probe(False, f"the agent cannot be reached: {error}")
    if 200 <= reply.status < 300:
        return Probe(True, "the agent took the order")
    return Probe(False, f"the agent answered {reply.status}")


def _tested(url: str, test: Mapping[str, Any]) -> Probe:
    path, status, contains = test["path"], test.get("status", 200), test.get("contains", "")
    try:
        reply = egress.run(egress.traffic().request("GET", _at(url, path), limits=PROBE))
    except egress.EgressError as error:
        return Probe(False, f"smoke test {path}: {error}")
    if reply.status != status:
        return Probe(False, f"smoke test {path} answered {reply.status}, not {status}")
    if contains and contains not in reply.body.decode(errors="replace"):
        return Probe(False, f"smoke test {path}: the answer does not contain {contains!r}")
    return Probe(True, "")


def _at(url: str, path: str) -> str:
    return re.sub(r"/+$", "", url) + path
