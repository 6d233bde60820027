"""What makes a notice good at three in the morning: a chart of what the rule saw, and links to act on it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from apps.alerts import selectors, services
from apps.alerts.domain.parsing import parse_rule
from apps.alerts.gateways import mail_html
from apps.alerts.gateways.messages import dump_notice, load_notice
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from tests.alerts.smtp_sink import Sink, sink
from tests.alerts.test_delivery_payloads import notice
from tests.core.egress_peers import Peer, reply, serving
from tests.factories import AT, make_flag, make_project, make_rule, push, state_in
from tests.flags.visit import Visitor, shows

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LAST = {"metric": "errors", "aggregate": "last", "window_seconds": 120}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def hook(settings: Any) -> Iterator[Peer]:
    with serving(reply()) as peer:
        settings.ALERT_WEBHOOK_URL = peer.url
        settings.EGRESS_ALLOW = [f"127.0.0.1:{peer.port}"]
        yield peer


@pytest.fixture
def mails(settings: Any) -> Iterator[Sink]:
    with sink() as peer:
        settings.SMTP_URL, settings.ALERT_EMAILS = f"smtp://127.0.0.1:{peer.port}?tls=none", ["ops@example.com"]
        yield peer


def fire(environment: Environment, *, hosts: int = 1, **definition: Any) -> None:
    """An hour of 1, and 7 at last."""
    make_rule(environment, query=LAST, **definition)
    for n in range(hosts):
        quiet = [(AT - MINUTE * ago, 1.0) for ago in range(60, 0, -1)]
        push(environment, "errors", *quiet, (AT, 7.0), host=f"h{n}")
    services.judge_due(at=AT)


def told(hook: Peer) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(hook.heard[-1].partition(b"\r\n\r\n")[2])["data"]
    return data


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_notice_shows_what_the_rule_saw_in_the_hour_before(environment: Environment, hook: Peer) -> None:
    fire(environment)
    push(environment, "errors", (AT + MINUTE, 99), host="h0")  # what comes later is no part of why it fired
    assert services.deliver_due(at=AT + 2 * MINUTE) == 1
    points = told(hook)["points"]
    assert (len(points), points[0][1], points[-2][1]) == (31, 1, 1)
    assert points[0][0] == "2026-01-05T08:00:00+00:00"
    assert points[-1] == ["2026-01-05T09:00:00+00:00", 7]


def test_a_long_window_is_seen_four_times(environment: Environment, hook: Peer) -> None:
    make_rule(environment, query=LAST | {"aggregate": "max", "window_seconds": 1_800})
    push(environment, "errors", *[(AT - MINUTE * ago, 1.0) for ago in range(100, 0, -1)], (AT, 7.0), host="h0")
    monitoring.roll_up()
    services.judge_due(at=AT)
    services.deliver_due(at=AT)
    assert told(hook)["points"][0][0] == "2026-01-05T07:00:00+00:00"


def test_a_recovery_shows_how_it_began_and_ended(environment: Environment, hook: Peer) -> None:
    fire(environment)
    services.deliver_due(at=AT)
    push(environment, "errors", (AT + 3 * MINUTE, 2), host="h0")
    services.judge_due(at=AT + 3 * MINUTE)
    services.deliver_due(at=AT + 3 * MINUTE)
    values = [value for _at, value in told(hook)["points"]]
    known = [value for value in values if value is not None]
    assert (values[0], max(known), values[-1]) == (1, 7, 2)


def test_a_recovery_by_mail_is_calm_and_shows_what_was_bad(environment: Environment, mails: Sink) -> None:
    fire(environment)
    services.deliver_due(at=AT)
    push(environment, "errors", (AT + 3 * MINUTE, 2), host="h0")
    services.judge_due(at=AT + 3 * MINUTE)
    services.deliver_due(at=AT + 3 * MINUTE)
    drawn = html(mails.mails[-1])
    assert "Recovered" in drawn
    assert f"border-top:5px solid {mail_html.TONES['well']}" in drawn
    assert "class='beyond-critical'" in drawn


def test_a_mail_draws_it_in_words_and_cells(environment: Environment, mails: Sink) -> None:
    fire(environment)
    assert services.deliver_due(at=AT) == 1
    words = "lowest 1, highest 7, above 5 in 1 of 31 values"
    text, drawn = str(mails.mails[0].get_body(("plain",))), html(mails.mails[0])
    assert "▁" * 30 + "█" in mails.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert words in text.replace("=\n", "")
    assert f"{words}' width" in drawn  # the alternative text
    assert drawn.count("class='bar'") == 30
    assert drawn.count("class='beyond-critical'") == 2  # of the last bar, below the line and above it
    # 96 pixels for 7: the line is at 5 / 7 of it, 69; a bar of 1 has 14
    assert "height='27'" in drawn
    assert "height='69'" in drawn
    assert drawn.count("height:14px;background") == 30


def test_of_a_storm_in_one_message_one_chart_is_read(
    environment: Environment, hook: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Any] = []
    seen_at = selectors.seen_at

    def counted(*args: Any) -> Any:
        read.append(args)
        return seen_at(*args)

    monkeypatch.setattr(selectors, "seen_at", counted)
    fire(environment, hosts=60)
    assert read == []  # judging reads none
    assert services.deliver_due(at=AT) == 1
    assert (len(read), told(hook)["title"][-12:]) == (1, " and 59 more")


def test_a_chart_reads_no_other_series(environment: Environment, django_assert_num_queries: Any) -> None:
    fire(environment, hosts=3)
    alert = Alert.objects.order_by("pk")[0]
    rule = selectors.rules(environment.project).get()
    with django_assert_num_queries(2) as asked:
        selectors.seen_at(environment.pk, parse_rule(rule.definition), alert.labels, [AT - MINUTE, AT])
    samples = asked.captured_queries[-1]["sql"]
    assert samples.count("IN (") == 1
    assert "," not in samples.partition("IN (")[2].partition(")")[0]


def test_a_chart_that_cannot_be_read_costs_the_chart_alone(
    environment: Environment, hook: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fire(environment)
    monkeypatch.setattr(selectors, "seen_at", lambda *_: 1 / 0)
    assert services.deliver_due(at=AT) == 1
    assert told(hook)["points"] == []


def test_links_lead_to_what_can_be_done(environment: Environment, mails: Sink) -> None:
    state_in(make_flag(project=environment.project, key="checkout", on=True))
    fire(environment)
    services.deliver_due(at=AT)
    drawn, alert = html(mails.mails[0]), Alert.objects.get()
    place = "/admin/p/shop/production"
    for words, path in (
        ("Open the alert", f"{place}/alerts/{alert.pk}/"),
        ("Silence this", f"{place}/silences/new/?alert={alert.pk}"),
        ("Kill checkout", f"{place}/flags/checkout/kill/"),
    ):
        link = drawn.partition(f">{words}</a>")[0].rpartition("<a ")[2]
        assert f"{path}'" in link, words
        page = Visitor(environment.project, role="Operator").client.get(path)
        assert page.status_code == 200, words


def test_silencing_from_a_notice_offers_the_labels_of_its_alert(environment: Environment) -> None:
    push(environment, "errors", (AT, 7.0), host='a "quoted" name', job="two\nlines")
    make_rule(environment, query=LAST)
    services.judge_due(at=AT)
    alert = Alert.objects.get()
    visitor = Visitor(environment.project, role="Operator")
    page = visitor.get("silence-new", query=f"?alert={alert.pk}")
    lines = page.context["form"].initial["matchers"].splitlines()
    assert lines == ['alertname="errors"', 'host="a "quoted" name"', 'job=~"two\\x{a}lines"', 'severity="critical"']
    assert page.context["form"].initial["ends_at"] > clock.now()
    until = (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    typed = {"matchers": "\n".join(lines), "starts_at": "", "ends_at": until, "preview": "1"}
    shows(visitor.post("silence-new", typed | {"reason": ""}), "Too many errors")
    for nobody in ("0", "x", "9" * 30, "²"):
        assert not visitor.get("silence-new", query=f"?alert={nobody}").context["form"].initial


def test_a_notice_from_before_there_were_links_still_goes_out() -> None:
    kept = dump_notice(notice(links=()))
    del kept["links"]
    for change in kept["changes"]:
        del change["url"]
    assert load_notice(kept) == notice(links=())
