"""What goes over the wire: signatures, limits and escapes. Expected values are from specifications or by hand."""

import email
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.alerts.domain.charts import Chart, Point
from apps.alerts.gateways import email as mail
from apps.alerts.gateways import posting, sentry, slack, webhook
from apps.alerts.gateways.messages import Change, Link, Message, Notice, dump_notice, load_notice
from apps.core.domain import signing
from tests.factories.delivery import SECRET

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ID = "0b0b76b5-5a1f-4d1e-8f0e-0c8e3a0c9a11"


CHART = Chart(
    points=tuple(Point(AT + timedelta(minutes=2 * n), n / 7, n / 7 > 4) for n in range(31)),
    threshold=4,
    lowest="0 <b>",
    highest="4.29 <b>",
    limit="above 4 <b>",
)


def notice(**fields: Any) -> Notice:
    usual: dict[str, Any] = {
        "kind": "FIRED",
        "severity": "critical",
        "rule": "errors",
        "name": "Too many errors",
        "project": "shop",
        "environment": "production",
        "seen": "last of errors over 1 minute: 7, above the limit of 5",
        "at": AT.isoformat(),
        "value": 7.0,
        "threshold": 5.0,
        "labels": {"host": "a"},
        "changes": (Change(AT.isoformat(), "ann killed checkout: too slow"),),
        "url": "https://ops.example.com/admin/p/shop/production/alerts/1/",
        "alert_id": 1,
        "links": (Link("Kill checkout", "https://ops.example.com/kill/"),),
    }
    return Notice(**usual | fields)


def message(*others: Notice, **fields: Any) -> Message:
    acknowledge = "https://ops.example.com/a/"
    return Message(id=ID, at=AT, notice=notice(**fields), others=others, acknowledge_url=acknowledge, chart=CHART)


def test_the_signature_of_the_standard_webhooks_vector() -> None:
    body = b'{"test": 2432232314}'
    signed = signing.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!", "whsec_c2hvcnQ="])
def test_what_is_no_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError) as refused:
        signing.read_secret(secret)
    assert not secret or secret not in str(refused.value)
    assert len(signing.read_secret(signing.new_secret())) == 32


LONG = ["x" * 100_000, "\U0001f525" * 20_000, '"\\\x01' * 20_000]


@pytest.mark.parametrize("text", LONG, ids=["plain", "fire", "escapes"])
def test_a_body_stays_below_its_limit_whatever_is_in_it(text: str) -> None:
    labels = {f"{n}{text}"[:500]: text for n in range(100)}
    fat: dict[str, Any] = {"name": text, "seen": text, "description": text, "labels": labels}
    changes = (Change(AT.isoformat(), text),) * 5
    one = message(*[notice(**fat)] * 100, **fat, changes=changes)
    body = webhook.payload(one)
    assert len(body) < 20_000
    data = json.loads(body)["data"]
    assert (data["rule"], data["others_left_out"] + len(data["others"])) == ("errors", 100)
    assert len(sentry.payload(one)) < 1_000_000


def test_a_webhook_tells_what_happened() -> None:
    told = json.loads(webhook.payload(message(notice(labels={"host": "b"}))))
    assert (told["type"], told["timestamp"]) == ("alert.fired", "2026-01-05T09:00:00+00:00")
    data = told["data"]
    assert (data["value"], data["threshold"], data["severity"]) == (7.0, 5.0, "critical")
    assert [one["labels"] for one in data["others"]] == [{"host": "b"}]
    assert data["title"] == "Critical: Too many errors in shop/production and 1 more"


def texts(block: Any) -> list[str]:
    """Every text in a payload of Slack."""
    if isinstance(block, dict):
        return [*([block["text"]] if isinstance(block.get("text"), str) else []), *texts(list(block.values()))]
    return [text for one in block for text in texts(one)] if isinstance(block, list) else []


def test_slack_is_told_no_commands() -> None:
    bad = "<!channel> & <@U1> <http://x|y>"
    payload = slack.payload(
        message(
            notice(name=bad, labels={"host": bad}, seen=bad),
            name=bad,
            seen=bad,
            description=bad,
            labels={"host": bad},
            changes=(Change(AT.isoformat(), bad),),
        )
    )
    found = texts(payload)
    assert not [text for text in found if "<" in text or ">" in text]
    assert any("0 &lt;b&gt;" in text for text in found)
    assert any("&lt;!channel&gt; &amp; &lt;@U1&gt;" in text for text in found)
    marked = [block["text"] for block in payload["blocks"] if block["type"] == "section" and "text" in block]
    assert marked
    assert all(one == one | {"type": "mrkdwn", "verbatim": True} for one in marked)


