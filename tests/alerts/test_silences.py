"""Silences and pairs: what is not told, what is told later, and what the log says of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Notification
from apps.core.models import Environment
from tests.factories import AT, make_alert, make_channel, make_project, make_rule, make_silence, push
from tests.factories.delivery import WHO

pytestmark = pytest.mark.django_db
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Its one channel takes everything."""
    monkeypatch.setattr("apps.alerts.services.delivering._call", lambda *_: "")
    environment = make_project(key="shop").environments.get(key="production")
    make_channel(environment.project)
    return environment


def judge(environment: Environment, value: float, seconds: float) -> datetime:
    at = AT + seconds * SECOND
    push(environment, "errors", (at, value), host="a")
    services.judge_due(at=at)
    return at


def states() -> list[tuple[str, str, str]]:
    return list(Notification.objects.order_by("pk").values_list("kind", "status", "muted_by"))


def test_a_silenced_alert_opens_and_is_told_to_nobody_and_the_log_says_why(environment: Environment) -> None:
    silence = make_silence(environment)
    make_alert(environment)
    assert services.deliver_due(at=AT) == 0
    row = Notification.objects.get()
    assert states() == [("FIRED", "MUTED", "SILENCE")]
    until = "2026-01-05 10:00 UTC: tests"
    assert row.why.endswith(f"muted: silence {silence.pk} of tests until {until}")
    services.deliver_due(at=judge(environment, 1, 60))
    assert states()[1] == ("RECOVERED", "MUTED", "UNTOLD")


def test_what_still_fires_when_the_silence_ends_is_told_then(environment: Environment) -> None:
    make_silence(environment, seconds=600)
    make_alert(environment)
    assert services.deliver_due(at=AT + 599 * SECOND) == 0
    assert services.deliver_due(at=AT + 600 * SECOND) == 1
    assert states() == [("FIRED", "SENT", "")]
    assert services.deliver_due(at=judge(environment, 1, 660)) == 1


def test_a_silence_that_is_ended_early_ends_at_once(environment: Environment) -> None:
    silence = make_silence(environment)
    make_alert(environment)
    ended = services.end_silence(silence_id=silence.pk, expected_version=1, **WHO | {"at": AT + 5 * SECOND})
    assert (ended.ended_at, ended.version) == (AT + 5 * SECOND, 2)
    assert services.deliver_due(at=AT + 5 * SECOND) == 1
    again = services.end_silence(silence_id=silence.pk, expected_version=None, **WHO | {"at": AT + HOUR})
    assert again.version == 2


def test_a_silence_of_one_environment_leaves_the_others_alone(environment: Environment) -> None:
    staging = environment.project.environments.get(key="staging")
    make_silence(staging)
    make_alert(environment)
    assert services.deliver_due(at=AT) == 1
    make_silence(staging, everywhere=True, host="a")
    make_alert(environment, key="more")
    assert services.deliver_due(at=AT) == 0


def test_the_preview_shows_what_it_would_mute(environment: Environment) -> None:
    alert = make_alert(environment)
    make_alert(environment, key="more")
    about: dict[str, Any] = {
        "project_id": environment.project_id,
        "environment_id": environment.pk,
        "starts_at": AT,
        "ends_at": AT + HOUR,
        "at": AT,
    }
    matchers = [{"label": "alertname", "match": "=", "value": "errors"}]
    assert services.preview_silence(matchers=matchers, **about) == [alert]
    matchers = [{"label": "environment", "match": "=", "value": "production"}]
    assert len(services.preview_silence(matchers=matchers, **about)) == 2
    for wrong in ([], [{"label": "a", "match": "=~", "value": ".*"}], [{"label": "a"}], "all"):
        with pytest.raises(services.InvalidSilence):
            services.preview_silence(matchers=wrong, **about)


def test_a_silence_in_the_past_is_refused(environment: Environment) -> None:
    with pytest.raises(services.InvalidSilence) as refused:
        make_silence(environment, at=AT, seconds=-5)
    assert list(refused.value.message_dict) == ["ends_at"]


# Pairs


def pair(environment: Environment) -> None:
    make_rule(environment, key="warn", severity="warning", threshold=3, pair="errors")
    make_rule(environment, key="crit", severity="critical", threshold=5, pair="errors")


def by_rule() -> dict[str, tuple[str, str]]:
    rows = Notification.objects.filter(kind="FIRED").values_list("alert__key", "status", "muted_by")
    return {key: (status, by) for key, status, by in rows}


def test_the_critical_alert_of_a_pair_mutes_the_warning_whoever_is_judged_first(environment: Environment) -> None:
    pair(environment)
    at = judge(environment, 7, 0)
    assert services.deliver_due(at=at) == 1
    assert services.deliver_due(at=at + 15 * SECOND) == 0
    assert by_rule() == {"warn": ("MUTED", "PAIR"), "crit": ("SENT", "")}


def test_the_warning_is_told_when_the_critical_alert_is_over_and_it_is_not(environment: Environment) -> None:
    pair(environment)
    services.deliver_due(at=judge(environment, 7, 0))
    services.deliver_due(at=AT + 15 * SECOND)
    at = judge(environment, 4, 60)
    assert services.deliver_due(at=at) == 2  # the recovery of the one, the warning of the other
    assert by_rule() == {"warn": ("SENT", ""), "crit": ("SENT", "")}


def test_a_warning_alone_waits_one_period_for_its_critical_rule(environment: Environment) -> None:
    pair(environment)
    assert services.deliver_due(at=judge(environment, 4, 0)) == 0
    assert services.deliver_due(at=AT + 15 * SECOND) == 1


def test_no_data_and_firing_follow_each_other_without_a_false_recovery(environment: Environment) -> None:
    make_rule(environment, no_data="own_state")
    services.judge_due(at=AT)
    assert services.deliver_due(at=AT) == 1
    assert services.deliver_due(at=judge(environment, 1, 60)) == 1
    assert [one[:2] for one in states()] == [("NO_DATA", "SENT"), ("RECOVERED", "SENT")]
