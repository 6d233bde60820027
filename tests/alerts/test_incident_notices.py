"""Notices lead to the incident of their alert, in every channel; those from before incidents existed still load."""

from typing import Any

import pytest

from apps.alerts.gateways import email, slack, webhook
from apps.alerts.gateways.messages import Message, dump_notice, load_notice
from apps.alerts.models import Notification
from apps.core.models import Environment
from tests.factories import AT, make_alert, make_channel, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    environment = make_project(key="shop").environments.get(key="production")
    make_channel(environment.project)
    return environment


def told(environment: Environment, **rule: Any) -> tuple[Message, int | None]:
    alert = make_alert(environment, **rule)
    notice = load_notice(Notification.objects.get(alert=alert).content)
    return Message(id="1", at=AT, notice=notice), alert.incident_id


def test_a_severe_alert_leads_to_its_incident(environment: Environment) -> None:
    message, incident = told(environment)
    path = f"/admin/p/shop/production/incidents/{incident}/"
    assert message.notice.incident_url.endswith(path)
    (actions,) = [block for block in slack.payload(message)["blocks"] if block["type"] == "actions"]
    assert sum(button["url"].endswith(path) for button in actions["elements"]) == 1
    mail = email.compose(message, sender="a@example.com", to=["b@example.com"])
    assert all(path in part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert message.notice.incident_url.encode() in webhook.payload(message)


def test_a_mild_one_has_none(environment: Environment) -> None:
    message, incident = told(environment, severity="warning")
    assert (incident, message.notice.incident_url) == (None, "")
    assert b'"incident_url":null' in webhook.payload(message)


def test_a_notice_from_before_loads(environment: Environment) -> None:
    message, _incident = told(environment)
    old = dump_notice(message.notice)
    del old["incident_url"]
    assert load_notice(old).incident_url == ""
