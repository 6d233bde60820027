"""OFREP: all flags at once, with the ETag that never confirms stale values."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from tests.factories import AT, make_flag
from tests.flags.ofrep import BULK, BULK_SUCCESS, REQUEST_FAILURE, Asker, assert_shape, serve

pytestmark = pytest.mark.django_db

IN_CANADA: dict[str, Any] = {
    "id": "canada",
    "when": {"attr": ["country"], "op": "in", "value": ["CA"]},
    "serve": {"variant": "on"},
}


@pytest.fixture
def asker() -> Asker:
    return Asker()


def in_canada_only(asker: Asker) -> None:
    flag = make_flag(project=asker.project, key="it", default_variant="off")
    serve(flag, IN_CANADA)


def values(answer: Any) -> dict[str, object]:
    return {flag["key"]: flag.get("value") for flag in answer.json()["flags"]}


def test_every_flag_is_answered(asker: Asker) -> None:
    for type in FlagType:
        make_flag(project=asker.project, key=type.value, type=type, on=True)
    answer = asker.bulk({"targetingKey": "u-1"})
    assert_shape(answer, BULK_SUCCESS)
    assert values(answer) == {
        "boolean": True,
        "string": "blue",
        "integer": 10,
        "float": 1.0,
        "object": {"columns": 3},
    }


def test_no_flags_are_an_empty_list(asker: Asker) -> None:
    assert assert_shape(asker.bulk(), BULK_SUCCESS)["flags"] == []


def test_metadata_names_environment_and_version(asker: Asker) -> None:
    make_flag(project=asker.project)
    metadata = asker.bulk().json()["metadata"]
    assert metadata["environment"] == "production"
    assert metadata["version"] > 0


def test_without_a_targeting_key_only_splits_fail(asker: Asker) -> None:
    make_flag(project=asker.project, key="plain", on=True)
    make_flag(project=asker.project, key="ramp", rolling_out=True)
    document = assert_shape(asker.bulk(), BULK_SUCCESS)
    plain, ramp = sorted(document["flags"], key=lambda flag: str(flag["key"]))
    assert plain["value"] is True
    assert ramp["errorCode"] == "TARGETING_KEY_MISSING"


@pytest.mark.parametrize(("body", "code"), [(b"{", "PARSE_ERROR"), (b"[]", "INVALID_CONTEXT")])
def test_a_bad_body_is_refused_as_a_whole(asker: Asker, body: bytes, code: str) -> None:
    answer = asker.post(BULK, content=body)
    assert answer.status_code == 400
    assert assert_shape(answer, REQUEST_FAILURE)["errorCode"] == code


def test_a_known_etag_is_answered_without_a_body(asker: Asker) -> None:
    make_flag(project=asker.project)
    etag = asker.bulk({"targetingKey": "u-1"}).headers["etag"]
    again = asker.bulk({"targetingKey": "u-1"}, headers=asker.headers | {"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert "content-length" not in again.headers


@pytest.mark.parametrize("spelling", ["W/{}", '"other", {}', '"other",W/{}'])
def test_an_etag_that_a_proxy_rewrote_is_still_known(asker: Asker, spelling: str) -> None:
    etag = asker.bulk().headers["etag"]
    headers = asker.headers | {"if-none-match": spelling.format(etag)}
    assert asker.bulk(headers=headers).status_code == 304


def test_a_changed_attribute_is_never_answered_from_the_old_etag(asker: Asker) -> None:
    """The official web provider keeps its ETag while the targeting key stays: the trap."""
    in_canada_only(asker)
    before = asker.bulk({"targetingKey": "u-1", "country": "US"})
    headers = asker.headers | {"if-none-match": before.headers["etag"]}
    after = asker.bulk({"targetingKey": "u-1", "country": "CA"}, headers=headers)
    assert (values(before), after.status_code, values(after)) == ({"it": False}, 200, {"it": True})


def test_a_changed_flag_is_never_answered_from_the_old_etag(asker: Asker) -> None:
    flag = make_flag(project=asker.project, key="it", on=True)
    before = asker.bulk()
    serve(flag, status=FlagStatus.OFF)
    after = asker.bulk(headers=asker.headers | {"if-none-match": before.headers["etag"]})
    assert (values(before), after.status_code, values(after)) == ({"it": True}, 200, {"it": False})


def test_an_etag_from_before_a_window_opened_is_not_known(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [AT.timestamp()]
    monkeypatch.setattr("apps.core.clock.seconds", lambda: now[0])
    window = {"starts_at": (AT + timedelta(seconds=30)).isoformat(), "ends_at": None}
    rule = {"id": "later", "when": None, "serve": {"variant": "on"}, "window": window}
    serve(make_flag(project=asker.project, key="it", default_variant="off"), rule)
    before = asker.bulk()
    headers = asker.headers | {"if-none-match": before.headers["etag"]}
    now[0] += 29
    assert asker.bulk(headers=headers).status_code == 304
    now[0] += 1
    after = asker.bulk(headers=headers)
    assert (values(before), after.status_code, values(after)) == ({"it": False}, 200, {"it": True})


def test_an_etag_about_ages_is_known_for_a_minute(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [AT.timestamp()]
    monkeypatch.setattr("apps.core.clock.seconds", lambda: now[0])
    old = {"attr": ["signed_up_at"], "op": "older_than", "value": 3_600}
    rule = {"id": "old", "when": old, "serve": {"variant": "on"}}
    serve(make_flag(project=asker.project, key="it", default_variant="off"), rule)
    context = {"signed_up_at": AT.timestamp() - 3_570}
    headers = asker.headers | {"if-none-match": asker.bulk(context).headers["etag"]}
    now[0] += 59
    assert asker.bulk(context, headers=headers).status_code == 304
    now[0] += 1
    assert values(asker.bulk(context, headers=headers)) == {"it": True}


def test_two_keys_have_two_etags(asker: Asker) -> None:
    """What they see differs, and so do the streams they are offered."""
    first = asker.bulk().headers["etag"]
    asker.use(server=True)
    assert asker.bulk().headers["etag"] != first


def test_a_restart_with_other_locked_values_has_another_etag(asker: Asker, settings: Settings) -> None:
    from apps.flags.live.rulesets import Rulesets

    make_flag(project=asker.project, key="it")
    etags = set()
    for given in ({}, {"PULSEOPS_FEATURE_IT": "on"}):
        settings.FEATURE_LOCKS = given
        fresh = Rulesets()
        fresh.refresh({})
        published = fresh.published(asker.environment.pk)
        assert published
        etags.add(published.etag)
    assert len(etags) == 2


def test_the_stream_address_is_offered_under_the_public_url(asker: Asker, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://ops.example.com"
    (stream,) = assert_shape(asker.bulk(), BULK_SUCCESS)["eventStreams"]
    assert stream["url"].startswith("https://ops.example.com/ofrep/v1/streams/")
    assert asker.token not in stream["url"]
    assert stream["inactivityDelaySec"] == 120


def test_a_version_that_does_not_exist_is_no_reason_to_wait_or_fail(asker: Asker) -> None:
    make_flag(project=asker.project, key="it", on=True)
    for etag in ("999999999-00000000", "nonsense", "-", "9" * 40):
        answer = asker.post(f"{BULK}?flagConfigEtag={etag}&flagConfigLastModified=1", json={})
        assert values(answer) == {"it": True}
