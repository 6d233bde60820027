"""Messages about deployments: who is told what, once, in whose words, and how it looks where it arrives."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from apps.alerts import services
from apps.alerts.gateways import email, slack, webhook
from apps.alerts.gateways.messages import Message, load_notice
from apps.alerts.models import Notification, TrailCursor
from apps.alerts.tasks import deliver
from apps.core.models import AuditEntry, Environment
from apps.core.sealer import seal
from apps.deployments import selectors
from apps.deployments import services as deployments
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, ask_for_approvals, make_project, make_rule, push
from tests.factories.delivery import make_channel, make_route
from tests.factories.deployments import make_deployment, make_target
from tests.flags.visit import Visitor, shows, text

__all__ = ["world"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    found = make_project(key="shop").environments.get(key="staging")
    make_channel(found.project)
    return found


def hear(at: Any = AT) -> list[Notification]:
    """What is new in the outbox."""
    before = set(Notification.objects.values_list("pk", flat=True))
    seal()
    services.hear_deployments(at=at)
    return list(Notification.objects.exclude(pk__in=before).order_by("pk"))


def subjects(rows: list[Notification]) -> list[str]:
    return [row.content["name"] for row in rows]


def deployed(environment: Environment, world: World, **fields: Any) -> Any:
    target = make_target(environment, live="1.4.1", driver="CADDY", watch_seconds=30, **fields)
    return make_deployment(target, number="1.4.2")


def test_a_deployment_is_told_when_it_starts_and_when_it_is_done(environment: Environment, world: World) -> None:
    row = deployed(environment, world)
    world.run(90)
    told = hear(world.at)
    assert subjects(told) == ["Started: Web 1.4.2 to Staging", "Done: Web 1.4.2 is on Staging"]
    assert {one.kind for one in told} == {"DEPLOYMENT"}
    assert [one.content["labels"]["kind"] for one in told] == ["started", "succeeded"]
    done = told[1].content
    assert done["url"].endswith(f"/admin/p/shop/staging/deployments/{row.pk}/")
    assert done["seen"].startswith("Web 1.4.2 replaced 1.4.1 on Staging in ")
    assert done["description"].startswith(f"{row.release.commit_message} ({row.release.commit_sha[:7]}, ada)")


def test_each_entry_is_told_once_however_often_it_is_heard(environment: Environment, world: World) -> None:
    deployed(environment, world)
    world.run(90)
    assert len(hear(world.at)) == 2
    assert hear(world.at) == []
    TrailCursor.objects.update(position=0)  # as after a restored backup
    assert hear(world.at) == []


def test_what_is_not_sealed_yet_is_heard_later(environment: Environment, world: World) -> None:
    deployed(environment, world)
    world.run(90)
    services.hear_deployments(at=world.at)
    assert not Notification.objects.exists()
    assert len(hear(world.at)) == 2


def test_old_news_is_none(environment: Environment, world: World) -> None:
    deployed(environment, world)
    world.run(90)
    assert hear(world.at + timedelta(days=2)) == []
    assert hear(world.at) == []  # and it has been passed over


def test_one_for_later_is_told_as_planned(environment: Environment, world: World) -> None:
    target = make_target(environment, live="1.4.1")
    make_deployment(target, number="1.4.2", scheduled_at=AT + timedelta(hours=3))
    (told,) = hear()
    assert told.content["name"] == "Planned: Web 1.4.2 to Staging at 2026-01-05 12:00 UTC"


def test_approval_is_asked_for(environment: Environment, world: World) -> None:
    ask_for_approvals(environment, 2)
    deployed(environment, world)
    world.run(5)
    (told,) = hear(world.at)
    assert told.content["name"] == "Please approve: Web 1.4.2 to Staging"
    assert told.content["seen"].endswith("0 of 2 so far.")


def test_one_that_never_got_traffic_is_told_as_failed(environment: Environment, world: World) -> None:
    world.smokes["green"] = False
    deployed(environment, world)
    world.run(1200, step=10)
    told = hear(world.at)
    assert subjects(told)[-1] == "FAILED: Web 1.4.2 on Staging"
    assert told[-1].content["severity"] == "error"


def test_a_rollback_names_the_rule_and_the_reason(environment: Environment, world: World) -> None:
    row = deployed(environment, world)
    world.run(20)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "7 % of requests fail", "at": world.at}
    deployments.roll_back(deployment_id=row.pk, automatic=True, trigger="rollback_error_rate_web", **who)
    world.run(30)
    told = hear(world.at)[-1].content
    assert told["name"] == "ROLLED BACK: Web on Staging is at 1.4.1 again"
    assert told["seen"] == "Why: 7 % of requests fail"
    assert told["description"].startswith("the rule rollback_error_rate_web took 1.4.2 back by traffic switch in ")


def test_the_projects_own_words(environment: Environment, world: World) -> None:
    deployments.set_template(
        project_id=environment.project_id,
        kind="STARTED",
        subject="{service} rolls",
        body="{version}\n{actor}",
        actor=ACTOR,
        at=AT,
        expected_version=None,
    )
    deployed(environment, world)
    world.run(5)
    (told,) = hear(world.at)
    assert (told.content["name"], told.content["seen"], told.content["description"]) == ("Web rolls", "1.4.2", "tests")


def test_routes_choose_by_kind_service_environment_and_severity(environment: Environment, world: World) -> None:
    project = environment.project
    for key in ("chat", "pager", "web-team", "nobody"):
        make_channel(project, key=key)
    wanted = {
        "chat": {"alertname": "deployment", "environment": "staging", "kind": "started"},
        "web-team": {"service": "web", "severity": "info"},
        "pager": {"severity": "critical"},
        "nobody": {"service": "api"},
    }
    for key, labels in wanted.items():
        matchers = [{"label": name, "match": "=", "value": value} for name, value in labels.items()]
        make_route(project, key=key, matchers=matchers, channels=[key], continues=True)
    deployed(environment, world)
    world.run(90)
    told = [(one.content["labels"]["kind"], one.channel.key, one.why) for one in hear(world.at)]
    assert told == [
        ("started", "chat", "route chat"),
        ("started", "web-team", "route web-team"),
        ("succeeded", "web-team", "route web-team"),
    ]


def test_without_routes_chat_hears_all_and_mail_only_what_is_bad(environment: Environment, world: World) -> None:
    make_channel(environment.project, key="mail", kind="EMAIL")
    make_channel(environment.project, key="sentry", kind="SENTRY")
    make_channel(environment.project, key="off", off=True)
    row = deployed(environment, world)
    world.run(20)
    who: dict[str, Any] = {"actor": ACTOR, "reason": "it is broken", "at": world.at}
    deployments.roll_back(deployment_id=row.pk, **who)
    world.run(30)
    told = [(one.content["labels"]["kind"], one.channel.key, one.status) for one in hear(world.at)]
    assert sorted(told) == [
        ("rolled_back", "mail", "PENDING"),
        ("rolled_back", "off", "MUTED"),
        ("rolled_back", "ops", "PENDING"),
        ("started", "off", "MUTED"),
        ("started", "ops", "PENDING"),
    ]


def test_a_silence_is_kept_to(environment: Environment, world: World) -> None:
    services.create_silence(
        project_id=environment.project_id,
        environment_id=environment.pk,
        matchers=[{"label": "alertname", "match": "=", "value": "deployment"}],
        starts_at=AT,
        ends_at=AT + timedelta(hours=1),
        reason="release party",
        actor=ACTOR,
        at=AT,
    )
    deployed(environment, world)
    world.run(5)
    (told,) = hear(world.at)
    assert (told.status, told.muted_by) == ("MUTED", "SILENCE")


def test_one_entry_that_cannot_be_told_does_not_stop_the_others(
    environment: Environment, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(environment, world)
    world.run(90)
    news_of = selectors.news_of

    def sometimes(entry: AuditEntry, url: str) -> Any:
        if entry.kind == "deployments.preparing":
            raise ValueError
        return news_of(entry, url)

    monkeypatch.setattr(selectors, "news_of", sometimes)
    assert subjects(hear(world.at)) == ["Done: Web 1.4.2 is on Staging"]


@pytest.fixture
def message(environment: Environment, world: World) -> Message:
    deployed(environment, world)
    world.run(5)
    (row,) = hear(world.at)
    return Message(id=str(row.dedup_id), at=world.at, notice=load_notice(row.content))


def test_slack_shows_it_line_by_line_with_a_button(message: Message) -> None:
    blocks = slack.payload(message)["blocks"]
    assert blocks[0]["text"]["text"].startswith("🚀 *Started: Web 1.4.2 to Staging*\n")
    assert blocks[1]["text"]["text"].count("\n") == 1
    assert [block["text"] for block in blocks[2]["fields"]] == [
        "*Service*\nweb",
        "*Environment*\nshop/staging",
        "*At*\n2026-01-05 09:00 UTC",
    ]
    (button,) = blocks[3]["elements"]
    assert button["text"]["text"] == "Open the deployment"


def test_mail_has_it_as_text_and_as_html(message: Message) -> None:
    mail = email.compose(message, sender="ops@example.com", to=["ann@example.com"])
    assert mail["Subject"] == "🚀 Started: Web 1.4.2 to Staging"
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert "Environment: shop/staging" in plain
    assert "Rule:" not in plain
    assert "Open the deployment</a>" in html


def test_a_webhook_gets_a_type_of_its_own(message: Message) -> None:
    body = orjson.loads(webhook.payload(message))
    assert body["type"] == "deployment.started"
    assert body["data"]["labels"] == {"kind": "started", "service": "web", "version": "1.4.2"}
    assert body["data"]["title"] == "Started: Web 1.4.2 to Staging"


def test_a_notice_of_an_alert_says_what_was_deployed_before(environment: Environment, world: World) -> None:
    row = deployed(environment, world)
    world.run(20)
    push(environment, "errors", (world.at, 9))
    make_rule(environment, at=world.at)
    services.judge_due(at=world.at)
    changed = Notification.objects.get(kind="FIRED").content["changes"]
    assert [one["words"].partition(":")[0] for one in changed[:2]] == [
        "deployments gave traffic to web in staging 1.4.2",
        "tests recorded a deployment done elsewhere",
    ]
    assert changed[0]["url"].endswith(f"/admin/p/shop/staging/deployments/{row.pk}/")


def test_the_task_hears_and_sends(environment: Environment, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Message] = []
    monkeypatch.setattr(webhook, "send", lambda url, secrets, message: sent.append(message))
    from apps.core import clock

    world.at = clock.now()
    deployed(environment, world)
    world.run(5)
    monkeypatch.setattr(clock, "now", lambda: world.at)
    seal()
    deliver()
    assert [one.title for one in sent] == ["Started: Web 1.4.2 to Staging"]
    assert Notification.objects.get().status == "SENT"


def test_the_log_of_deliveries_names_it_where_it_happened(environment: Environment, world: World) -> None:
    deployed(environment, world)
    world.run(5)
    hear(world.at)
    here = Visitor(environment.project, environment="staging").get("channel-deliveries")
    shows(here, "Started: Web 1.4.2 to Staging")
    elsewhere = Visitor(environment.project, environment="production").get("channel-deliveries")
    assert "Started" not in text(elsewhere)
