"""Asking the OFREP application directly, without a server, and what its answers must look like."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx._types import HeaderTypes
from jsonschema import Draft202012Validator

from apps.core.live.keyring import keyring
from apps.core.models import Environment, Project
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.live.rulesets import rulesets
from apps.flags.models import Flag, FlagState
from apps.flags.ofrep import Ofrep
from apps.flags.services import set_state
from tests.factories import AT, make_key, make_project, state_in
from tests.factories.core import ACTOR

ADDRESS = ("192.0.2.7", 4711)
BULK = "/ofrep/v1/evaluate/flags"

METADATA = {"type": "object", "additionalProperties": {"type": ["boolean", "string", "number"]}}
SUCCESS = {
    "type": "object",
    "required": ["key", "value", "reason", "variant"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string"},
        "value": {},
        "variant": {"type": "string"},
        "metadata": METADATA,
        "reason": {"enum": ["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED"]},
    },
}
FAILURE = {
    "type": "object",
    "required": ["key", "errorCode", "errorDetails"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string"},
        "errorCode": {"enum": ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL", "FLAG_NOT_FOUND"]},
        "errorDetails": {"type": "string", "minLength": 1},
    },
}
REQUEST_FAILURE = {
    "type": "object",
    "required": ["errorCode", "errorDetails"],
    "additionalProperties": False,
    "properties": {"errorCode": {"type": "string"}, "errorDetails": {"type": "string", "minLength": 1}},
}
STREAM = {
    "type": "object",
    "required": ["type", "url"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "sse"},
        "url": {"type": "string", "pattern": "^https?://"},
        "inactivityDelaySec": {"type": "integer", "minimum": 1},
    },
}
BULK_SUCCESS = {
    "type": "object",
    "required": ["flags", "metadata", "eventStreams"],
    "additionalProperties": False,
    "properties": {
        "flags": {"type": "array", "items": {"anyOf": [SUCCESS, FAILURE]}},
        "metadata": METADATA,
        "eventStreams": {"type": "array", "items": STREAM},
    },
}


def assert_shape(answer: httpx.Response, schema: dict[str, Any]) -> Any:
    """The answer's JSON, once it fits the schema."""
    assert answer.headers["content-type"].startswith("application/json")
    Draft202012Validator(schema).validate(answer.json())
    return answer.json()


def serve(flag: Flag, *rules: dict[str, Any], status: FlagStatus = FlagStatus.ON) -> FlagState:
    """From now on production serves these rules, before the default variant."""
    change = Change(status=status, rules=parse_rules(list(rules)))
    return set_state(
        state_id=state_in(flag).pk, change=change, actor=ACTOR, reason="tests", at=AT, expected_version=None
    )


@dataclass
class Asker:
    """A project's production environment, seen with one key of it."""

    project: Project = field(default_factory=make_project)
    app: Ofrep = field(default_factory=Ofrep)
    token: str = ""

    def __post_init__(self) -> None:
        self.use(server=True)

    @property
    def environment(self) -> Environment:
        return self.project.environments.get(key="production")

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def use(self, **kind: Any) -> Any:
        """From now on ask with a new key of this kind."""
        issued = make_key(environment=self.environment, **kind)
        self.token = issued.token
        return issued.key

    def single(self, key: str, context: object = None, **options: Any) -> httpx.Response:
        return self.post(f"{BULK}/{key}", json={} if context is None else {"context": context}, **options)

    def bulk(self, context: object = None, **options: Any) -> httpx.Response:
        return self.post(BULK, json={} if context is None else {"context": context}, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)

    def ask(self, method: str, path: str, headers: HeaderTypes | None = None, **options: Any) -> httpx.Response:
        """With the key's Bearer header unless `headers` brings its own, after loading what is committed."""
        keyring.refresh({})
        rulesets.refresh({})
        given = self.headers if headers is None else headers
        return asyncio.run(self._ask(method, path, given, options))

    async def _ask(self, method: str, path: str, headers: HeaderTypes, options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=ADDRESS)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            return await client.request(method, path, headers=headers, **options)
