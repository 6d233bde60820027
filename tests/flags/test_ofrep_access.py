"""OFREP: who may ask, how often, from which page, and with which method."""

import logging
from datetime import timedelta

import pytest
from pytest_django import Settings

from apps.core import admission, clock
from apps.core.live.keyring import Keyring
from apps.flags.ofrep import Ofrep
from tests.factories import make_flag, make_key
from tests.flags.ofrep import BULK, FAILURE, REQUEST_FAILURE, Asker, assert_shape

pytestmark = pytest.mark.django_db
SINGLE = f"{BULK}/it"
PAGE = "https://shop.example.com"


@pytest.fixture
def asker() -> Asker:
    asker = Asker()
    make_flag(project=asker.project, key="it", on=True)
    return asker


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer {}"}, {"authorization": "bearer  {}"}, {"x-api-key": "{}"}],
)
def test_a_key_is_sent_in_one_of_two_headers(asker: Asker, headers: dict[str, str]) -> None:
    given = {name: value.format(asker.token) for name, value in headers.items()}
    assert asker.post(SINGLE, headers=given).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer "}, {"authorization": "Basic abc"}, {"x-api-key": "pulse_server_wrong"}],
)
def test_without_a_known_key_nothing_is_answered(asker: Asker, headers: dict[str, str]) -> None:
    answer = asker.post(SINGLE, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert_shape(answer, REQUEST_FAILURE)


@pytest.mark.parametrize("trait", ["expired", "revoked"])
def test_a_dead_key_is_unknown(asker: Asker, trait: str) -> None:
    asker.use(server=True, **{trait: True})
    assert asker.single("it").status_code == 401


def test_a_key_dies_at_its_minute_without_anything_being_loaded(asker: Asker) -> None:
    """The factories' clock stands in the past, so this key is loaded alive and then outlives its time."""
    key = asker.use(server=True, expires_at=clock.now() + timedelta(milliseconds=300))
    assert asker.single("it").status_code == 200
    while clock.now() < key.expires_at:
        pass
    assert asker.single("it").status_code == 401


@pytest.mark.parametrize("kind", [{"management": True}, {"kind": "INGEST"}])
def test_other_kinds_of_keys_may_not_evaluate(asker: Asker, kind: dict[str, object]) -> None:
    asker.use(**kind)
    for answer in (asker.single("it"), asker.bulk()):
        assert answer.status_code == 403
        assert_shape(answer, REQUEST_FAILURE)


def test_a_key_sees_its_own_environment(asker: Asker) -> None:
    asker.token = make_key(environment=asker.project.environments.get(key="staging"), server=True).token
    assert asker.single("it").json()["reason"] == "DISABLED"


def test_a_client_key_sees_only_exposed_flags(asker: Asker) -> None:
    make_flag(project=asker.project, key="public", client_exposed=True, on=True)
    asker.use()
    hidden, unknown = asker.single("it"), asker.single("nothing")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert assert_shape(hidden, FAILURE)["errorDetails"] == unknown.json()["errorDetails"]
    assert asker.single("public").status_code == 200
    assert [flag["key"] for flag in asker.bulk().json()["flags"]] == ["public"]


@pytest.mark.parametrize("path", [SINGLE, BULK])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_evaluates(asker: Asker, path: str, method: str) -> None:
    answer = asker.ask(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    "path", ["/ofrep/", "/ofrep/v1/configuration", "/ofrep/v2/evaluate/flags", "/ofrep/v1/evaluate/flag"]
)
def test_there_is_nothing_else(asker: Asker, path: str) -> None:
    answer = asker.post(path)
    assert answer.status_code == 404
    assert_shape(answer, REQUEST_FAILURE)


def test_a_key_that_asks_too_often_has_to_wait(asker: Asker, settings: Settings) -> None:
    settings.RATE_LIMIT_PER_KEY = 1
    asker.app = Ofrep()
    statuses = [asker.single("it").status_code for _ in range(2)]
    limited = asker.single("it")
    assert (statuses, limited.status_code) == ([200, 200], 429)
    assert int(limited.headers["retry-after"]) >= 1
    assert_shape(limited, REQUEST_FAILURE)


def test_an_address_that_asks_too_often_has_to_wait(asker: Asker, settings: Settings) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 1
    asker.app = Ofrep()
    assert [asker.single("it").status_code for _ in range(3)] == [200, 200, 429]


def test_behind_a_proxy_each_client_has_its_own_limit(asker: Asker, settings: Settings) -> None:
    settings.RATE_LIMIT_PER_ADDRESS, settings.PROXY_HOPS = 1, 1
    asker.app = Ofrep()
    for address in ("198.51.100.1", "198.51.100.2"):
        forwarded = asker.headers | {"x-forwarded-for": f"203.0.113.9, {address}"}
        assert [asker.single("it", headers=forwarded).status_code for _ in range(3)] == [200, 200, 429]


def test_without_a_proxy_the_forwarded_header_means_nothing(asker: Asker, settings: Settings) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 1
    asker.app = Ofrep()
    statuses = [
        asker.single("it", headers=asker.headers | {"x-forwarded-for": f"198.51.100.{n}"}).status_code for n in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_wrong_keys_are_slowed_down_and_right_ones_are_not(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "FAILED_PER_SECOND", 1.0)
    asker.app = Ofrep()
    wrong = {"x-api-key": "pulse_server_wrong"}
    assert [asker.single("it", headers=wrong).status_code for _ in range(3)] == [401, 401, 429]
    assert asker.single("it").status_code == 200


def test_before_the_first_load_clients_are_told_to_come_back(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Keyring()
    monkeypatch.setattr(admission, "keyring", empty)
    answer = asker.single("it")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert assert_shape(answer, REQUEST_FAILURE)["errorCode"] == "PROVIDER_NOT_READY"


def test_an_unexpected_failure_is_answered_and_logged(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(admission.Admission, "address", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        answer = asker.single("it", headers={"x-request-id": "mine-1"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "mine-1"
    assert_shape(answer, REQUEST_FAILURE)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("proposed", [b"", b"with space", b"x" * 65, b"new\xe4"])
def test_a_request_gets_an_id_of_ours_unless_it_brings_a_plain_one(asker: Asker, proposed: bytes) -> None:
    answers = [asker.single("it", headers={"x-request-id": proposed}) for _ in range(2)]
    first, second = (answer.headers["x-request-id"] for answer in answers)
    assert first.isalnum()
    assert first != second


@pytest.mark.parametrize("path", [SINGLE, BULK])
def test_a_browser_may_ask_before_it_asks(asker: Asker, path: str) -> None:
    answer = asker.ask("OPTIONS", path, headers={"origin": PAGE, "access-control-request-method": "POST"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "x-api-key", "content-type", "if-none-match"} <= set(allowed)
    assert int(answer.headers["access-control-max-age"]) > 0


def test_answers_and_errors_may_be_read_by_pages(asker: Asker) -> None:
    origin = {"origin": PAGE}
    ours = asker.headers | origin
    asked = [asker.single("it", headers=ours), asker.bulk(headers=ours), asker.single("no", headers=ours)]
    asked += [asker.ask("GET", SINGLE, headers=ours), asker.post(SINGLE, headers=origin)]
    asked += [asker.post("/ofrep/nothing", headers=ours), asker.post(SINGLE, content=b"{", headers=ours)]
    assert [answer.status_code for answer in asked] == [200, 200, 404, 405, 401, 404, 400]
    for answer in asked:
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
        assert {"etag", "retry-after"} <= set(exposed)


def test_a_client_that_is_no_page_gets_no_headers_for_pages(asker: Asker) -> None:
    assert not [name for name in asker.single("it").headers if name.startswith("access-control")]


def test_a_list_of_pages_lets_in_only_those(asker: Asker, settings: Settings) -> None:
    settings.CORS_ORIGINS = [PAGE]
    asker.app = Ofrep()
    known = asker.single("it", headers=asker.headers | {"origin": PAGE})
    stranger = asker.single("it", headers=asker.headers | {"origin": "https://evil.example.com"})
    assert known.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in stranger.headers
    assert known.headers["vary"] == stranger.headers["vary"] == "Origin"
