"""Explaining over REST: the whole way to an answer, and past moments."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import Project
from apps.flags import selectors, services
from apps.flags.domain.engine.definitions import FlagStatus, Override, Prerequisite
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag, FlagState
from tests.callers import as_role
from tests.factories import ACTOR, AT, make_flag, make_project, make_segment, state_in

pytestmark = pytest.mark.django_db
EXPLAIN = "/api/v1/projects/shop/flags/checkout/states/production/explain/"
HOUR = timedelta(hours=1)


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


def ask(context: dict[str, Any], **more: Any) -> Any:
    return as_role("Viewer").post(EXPLAIN, {"context": context, **more})


def serve(project: Project, *, at: Any = AT, **change: Any) -> None:
    state = state_in(project_flag(project))
    services.set_state(
        state_id=state.pk, change=Change(**change), actor=ACTOR, reason="why", at=at, expected_version=None
    )


def project_flag(project: Project) -> Flag:
    return selectors.flag_in(project, "checkout") or make_flag(project=project, key="checkout")


def test_the_override_that_decided_and_the_rules_not_reached(shop: Project) -> None:
    expires = clock.now().replace(microsecond=0) + HOUR
    rules = parse_rules([{"id": "late", "when": None, "serve": {"variant": "off"}}])
    serve(shop, status=FlagStatus.ON, rules=rules, overrides=(Override("on", ("u-1",), expires),))
    told = ask({"targetingKey": "u-1"}).json()
    assert (told["cause"], told["variant"], told["rules_not_reached"]) == ("override", "on", ["late"])
    assert told["override"] == {
        "variant": "on",
        "targeting_keys": ["u-1"],
        "expires_at": expires.isoformat().replace("+00:00", "Z"),
    }
    assert ask({"targetingKey": "u-2"}).json()["override"] is None


def test_prerequisites_say_why_they_serve_what_they_serve(shop: Project) -> None:
    make_flag(project=shop, key="base")
    serve(shop, status=FlagStatus.ON, prerequisites=(Prerequisite("base", ("on",)),))
    assert ask({}).json()["prerequisites"] == [
        {"flag": "base", "wanted": ["on"], "serves": "off", "met": False, "sentence": "off, because the flag is off"}
    ]


def test_segments_are_told_once_with_every_way_in(shop: Project) -> None:
    make_segment(project=shop, key="beta", members=["u-1"])
    serve(shop, status=FlagStatus.ON)
    rules = [{"id": "r", "when": {"segment": ["beta", "gone"]}, "serve": {"variant": "on"}}]
    FlagState.objects.update(rules=rules)  # no service lets an unknown segment in
    no = {"everyone": False, "claimed": False, "rule": None}
    assert ask({"targetingKey": "u-1"}).json()["segments"] == [
        {"key": "beta", "matched": True, "defined": True, "member": True} | no,
        {"key": "gone", "matched": False, "defined": False, "member": False} | no,
    ]


def test_a_past_moment_is_answered_from_the_version_of_then(shop: Project) -> None:
    make_segment(project=shop, key="beta", members=["u-1"])
    rules = parse_rules([{"id": "r", "when": {"segment": ["beta"]}, "serve": {"variant": "on"}}])
    serve(shop, at=AT + HOUR, status=FlagStatus.ON, rules=rules, default_variant="off")
    serve(shop, at=AT + 2 * HOUR, rules=(), default_variant="off")
    told = ask({"targetingKey": "u-1"}, at="2026-01-05T11:30:00+01:00").json()
    assert (told["variant"], told["at"]) == ("on", "2026-01-05T10:30:00Z")
    assert told["version"] == {
        "number": 2,
        "at": "2026-01-05T10:00:00Z",
        "until": "2026-01-05T11:00:00Z",
        "actor": "tests",
        "kind": "flags.state_changed",
        "reason": "why",
    }
    now = ask({"targetingKey": "u-1"}, at=None).json()
    assert (now["variant"], now["version"]["number"], now["version"]["until"]) == ("off", 3, None)


def test_a_lock_of_today_is_named_and_left_out_of_the_past(shop: Project, settings: Any) -> None:
    project_flag(shop)
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_CHECKOUT": "on"}
    now, then = ask({}).json(), ask({}, at="2026-01-05T09:00:00Z").json()
    assert (now["variant"], now["lock_left_out"]) == ("on", None)
    assert (then["variant"], then["lock_left_out"]["variant"]) == ("off", "on")


def test_an_archived_flag_is_told_as_such(shop: Project) -> None:
    flag = project_flag(shop)
    assert ask({}).json()["archived"] is False
    services.archive_flag(flag_id=flag.pk, actor=ACTOR, reason="gone", at=AT + HOUR, expected_version=None)
    told = [ask({}, at=at).json()["archived"] for at in (None, "2026-01-05T10:30:00Z", "2026-01-05T09:30:00Z")]
    assert told == [True, True, False]


def test_before_the_flag_there_is_nothing_to_explain(shop: Project) -> None:
    project_flag(shop)
    answer = ask({}, at="2026-01-05T08:59:59Z")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "did not exist yet; it began at 2026-01-05T09:00:00+00:00" in answer.json()["detail"]


@pytest.mark.parametrize("at", ["2999-01-01T00:00:00Z", "yesterday", 5, "0001-01-01T00:00:00+14:00", ["x"]])
def test_a_moment_at_fault_is_named(shop: Project, at: object) -> None:
    project_flag(shop)
    answer = ask({}, at=at)
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, ["at"])
