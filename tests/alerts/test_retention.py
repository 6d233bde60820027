"""What is kept how long: whole alerts go with all that hangs on them, and nothing that is open ever does."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, Channel, Incident, Notification, Response, Silence
from apps.core.models import Environment
from tests.factories import ACTOR, AT, make_project
from tests.factories.delivery import make_channel, make_silence

pytestmark = pytest.mark.django_db
OLD, YOUNG = AT - timedelta(days=401), AT - timedelta(days=399)


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


@pytest.fixture
def channel(environment: Environment) -> Channel:
    return make_channel(environment.project)


def alert(environment: Environment, resolved_at: datetime | None, **fields: Any) -> Alert:
    about: dict[str, Any] = {"key": "errors", "name": "Errors", "severity": "error", "labels": {}, "definition": {}}
    moments: dict[str, Any] = {"active_at": OLD, "fired_at": OLD, "resolved_at": resolved_at}
    return Alert.objects.create(environment=environment, fingerprint=uuid4(), **about, **moments, **fields)


def notice(channel: Channel, of: Alert | None, kind: str = "FIRED", **fields: Any) -> Notification:
    usual: dict[str, Any] = {"status": "SENT", "created_at": OLD, "content": {}, "dedup_id": uuid4()}
    return Notification.objects.create(channel=channel, alert=of, kind=kind, **usual | fields)


def response(of: Alert, status: str = "DONE") -> Response:
    return Response.objects.create(alert=of, kind="kill_flag", config={}, status=status, created_at=OLD)


def incident(environment: Environment, resolved_at: datetime | None) -> Incident:
    return Incident.objects.create(environment=environment, title="Down", opened_at=OLD, resolved_at=resolved_at)


def test_what_ended_long_ago_goes_with_its_notices_and_responses(environment: Environment, channel: Channel) -> None:
    old, young = alert(environment, OLD), alert(environment, YOUNG)
    for one in (old, young):
        notice(channel, one)
        notice(channel, one, "RECOVERED")
        response(one)
    assert services.keep_house(at=AT) == {"alerts": 1, "messages": 0, "tests": 0, "silences": 0}
    assert list(Alert.objects.all()) == [young]
    assert set(Notification.objects.values_list("alert", flat=True)) == {young.pk}
    assert Response.objects.get().alert == young


def test_what_is_open_is_kept_for_good(environment: Environment, channel: Channel) -> None:
    kept = [
        alert(environment, None),
        alert(environment, OLD, incident=incident(environment, None)),
        (waits := alert(environment, OLD)),
        (acts := alert(environment, OLD)),
    ]
    notice(channel, waits, status="PENDING", due_at=AT)
    response(acts, "PENDING")
    over = incident(environment, OLD)
    alert(environment, OLD, incident=over)
    assert services.keep_house(at=AT)["alerts"] == 1
    assert list(Alert.objects.order_by("pk")) == kept
    assert Incident.objects.filter(pk=over.pk).exists()


def test_a_notice_that_led_others_does_not_take_them_along(environment: Environment, channel: Channel) -> None:
    leader = notice(channel, alert(environment, OLD))
    follower = notice(channel, alert(environment, None), leader=leader)
    assert services.keep_house(at=AT)["alerts"] == 1
    follower.refresh_from_db()
    assert follower.leader is None


def test_tests_of_channels_and_past_silences_go(environment: Environment, channel: Channel) -> None:
    kept = notice(channel, None, "TEST", created_at=AT - timedelta(days=89))
    notice(channel, None, "TEST", created_at=AT - timedelta(days=91))
    days = 86_400
    past = make_silence(environment, at=OLD, seconds=3_600)
    ended_early = make_silence(environment, at=AT - timedelta(days=420), seconds=90 * days)  # to end 330 days ago
    left = [
        make_silence(environment, at=AT - timedelta(days=420), seconds=90 * days),
        make_silence(environment, at=AT - timedelta(days=10), seconds=20 * days),
    ]
    signed: dict[str, Any] = {"actor": ACTOR, "reason": "", "at": OLD, "expected_version": None}
    services.end_silence(silence_id=ended_early.pk, **signed)
    assert services.keep_house(at=AT) == {"alerts": 0, "messages": 0, "tests": 1, "silences": 2}
    assert (Notification.objects.get(), list(Silence.objects.order_by("pk"))) == (kept, left)
    assert past not in left


def test_it_goes_batch_by_batch(environment: Environment, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.alerts.services.retention.BATCH", 3)
    for _ in range(7):
        notice(channel, alert(environment, OLD))
    assert services.keep_house(at=AT)["alerts"] == 7
    assert not Notification.objects.exists()


def test_how_long_is_a_setting(environment: Environment, settings: Any) -> None:
    settings.ALERT_DAYS = 398
    alert(environment, YOUNG)
    assert services.keep_house(at=AT)["alerts"] == 1
