"""Every endpoint of the API under generated requests: valid, nearly valid and hostile ones. None is a fault of ours.

The requests come from docs/openapi.yaml: 10 per operation in the suite, 150 in `make prove`, from fixed seeds.
"""

import json
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import schemathesis
import yaml
from django.conf import settings as django_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from apps.core.api.problems import MEDIA_TYPE
from tests.callers import as_key
from tests.factories import make_check, make_flag, make_key, make_project, make_segment
from tests.factories.deployed import make_deployed
from tests.scale import scaled

DOCUMENT = yaml.safe_load((django_settings.BASE_DIR / "docs/openapi.yaml").read_text())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig())
OPERATIONS = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok)
}
KNOWN = {"project": "shop", "environment": "production", "flag": "checkout", "segment": "beta", "check": "web"}
KNOWN |= {"metric": "health_check_failures_total"}  # every check has it
KNOWN |= {"service": "web", "item": "staging_thorough", "kind": "STARTED"}
EXAMPLES = scaled(short=5, long=150)


@pytest.fixture
def client(db: None) -> APIClient:
    shop = make_project(key="shop")
    make_flag(project=shop, key="checkout", rolling_out=True)
    make_segment(project=shop, key="beta", members=["u-1"])
    make_check(shop.environments.get(key="production"))
    KNOWN["deployment"] = str(make_deployed(shop.environments.get(key="production")).pk)
    return as_key(make_key(project=shop, writing=True))


@pytest.mark.prove
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_generated_request_is_a_fault_of_ours(name: str, client: APIClient) -> None:
    operation = OPERATIONS[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(), st.booleans())
    def ask(case: Any, known: bool) -> None:
        path = unquote(case.formatted_path)
        if known:  # else hardly any request would get past the address
            path = operation.path.format(**{**case.path_parameters, **KNOWN})
        answer = client.generic(
            operation.method.upper(),
            path,
            _body(case.body),  # type: ignore[arg-type]  # bytes are what is sent
            content_type="application/json",
            QUERY_STRING=urlencode(case.query or {}, doseq=True, errors="surrogatepass"),
        )
        assert answer.status_code < 500, (name, path, case.body, answer.content)
        if answer.status_code >= 400:
            assert answer["Content-Type"].startswith(MEDIA_TYPE)

    ask()


def _body(body: Any) -> bytes:
    """As sent over the wire, lone surrogates and NaN included."""
    return b"" if body is None or "NotSet" in type(body).__name__ else json.dumps(body).encode()


DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000
HOSTILE = {
    "nothing": "",
    "no json": "{",
    "a list": "[]",
    "a text": '"x"',
    "deep objects": DEEP,
    "deep lists": "[" * 100_000,
    "a huge text": '{"reason": "' + "x" * 3_000_000 + '"}',
    "a long text": '{"reason": "' + "x" * 100_000 + '"}',
    "NaN": '{"reason": NaN}',
    "infinity": '{"expected_version": 1e999}',
    "a huge number": '{"expected_version": ' + "9" * 5_000 + "}",
    "half a surrogate pair": '{"reason": "\\ud800"}',
    "NUL": '{"reason": "\\u0000"}',
    "a name twice": '{"reason": "a", "reason": "b"}',
    "bytes": b'{"reason": "\xff"}',
    "an unknown name": '{"nonsense": 1}',
    "a byte order mark": b'\xef\xbb\xbf{"reason": "x"}',
}
WRITING = [name for name in OPERATIONS if not name.startswith("GET")]


@pytest.mark.parametrize("name", WRITING)
def test_hostile_bodies_are_refused(name: str, client: APIClient) -> None:
    operation = OPERATIONS[name]
    names = {parameter.name: "1" for parameter in operation.path_parameters} | KNOWN
    for what, body in HOSTILE.items():
        answer = client.generic(
            operation.method.upper(),
            operation.path.format(**names),
            body,  # type: ignore[arg-type]
            content_type="application/json",
        )
        assert answer.status_code < 500, (name, what, answer.content)
        if answer.status_code >= 400:
            assert answer["Content-Type"].startswith(MEDIA_TYPE), (name, what)
