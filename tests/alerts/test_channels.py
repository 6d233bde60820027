"""Channels of every kind over the real wire, routes, and who is told without any."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Channel, Notification, Route
from apps.core.models import AuditEntry, Environment
from tests.alerts.smtp_sink import Sink, sink
from tests.core.egress_peers import Peer, reply, serving
from tests.factories import AT, make_alert, make_channel, make_project, make_route
from tests.factories.delivery import SECRET, WHO

pytestmark = pytest.mark.django_db
ANY: dict[str, Any] = WHO | {"expected_version": None}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with serving(reply()) as heard:
        settings.EGRESS_ALLOW = [f"127.0.0.1:{heard.port}"]
        yield heard


@pytest.fixture
def post(settings: Any) -> Iterator[Sink]:
    with sink() as kept:
        mail_by(settings, kept)
        yield kept


def mail_by(settings: Any, kept: Sink) -> None:
    settings.SMTP_URL = f"smtp://127.0.0.1:{kept.port}?tls=none"
    settings.ALERT_EMAILS = ["ann@example.com", "bob@example.com"]
    settings.MAIL_FROM = "PulseOps <pulseops@ops.example.com>"


def told(status: str = "SENT") -> list[str]:
    rows = Notification.objects.filter(status=status).order_by("channel__key")
    return list(rows.values_list("channel__key", flat=True))


def headers(peer: Peer) -> dict[str, str]:
    head = peer.heard[-1].partition(b"\r\n\r\n")[0].decode()
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n"))}


# Over the wire


def test_a_webhook_is_signed_by_both_secrets_while_they_change(environment: Environment, peer: Peer) -> None:
    from apps.core.domain.signing import signature

    channel = make_channel(environment.project, url=peer.url, secrets=[SECRET])
    _channel, fresh = services.rotate_channel_secret(channel_id=channel.pk, **ANY)
    make_alert(environment)
    assert services.deliver_due(at=AT) == 1
    heard, body = headers(peer), peer.heard[-1].partition(b"\r\n\r\n")[2]
    sent = Notification.objects.get()
    assert (heard["webhook-id"], heard["webhook-timestamp"]) == (str(sent.dedup_id), str(int(AT.timestamp())))
    signed = [signature(secret, str(sent.dedup_id), int(AT.timestamp()), body) for secret in (fresh, SECRET)]
    assert heard["webhook-signature"].split() == signed
    channel.refresh_from_db()
    assert services.signing_secrets(channel) == (fresh, SECRET)
    _channel, newest = services.rotate_channel_secret(channel_id=channel.pk, **ANY)
    channel.refresh_from_db()
    assert services.signing_secrets(channel) == (newest, fresh)


def test_the_webhook_of_the_settings_goes_to_every_project(environment: Environment, peer: Peer, settings: Any) -> None:
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRETS = peer.url, [SECRET]
    make_alert(environment)
    assert services.deliver_due(at=AT) == 1
    assert headers(peer)["webhook-signature"].startswith("v1,")
    row = Channel.objects.get()
    assert (row.key, row.built_in, bytes(row.secret), row.config) == ("webhook", True, b"", {})
    settings.ALERT_WEBHOOK_URL = ""
    make_alert(environment, key="more")
    assert Notification.objects.count() == 1


def test_sentry_hears_at_its_envelope_address(environment: Environment, peer: Peer) -> None:
    dsn = f"http://abc@127.0.0.1:{peer.port}/7"
    make_channel(environment.project, kind="SENTRY", dsn=dsn)
    make_alert(environment)
    assert services.deliver_due(at=AT) == 1
    assert peer.heard[-1].startswith(b"POST /api/7/envelope/ HTTP/1.1\r\n")
    assert "sentry_key=abc" in headers(peer)["x-sentry-auth"]
    event = json.loads(peer.heard[-1].splitlines()[-1])
    assert event["event_id"] == Notification.objects.get().dedup_id.hex


def test_critical_alerts_are_mailed(environment: Environment, post: Sink) -> None:
    make_alert(environment)
    make_alert(environment, key="less", severity="error")
    assert services.deliver_due(at=AT) == 1
    assert post.recipients == ["ann@example.com", "bob@example.com"]
    assert "🔴 Critical: Too many errors in shop/production" in post.mails[0]["Subject"]
    assert post.mails[0]["Message-ID"] == f"<{Notification.objects.get().dedup_id}@ops.example.com>"
    text = post.mails[0].get_body(("plain",))
    assert text is not None
    assert "above the limit of 5" in text.get_content()


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"MAIL": "451 try later"}, "the mail server answered 451"),
        ({"RCPT": "550 who"}, "the mail server refused every recipient (550)"),
        ({"DATA": "554 no"}, "the mail server answered 554"),
        ({"EHLO": "nonsense", "HELO": "nonsense"}, "the mail server"),
    ],
)
def test_a_mail_server_that_refuses_is_asked_again(
    environment: Environment, settings: Any, answers: dict[str, str], error: str
) -> None:
    with sink(answers) as kept:
        mail_by(settings, kept)
        make_alert(environment)
        assert services.deliver_due(at=AT) == 0
    row = Notification.objects.get()
    assert (row.status, row.attempts) == ("PENDING", 1)
    assert row.error.startswith(error)
    with sink() as well:
        mail_by(settings, well)
        assert row.due_at
        assert services.deliver_due(at=row.due_at) == 1
        assert str(row.dedup_id) in well.mails[0]["Message-ID"]


def test_a_recipient_that_is_refused_beside_others_is_named(environment: Environment, settings: Any) -> None:
    with sink({"RCPT TO:<BOB": "550 who"}) as kept:
        mail_by(settings, kept)
        make_alert(environment)
        assert services.deliver_due(at=AT) == 1
    assert Notification.objects.get().error == "refused: bob@example.com"


def test_a_mail_server_without_tls_gets_no_password(environment: Environment, settings: Any, post: Sink) -> None:
    settings.SMTP_URL = f"smtp://ann:secret@127.0.0.1:{post.port}"
    make_alert(environment)
    assert services.deliver_due(at=AT) == 0
    assert "the mail server cannot be used" in Notification.objects.get().error
    assert not [line for line in post.said if line.startswith("AUTH")]


def test_a_mail_server_that_is_not_there_is_a_failure_like_others(environment: Environment, settings: Any) -> None:
    with sink() as gone:
        mail_by(settings, gone)
    make_alert(environment)
    assert services.deliver_due(at=AT) == 0
    assert Notification.objects.get().error == "the mail server cannot be used: ConnectionRefusedError"


def test_the_guard_keeps_deliveries_out_of_private_networks(environment: Environment) -> None:
    make_channel(environment.project, url="http://169.254.169.254/latest/")
    make_alert(environment)
    assert services.deliver_due(at=AT) == 0
    assert "169.254.169.254" in Notification.objects.get().error


# Who is told


@pytest.mark.parametrize(
    ("severity", "who"),
    [
        ("critical", ["chat", "hook", "mail", "sentry"]),
        ("error", ["chat", "hook", "mail", "sentry"]),
        ("warning", ["chat", "hook"]),
        ("info", []),
    ],
)
def test_without_routes_the_severity_decides(environment: Environment, severity: str, who: list[str]) -> None:
    for key, kind in {"chat": "SLACK", "hook": "WEBHOOK", "mail": "EMAIL", "sentry": "SENTRY"}.items():
        make_channel(environment.project, key=key, kind=kind)
    make_channel(make_project(), key="foreign")
    make_alert(environment, severity=severity)
    assert told("PENDING") == who


def test_the_first_route_that_matches_decides_unless_it_looks_further(environment: Environment) -> None:
    for key in ("a", "b", "c"):
        make_channel(environment.project, key=key)
    matcher = {"label": "environment", "match": "=", "value": "production"}
    make_route(environment.project, key="first", channels=["a"], matchers=[matcher], continues=True)
    make_route(environment.project, key="second", channels=["a", "b"])
    make_route(environment.project, key="third", channels=["c"])
    make_alert(environment)
    assert told("PENDING") == ["a", "b"]
    assert list(Notification.objects.order_by("pk").values_list("why", flat=True)) == ["route first", "route second"]


def test_a_route_to_nowhere_is_silent_on_purpose(environment: Environment) -> None:
    make_channel(environment.project)
    make_route(environment.project, channels=[])
    make_alert(environment)
    assert told("PENDING") == []


def test_routes_are_asked_in_the_order_of_their_positions(environment: Environment) -> None:
    for key in ("a", "b"):
        make_channel(environment.project, key=key)
    make_route(environment.project, key="one", channels=["a"])
    last = make_route(environment.project, key="two", channels=["b"])
    services.update_route(route_id=last.pk, fields={"position": 0}, **ANY)
    make_route(environment.project, key="three", position=1)
    positions = dict(Route.objects.values_list("key", "position"))
    assert positions == {"two": 0, "three": 1, "one": 2}
    make_alert(environment)
    assert told("PENDING") == ["b"]
    services.delete_route(route_id=last.pk, **ANY)
    assert AuditEntry.objects.get(kind="alerts.route_deleted").changes["channels"] == [["b"], None]


def test_a_channel_that_is_off_is_in_the_log(environment: Environment) -> None:
    make_channel(environment.project, off=True)
    make_alert(environment)
    row = Notification.objects.get()
    assert (row.status, row.muted_by) == ("MUTED", "CHANNEL")
    assert row.why == "there are no routes, and critical goes here without; muted: the channel is off: tests"


# Editing


def test_no_secret_is_kept_in_clear_or_told_to_the_trail(environment: Environment) -> None:
    url = "https://hooks.slack.com/services/T0/B0/topsecret"
    channel = make_channel(environment.project, kind="SLACK", url=url)
    assert b"topsecret" not in bytes(channel.secret)
    assert channel.config == {"host": "hooks.slack.com"}
    services.update_channel(channel_id=channel.pk, config={"url": url + "2"}, **ANY)
    trail = AuditEntry.objects.filter(subject_type="alerts.channel").order_by("pk")
    assert trail[1].changes == {"secret": ["(hidden)", "(changed)"]}
    assert "topsecret" not in str([entry.changes for entry in trail])


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("WEBHOOK", {"url": "ftp://example.com"}, "config.url"),
        ("WEBHOOK", {"url": "https://ann:secret@example.com/"}, "config.url"),
        ("WEBHOOK", {"secrets": ["whsec_short"]}, "config.secrets"),
        ("WEBHOOK", {"to": []}, "config.to"),
        ("EMAIL", {"to": []}, "config.to"),
        ("EMAIL", {"to": ["nobody"]}, "config.to"),
        ("EMAIL", {"to": ["a@example.com\nBcc: b@example.com"]}, "config.to"),
        ("SENTRY", {"dsn": "https://sentry.example.com/1"}, "config.dsn"),
        ("SLACK", {"url": 7}, "config.url"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused_by_field(
    environment: Environment, kind: str, config: dict[str, Any], field: str
) -> None:
    with pytest.raises(services.InvalidChannel) as refused:
        make_channel(environment.project, kind=kind, **config)
    assert list(refused.value.message_dict) == [field]


def test_a_key_is_taken_once(environment: Environment) -> None:
    make_channel(environment.project)
    with pytest.raises(services.InvalidChannel):
        make_channel(environment.project)
    make_route(environment.project)
    with pytest.raises(services.InvalidRoute):
        make_route(environment.project)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channels": ["nowhere"]}, "channels[0]"),
        ({"channels": "ops"}, "channels"),
        ({"matchers": [{"label": "a-b", "match": "=", "value": "c"}]}, "matchers[0].label"),
        ({"matchers": [{"label": "a", "match": "~", "value": "c"}]}, "matchers[0].match"),
        ({"group_by": ["a-b"]}, "group_by[0]"),
        ({"continues": "perhaps"}, "continues"),
        ({"position": -1}, "position"),
        ({"colour": "red"}, "colour"),
        ({"key": "Not A Key"}, "key"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused_by_field(
    environment: Environment, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(services.InvalidRoute) as refused:
        make_route(environment.project, **fields)
    assert field in refused.value.message_dict


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SMTP_URL", "mail.example.com", "smtp://"),
        ("ALERT_EMAILS", ["ann@example.com"], "PULSEOPS_SMTP_URL"),
        ("ALERT_WEBHOOK_SECRETS", ["hush"], "PULSEOPS_ALERT_WEBHOOK_SECRETS"),
    ],
)
def test_settings_that_cannot_work_are_named_at_start(settings: Any, name: str, value: Any, words: str) -> None:
    from pulseops.checks import readable_delivery

    assert readable_delivery() == []
    setattr(settings, name, value)
    (found,) = readable_delivery()
    assert words in found.msg
    assert "hush" not in found.msg
