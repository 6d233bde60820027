"""From an alert to real receivers on loopback: what arrives, what is tried again, and that nothing is lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, Channel, Notification
from apps.core import egress
from apps.core.models import AuditEntry, Environment
from tests.core.egress_peers import Answer, Peer, reply, says, serving
from tests.factories import ACTOR, AT, make_flag, make_project, make_rule, push, state_in
from tests.factories.delivery import make_channel, make_silence

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
Status = Notification.Status


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def hearing(settings: Any) -> Callable[[Answer], AbstractContextManager[Peer]]:
    """A Slack of our own, that every project knows by the settings."""
    from contextlib import contextmanager

    @contextmanager
    def at_loopback(answer: Answer) -> Iterator[Peer]:
        with serving(answer) as peer:
            settings.SLACK_WEBHOOK_URL = peer.url
            settings.EGRESS_ALLOW = [f"127.0.0.1:{peer.port}"]
            yield peer

    return at_loopback


@pytest.fixture
def slack(hearing: Any) -> Iterator[Peer]:
    with hearing(reply(body=b"ok")) as peer:
        yield peer


def judge(environment: Environment, value: float, seconds: float = 0, **labels: str) -> datetime:
    at = AT + seconds * SECOND
    push(environment, "errors", (at, value), **labels or {"host": "a"})
    services.judge_due(at=at)
    return at


def body(peer: Peer, n: int = -1) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(peer.heard[n].partition(b"\r\n\r\n")[2])
    return found


def header(peer: Peer, name: str) -> list[str]:
    """Its value in each request."""
    lines = [dict(line.partition(b": ")[::2] for line in one.lower().split(b"\r\n")) for one in peer.heard]
    return [line[name.encode()].decode() for line in lines]


def only() -> Notification:
    return Notification.objects.get()


def test_a_fired_alert_reaches_slack_and_so_does_its_recovery(environment: Environment, slack: Peer) -> None:
    state_in(make_flag(project=environment.project, key="checkout", on=True))
    make_rule(environment)
    assert services.deliver_due(at=judge(environment, 7)) == 1
    told, alert = json.dumps(body(slack), ensure_ascii=False), Alert.objects.get()
    assert (
        "🔴 Critical: Too many errors in shop/production: last of errors over 1 minute: 7, above the limit of 5" in told
    )
    assert f"/admin/p/shop/production/alerts/{alert.pk}/" in told
    assert "2026-01-05 09:00 UTC" in told
    assert "host=a" in told
    assert "checkout" in told  # the flag that was changed just before
    sent = only()
    assert (sent.status, sent.sent_at, sent.attempts) == (Status.SENT, AT, 1)
    assert sent.why == "there are no routes, and critical goes here without"
    assert services.deliver_due(at=judge(environment, 3, 60)) == 1
    assert "✅ Recovered: Too many errors" in body(slack)["text"]
    assert "3, at worst 7. It lasted 1 minute." in body(slack)["text"]
    assert len(slack.heard) == 2


def test_the_link_in_a_notice_leads_to_the_alert_it_acknowledges(environment: Environment, slack: Peer) -> None:
    make_rule(environment)
    services.deliver_due(at=judge(environment, 7))
    actions = next(block for block in body(slack)["blocks"] if block["type"] == "actions")
    url = next(one["url"] for one in actions["elements"] if one["text"]["text"] == "Acknowledge")
    found = services.read_acknowledge_token(url.rstrip("/").rpartition("/")[2])
    assert found == (Alert.objects.get().pk, "slack")
    with pytest.raises(services.LinkInvalid):
        services.read_acknowledge_token("nonsense")


def test_many_series_at_once_are_one_message(environment: Environment, slack: Peer) -> None:
    make_rule(environment)
    for n in range(30):
        push(environment, "errors", (AT, 7), host=f"h{n}")
    services.judge_due(at=AT)
    assert services.deliver_due(at=AT) == 1
    assert len(slack.heard) == 1
    assert "and 29 more" in body(slack)["text"]
    assert Notification.objects.filter(status=Status.SENT, sent_at=AT).count() == 30
    for n in range(30):
        push(environment, "errors", (AT + 60 * SECOND, 1), host=f"h{n}")
    services.judge_due(at=AT + 60 * SECOND)
    assert services.deliver_due(at=AT + 60 * SECOND) == 1
    assert not Notification.objects.exclude(status=Status.SENT).exists()


BAD: dict[str, Answer] = {
    "fails": reply("500 Internal Server Error"),
    "redirects": reply("302 Found", Location="http://127.0.0.1:1/elsewhere"),
    "answers nonsense": says(b"\x00\xffSSH-2.0-nonsense\r\n\r\n"),
    "says nothing": says(),
    "breaks off": says(b"HTTP/1.1 2"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_what_does_not_arrive_is_tried_again_under_the_same_id(
    environment: Environment, hearing: Any, slack: Peer, answer: Answer
) -> None:
    make_rule(environment)
    with hearing(answer) as peer:
        assert services.deliver_due(at=judge(environment, 7)) == 0
        waiting = only()
        assert (waiting.status, waiting.attempts) == (Status.PENDING, 1)
        assert waiting.error
        assert waiting.due_at
        assert AT + 1 * SECOND <= waiting.due_at <= AT + 5 * SECOND
        tried = header(peer, "webhook-id")
    with hearing(reply()) as well:
        assert services.deliver_due(at=AT) == 0  # not due
        assert services.deliver_due(at=AT + 5 * SECOND) == 1
        assert header(well, "webhook-id") == tried == [str(waiting.dedup_id)]
    assert only().status == Status.SENT


def test_a_receiver_that_hangs_costs_its_time_and_no_other_channel(
    environment: Environment, hearing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setattr("apps.alerts.gateways.posting.LIMITS", egress.Limits(deadline_seconds=0.3))
    with hearing(lambda *_: time.sleep(2)) as hanging, serving(reply()) as well:
        from django.conf import settings

        settings.EGRESS_ALLOW = [f"127.0.0.1:{hanging.port}", f"127.0.0.1:{well.port}"]
        make_channel(environment.project, url=well.url)
        make_rule(environment)
        make_rule(environment, key="more")
        assert services.deliver_due(at=judge(environment, 7)) == 2
        assert (hanging.connections, well.connections) == (1, 2)
    waiting = Notification.objects.filter(channel__key="slack").order_by("pk")
    assert [(one.status, one.attempts) for one in waiting] == [(Status.PENDING, 1), (Status.PENDING, 0)]
    assert "no answer within" in waiting[0].error


@pytest.mark.parametrize("asked", ["90", "Mon, 05 Jan 2026 09:01:30 GMT"])
def test_a_receiver_may_ask_for_a_pause(environment: Environment, hearing: Any, asked: str) -> None:
    make_rule(environment)
    with hearing(reply("429 Too Many Requests", Retry_After=asked)):
        services.deliver_due(at=judge(environment, 7))
    assert only().due_at == AT + 90 * SECOND


@pytest.mark.parametrize(
    "answer", [reply("410 Gone"), reply("404 Not Found", b"no_service"), reply("403 Forbidden", b"invalid_token")]
)
def test_a_hook_that_is_gone_switches_its_channel_off(environment: Environment, hearing: Any, answer: Answer) -> None:
    make_rule(environment)
    with hearing(answer):
        services.deliver_due(at=judge(environment, 7))
        channel = Channel.objects.get()
        assert not channel.enabled
        assert "closed for good" in channel.disabled_reason
        assert AuditEntry.objects.filter(kind="alerts.channel_disabled", subject_id=str(channel.pk)).exists()
        assert only().status == Status.FAILED
        make_rule(environment, key="more")
        judge(environment, 7, 15)
    muted = Notification.objects.get(alert__key="more")
    assert (muted.status, muted.muted_by) == (Status.MUTED, "CHANNEL")
    assert "closed for good" in muted.why


def test_a_plain_404_does_not_switch_a_channel_off(environment: Environment, hearing: Any) -> None:
    make_rule(environment)
    with hearing(reply("404 Not Found", b"<html>")):
        services.deliver_due(at=judge(environment, 7))
    assert Channel.objects.get().enabled
    assert only().status == Status.PENDING


def test_what_slack_does_not_take_as_blocks_it_gets_as_text(environment: Environment, hearing: Any) -> None:
    def picky(connection: Any, heard: bytes) -> None:
        (reply("400 Bad Request", b"invalid_blocks") if b'"blocks"' in heard else reply())(connection, heard)

    make_rule(environment)
    with hearing(picky) as peer:
        assert services.deliver_due(at=judge(environment, 7)) == 1
    assert set(body(peer)) == {"text"}


def test_after_a_day_it_is_given_up_and_said_so(environment: Environment, hearing: Any) -> None:
    make_rule(environment)
    with hearing(reply("500 Internal Server Error")) as peer:
        at = judge(environment, 7)
        services.deliver_due(at=at)
        while (waiting := only()).status == Status.PENDING and waiting.due_at:
            at = waiting.due_at
            services.deliver_due(at=at)
    assert timedelta(hours=22) < at - AT <= timedelta(hours=24)
    assert (waiting.status, waiting.attempts) == (Status.FAILED, len(peer.heard))
    assert AuditEntry.objects.get(kind="alerts.notification_failed").at == at
    services.judge_due(at=at)
    assert not Notification.objects.filter(kind="RECOVERED").exclude(muted_by="UNTOLD").exists()


def test_whoever_dies_between_call_and_settling_leaves_one_duplicate_with_the_same_id(
    environment: Environment, slack: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rule(environment)
    with monkeypatch.context() as dying:
        dying.setattr("apps.alerts.services.outbox._settle", lambda *_: 1 / 0)
        services.deliver_due(at=judge(environment, 7))
    assert len(slack.heard) == 1
    assert services.deliver_due(at=AT + 119 * SECOND) == 0
    assert services.deliver_due(at=AT + 120 * SECOND) == 1
    assert services.deliver_due(at=AT + timedelta(hours=1)) == 0
    assert header(slack, "webhook-id") == [str(only().dedup_id)] * 2


def test_whoever_dies_before_the_call_loses_nothing(
    environment: Environment, slack: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rule(environment)
    with monkeypatch.context() as dying:
        dying.setattr("apps.alerts.services.delivering._send", lambda *_: 1 / 0)
        services.deliver_due(at=judge(environment, 7))
    assert services.deliver_due(at=AT + 120 * SECOND) == 1
    assert len(slack.heard) == 1


def test_a_claim_that_was_overtaken_settles_nothing(environment: Environment, slack: Peer) -> None:
    from apps.alerts.services import outbox

    make_rule(environment)
    judge(environment, 7)
    slow = outbox.claim(only().pk, AT)
    assert slow is not None
    assert outbox.claim(only().pk, AT) is None
    assert services.deliver_due(at=AT + 120 * SECOND) == 1
    outbox.settle_failed(slow, outbox.Failure("too late", gone=True), AT + 130 * SECOND)
    assert (only().status, only().sent_at) == (Status.SENT, AT + 120 * SECOND)
    assert Channel.objects.get().enabled


def test_a_recovery_waits_for_the_notice_that_it_fired(environment: Environment, hearing: Any) -> None:
    make_rule(environment)
    with hearing(reply("500 Internal Server Error")):
        services.deliver_due(at=judge(environment, 7))
        services.deliver_due(at=judge(environment, 1, 60))
    with hearing(reply()) as peer:
        assert services.deliver_due(at=AT + 600 * SECOND) == 1
        assert services.deliver_due(at=AT + 605 * SECOND) == 1
    assert ["Critical" in body(peer, 0)["text"], "Recovered" in body(peer, 1)["text"]] == [True, True]


def test_one_notice_that_cannot_be_read_does_not_stop_the_others(environment: Environment, slack: Peer) -> None:
    make_rule(environment)
    make_rule(environment, key="more")
    judge(environment, 7)
    Notification.objects.filter(alert__key="errors").update(content={})
    assert services.deliver_due(at=AT) == 1


def test_a_test_goes_the_real_way_and_answers_at_once(environment: Environment, hearing: Any) -> None:
    channel = make_channel(environment.project, off=True)
    asked = services.test_channel(channel_id=channel.pk, actor=ACTOR, reason="", at=AT)
    assert services.deliver(notification_id=asked.pk, at=AT) is False  # no such host on this machine
    asked.refresh_from_db()
    assert asked.status == Status.FAILED
    assert asked.error
    with hearing(reply()) as peer:
        services.update_channel(channel_id=channel.pk, config={"url": peer.url}, expected_version=2, **_who())
        again = services.test_channel(channel_id=channel.pk, actor=ACTOR, reason="", at=AT)
        assert services.deliver(notification_id=again.pk, at=AT) is True
        assert body(peer)["type"] == "test"


def _who() -> dict[str, Any]:
    return {"actor": ACTOR, "reason": "tests", "at": AT}


# Acknowledging


def test_an_alert_is_taken_on_once(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 7)
    pk = Alert.objects.get().pk
    first = services.acknowledge(alert_id=pk, **_who())
    assert (first.acknowledged_at, first.acknowledged_by_label) == (AT, "tests")
    services.acknowledge(alert_id=pk, **_who() | {"at": AT + SECOND})
    assert Alert.objects.get().acknowledged_at == AT
    assert AuditEntry.objects.filter(kind="alerts.acknowledged").count() == 1


def test_what_is_over_is_not_taken_on(environment: Environment) -> None:
    make_rule(environment)
    judge(environment, 7)
    judge(environment, 1, 15)
    with pytest.raises(services.AlertOver):
        services.acknowledge(alert_id=Alert.objects.get().pk, **_who())


def test_a_silence_made_after_judging_and_before_sending_counts(environment: Environment, slack: Peer) -> None:
    make_rule(environment)
    judge(environment, 7)
    make_silence(environment)
    assert services.deliver_due(at=AT) == 0
    assert (only().status, only().muted_by) == (Status.MUTED, "SILENCE")
    assert not slack.heard


def test_what_a_judged_rule_fires_is_told_by_the_same_task(
    environment: Environment, slack: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.alerts import tasks

    monkeypatch.setattr("apps.alerts.tasks.clock.now", lambda: AT)
    make_rule(environment)
    push(environment, "errors", (AT, 7))
    tasks.judge()
    assert len(slack.heard) == 1
    tasks.deliver()
    assert len(slack.heard) == 1