@pytest.mark.parametrize("text", [*LONG, "&" * 50_000], ids=["plain", "fire", "escapes", "ampersands"])
def test_slack_keeps_its_limits(text: str) -> None:
    changes = (Change(AT.isoformat(), text),) * 5
    links = (Link(text, "https://ops.example.com/1/"), Link(text, "https://ops.example.com/2/"))
    fat = notice(name=text, seen=text, labels={"a": text})
    payload = slack.payload(
        message(*[fat] * 100, name=text, seen=text, description=text, labels={"a": text}, changes=changes, links=links)
    )
    assert len(payload["blocks"]) <= 50
    buttons = next(block["elements"] for block in payload["blocks"] if block["type"] == "actions")
    assert len({button["action_id"] for button in buttons}) == len(buttons) == 4
    assert all(len(button["text"]["text"]) <= 75 for button in buttons)
    for block in payload["blocks"]:
        assert len(block.get("text", {}).get("text", "")) <= 3_000
        assert len(block.get("fields", [])) <= 10
        assert all(len(field["text"]) <= 2_000 for field in block.get("fields", []))
    assert sum(map(len, texts(payload))) < 12_000  # from 13,200 on, Slack has been seen to refuse


def test_a_mail_is_text_and_html_with_the_id_and_nothing_injected() -> None:
    one = message(name="Errors\r\nBcc: all@example.com", seen="<script>alert(1)</script>")
    sent = mail.compose(one, sender="PulseOps <pulseops@ops.example.com>", to=["ann@example.com", "bob@example.com"])
    read = email.message_from_bytes(bytes(sent))
    assert read["Message-ID"] == f"<{ID}@ops.example.com>"
    assert read["Bcc"] is None
    assert read["Auto-Submitted"] == "auto-generated"
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in read.walk() if not part.is_multipart()}
    assert list(parts) == ["text/plain", "text/html"]
    html, text = parts["text/html"], parts["text/plain"]
    assert isinstance(html, bytes)
    assert isinstance(text, bytes)
    assert b"<script>" not in html
    assert b"<b>" not in html
    assert b"&lt;script&gt;" in html
    assert b"Acknowledge: https://ops.example.com/a/" in text
    assert b"ann killed checkout: too slow" in text


def test_a_recovery_by_mail_belongs_to_the_thread_of_its_alert() -> None:
    one = Message(id=ID, at=AT, notice=notice(kind="RECOVERED"), follows="before")
    sent = mail.compose(one, sender="pulseops@ops.example.com", to=["ann@example.com"])
    assert (sent["In-Reply-To"], sent["References"]) == ("<before@ops.example.com>",) * 2


@pytest.mark.parametrize(
    ("url", "tls", "port"),
    [
        ("smtp://ann:p%40ss@mail.example.com", "start", 587),
        ("smtps://ann:p%40ss@mail.example.com", "always", 465),
        ("smtp://ann:p%40ss@mail.example.com:25?tls=none", "none", 25),
    ],
)
def test_the_mail_server_is_read_from_its_url(url: str, tls: str, port: int) -> None:
    assert mail.read_server(url) == mail.Server("mail.example.com", port, tls, "ann", "p@ss")
    assert "p@ss" not in repr(mail.read_server(url))
    with pytest.raises(ValueError):
        mail.read_server("http://mail.example.com")


def test_sentry_gets_an_envelope_that_lands_once() -> None:
    head, item, event = sentry.payload(message()).splitlines()
    assert json.loads(head)["event_id"] == json.loads(event)["event_id"] == ID.replace("-", "")
    assert json.loads(item)["length"] == len(event)
    assert json.loads(event)["level"] == "fatal"
    assert sentry.read_dsn("https://abc@sentry.example.com:8443/base/42") == sentry.Dsn(
        "https://sentry.example.com:8443/base/api/42/envelope/", "abc"
    )
    for wrong in ("", "https://sentry.example.com/42", "ftp://abc@x/42", "https://abc@x/", "https://abc@x:y/1"):
        with pytest.raises(ValueError):
            sentry.read_dsn(wrong)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("Mon, 05 Jan 2026 09:00:30 GMT", 30),
        ("Mon, 05 Jan 2026 08:00:00 GMT", 0),
        ("Mon, 05 Jan 2026 09:00:30 -0000", 0),  # no zone: neither a date of HTTP
        ("99999999", 21_600),
        ("1e999", 0),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
    ],
)
def test_what_a_receiver_asks_for(text: str, seconds: float) -> None:
    assert posting.retry_after(text, AT) == seconds


def test_a_notice_survives_being_kept() -> None:
    kept = json.loads(json.dumps(dump_notice(notice())))
    assert load_notice(kept) == notice()
