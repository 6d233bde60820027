"""The timeline of an incident: from every source, in order, grouped where much happened at once, and from no one
else's rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts import selectors, services
from apps.alerts.models import Incident, Notification
from apps.alerts.selectors import Moment
from apps.core.models import Environment
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from tests.factories import (
    ACTOR,
    AT,
    make_channel,
    make_flag,
    make_incident,
    make_project,
    make_rule,
    make_silence,
    push,
    state_in,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOON = AT + timedelta(hours=12)  # long after the project was made
ANY: dict[str, Any] = {"actor": ACTOR, "expected_version": None}


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def judge(environment: Environment, value: float, minutes: float, *hosts: str) -> None:
    at = NOON + minutes * MINUTE
    for host in hosts:
        push(environment, "errors", (at, value), host=host)
    services.judge_due(at=at)


def turn(environment: Environment, key: str, minutes: float) -> None:
    flag = make_flag(project=environment.project, key=key)
    given: dict[str, Any] = {"change": Change(status=FlagStatus.ON), "reason": "launch", "at": NOON + minutes * MINUTE}
    flags.set_state(state_id=state_in(flag, environment.key).pk, **given, **ANY)


def whole(row: Incident) -> Incident:
    found = selectors.incident(row.environment.project, None, row.pk)
    assert found is not None
    return found


def told(row: Incident) -> list[tuple[float, str, str, str]]:
    def minutes(moment: Moment) -> float:
        return (moment.at - NOON) / MINUTE

    return [(minutes(one), one.source, one.did, one.subject_label) for one in selectors.timeline(whole(row))]


def test_everything_is_there_in_order(environment: Environment) -> None:
    make_channel(environment.project)
    make_rule(environment, at=NOON)
    turn(environment, "early", -61)
    turn(environment, "late", -10)
    turn(environment.project.environments.get(key="staging"), "elsewhere", -5)
    judge(environment, 7, 0, "a")
    row = Incident.objects.get()
    Notification.objects.update(status="SENT", sent_at=NOON + 0.5 * MINUTE)
    services.acknowledge_incident(incident_id=row.pk, actor=ACTOR, reason="on call", at=NOON + MINUTE)
    services.post_update(incident_id=row.pk, text="Ours.", at=NOON + 2 * MINUTE, **ANY)
    services.post_update(incident_id=row.pk, text="Sorry.", public=True, at=NOON + 3 * MINUTE, **ANY)
    judge(environment, 1, 4, "a")
    services.post_update(incident_id=row.pk, text="Over.", status="RESOLVED", at=NOON + 5 * MINUTE, **ANY)
    turn(environment, "after", 6)
    assert told(row) == [
        (-10, "flag", "changed", "late in production"),
        (0, "alert", "fired", "Too many errors"),
        (0, "incident", "opened the incident", ""),
        (0.5, "notice", "told", "Ops"),
        (1, "alert", "acknowledged", "Too many errors"),
        (1, "incident", "took on the incident", ""),
        (2, "note", "noted (Investigating)", ""),
        (3, "update", "wrote on the status page (Investigating)", ""),
        (4, "alert", "saw recover", "Too many errors"),
        (4, "note", "noted (Monitoring)", ""),
        (4, "notice", "is about to tell", "Ops"),
        (5, "note", "noted (Resolved)", ""),
    ]


def test_many_series_at_once_are_one_moment(environment: Environment) -> None:
    make_channel(environment.project)
    make_rule(environment, at=NOON)
    judge(environment, 7, 0, "a", "b", "c")
    fired, opened, notice = selectors.timeline(whole(Incident.objects.get()))
    assert fired.text == "host=a: 7 and 2 more series"
    assert opened.text == "Too many errors (host=a), Too many errors (host=b), Too many errors (host=c) fired"
    assert notice.text == "Fired, 3 alerts"


def test_what_was_not_told_says_why(environment: Environment) -> None:
    make_channel(environment.project)
    make_silence(environment, at=NOON - MINUTE)
    make_rule(environment, at=NOON)
    judge(environment, 7, 0, "a")
    notice = selectors.timeline(whole(Incident.objects.get()))[-1]
    assert (notice.source, notice.did) == ("notice", "did not tell")
    assert "silence" in notice.text


def test_one_without_alerts_has_its_own_entries_alone(environment: Environment) -> None:
    make_rule(environment, at=NOON)
    judge(environment, 7, 0, "a")
    assert told(make_incident(environment, at=NOON)) == [(0, "incident", "opened the incident", "")]


def test_the_number_of_queries_does_not_grow(environment: Environment) -> None:
    make_channel(environment.project)
    make_rule(environment, at=NOON)
    judge(environment, 7, 0, "a")
    row = whole(Incident.objects.get())
    with CaptureQueriesContext(connection) as few:
        selectors.timeline(row)
    judge(environment, 7, 1, *"abcdefgh")
    for number in range(5):
        services.post_update(incident_id=row.pk, text="More.", at=NOON + number * MINUTE, **ANY)
    row = whole(row)
    with CaptureQueriesContext(connection) as many:
        assert len(selectors.timeline(row)) > 8
    assert len(many) == len(few) == 4
