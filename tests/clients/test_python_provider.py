"""The official OpenFeature provider for Python, unmodified, against the running portal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason

from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from tests.factories import make_flag, make_key, make_project
from tests.flags.ofrep import serve
from tests.live_server import LivePortal

USER = EvaluationContext("u-1", {"plan": "pro", "seats": 3, "groups": ["internal"]})


class App:
    """A backend: a server key, and the provider that its authors would configure."""

    def __init__(self, portal: LivePortal) -> None:
        self.portal = portal
        self.project = make_project()
        environment = self.project.environments.get(key="production")
        self.token = make_key(environment=environment, server=True).token

    def flag(self, **options: Any) -> Any:
        flag = make_flag(project=self.project, key="it", **options)
        self.portal.catch_up()
        return flag

    def client(self, token: str = "") -> OpenFeatureClient:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        self.provider = OFREPProvider(self.portal.url, headers_factory=lambda: headers)
        api.set_provider(self.provider)
        self.portal.catch_up()
        return api.get_client()


@pytest.fixture
def app(live_portal: LivePortal) -> Iterator[App]:
    yield App(live_portal)
    api.shutdown()


@pytest.mark.parametrize(
    ("type", "ask", "default", "expected"),
    [
        (FlagType.BOOLEAN, "get_boolean_details", False, True),
        (FlagType.STRING, "get_string_details", "none", "blue"),
        (FlagType.INTEGER, "get_integer_details", 0, 10),
        (FlagType.FLOAT, "get_float_details", 0.5, 1.0),
        (FlagType.OBJECT, "get_object_details", {}, {"columns": 3}),
    ],
)
def test_five_types_arrive_as_declared(app: App, type: FlagType, ask: str, default: object, expected: object) -> None:
    app.flag(type=type, on=True)
    found: FlagEvaluationDetails[object] = getattr(app.client(), ask)("it", default, USER)
    assert (found.error_code, found.error_message) == (None, None)
    assert (found.value, found.reason) == (expected, Reason.STATIC)
    assert isinstance(found.value, expected.__class__)
    assert found.variant
    assert found.flag_metadata["flagVersion"] == 2  # created off, then turned on


def test_every_reason_is_one_that_the_provider_knows(app: App) -> None:
    flag = app.flag(on=True)
    match = {"attr": ["plan"], "op": "in", "value": ["pro"]}
    for rules, status, reason in (
        ([], FlagStatus.OFF, Reason.DISABLED),
        ([{"id": "r", "when": match, "serve": {"variant": "on"}}], FlagStatus.ON, Reason.TARGETING_MATCH),
        ([{"id": "r", "when": {"not": match}, "serve": {"variant": "on"}}], FlagStatus.ON, Reason.DEFAULT),
        (
            [{"id": "r", "when": None, "serve": {"split": [["on", 50_000], ["off", 50_000]]}}],
            FlagStatus.ON,
            Reason.SPLIT,
        ),
    ):
        serve(flag, *rules, status=status)
        assert app.client().get_boolean_details("it", False, USER).reason == reason


def test_a_wrong_type_is_a_type_mismatch(app: App) -> None:
    app.flag(type=FlagType.STRING, on=True)
    found = app.client().get_boolean_details("it", False, USER)
    assert (found.value, found.error_code) == (False, ErrorCode.TYPE_MISMATCH)


@pytest.mark.parametrize("key", ["nothing", "a b", "ä", "a%20b", ""])
def test_an_unknown_flag_is_not_found(app: App, key: str) -> None:
    found = app.client().get_boolean_details(key, True, USER)
    assert (found.value, found.error_code) == (True, ErrorCode.FLAG_NOT_FOUND)


def test_a_split_without_a_targeting_key_says_so(app: App) -> None:
    app.flag(rolling_out=True)
    found = app.client().get_boolean_details("it", True)
    assert (found.value, found.error_code) == (True, ErrorCode.TARGETING_KEY_MISSING)
    assert found.error_message


def test_no_context_at_all_is_enough_where_nothing_asks_for_it(app: App) -> None:
    app.flag(on=True)
    assert app.client().get_boolean_value("it", False) is True


def test_a_wrong_key_gives_the_default(app: App) -> None:
    app.flag(on=True)
    found = app.client("pulse_server_wrong").get_boolean_details("it", False)
    assert (found.value, found.error_code) == (False, ErrorCode.GENERAL)


def test_a_toggle_is_seen_at_the_next_question(app: App) -> None:
    flag, client = app.flag(on=True), app.client()
    assert client.get_boolean_value("it", True) is True
    serve(flag, status=FlagStatus.OFF)
    app.portal.catch_up()
    assert client.get_boolean_value("it", True) is False


def test_when_asked_too_often_the_provider_waits_as_long_as_it_was_told(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.flag(on=True)
    client = app.client()
    with monkeypatch.context() as patch:
        patch.setattr("apps.core.live.rate_limits.RateLimiter.wait_seconds", lambda *_: 30)
        limited = client.get_boolean_details("it", False)
    assert (limited.value, limited.error_code) == (False, ErrorCode.GENERAL)
    assert app.provider.retry_after is not None
    assert abs(app.provider.retry_after - datetime.now(UTC) - timedelta(seconds=30)) < timedelta(seconds=5)
    assert client.get_boolean_value("it", False) is False  # asks nobody until then
