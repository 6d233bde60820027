"""Channels, routes and silences, and an alert that was told."""

from datetime import datetime, timedelta
from typing import Any

from apps.alerts import services
from apps.alerts.models import Alert, Channel, Route, Silence
from apps.core.models import Environment, Project
from tests.factories.alerts import make_rule, push
from tests.factories.core import ACTOR, AT

WHO: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": AT}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the Standard Webhooks' published vector


def make_channel(
    project: Project, *, key: str = "ops", kind: str = Channel.Kind.WEBHOOK, off: bool = False, **config: Any
) -> Channel:
    """A webhook to nowhere, unless told otherwise."""
    usual: dict[str, dict[str, Any]] = {
        Channel.Kind.WEBHOOK: {"url": "https://hooks.example.com/ops", "secrets": [SECRET]},
        Channel.Kind.SLACK: {"url": "https://hooks.slack.com/services/T/B/x"},
        Channel.Kind.EMAIL: {"to": ["ops@example.com"]},
        Channel.Kind.SENTRY: {"dsn": "https://key@sentry.example.com/7"},
    }
    about: dict[str, Any] = {"key": key, "name": key.capitalize(), "kind": kind, "config": usual[kind] | config}
    channel = services.create_channel(project_id=project.pk, **about, **WHO)
    if not off:
        return channel
    return services.update_channel(channel_id=channel.pk, enabled=False, expected_version=None, **WHO)


def make_route(project: Project, *, key: str = "all", **fields: Any) -> Route:
    return services.create_route(project_id=project.pk, fields={"key": key} | fields, **WHO)


def make_silence(
    environment: Environment, *, everywhere: bool = False, at: datetime = AT, seconds: int = 3_600, **labels: str
) -> Silence:
    """Of alerts with these labels; of the rule `errors` unless told otherwise."""
    labels = labels or {"alertname": "errors"}
    return services.create_silence(
        project_id=environment.project_id,
        environment_id=None if everywhere else environment.pk,
        matchers=[{"label": label, "match": "=", "value": value} for label, value in labels.items()],
        starts_at=at,
        ends_at=at + timedelta(seconds=seconds),
        **WHO | {"at": at},
    )


def make_alert(environment: Environment, *, at: datetime = AT, **definition: Any) -> Alert:
    """An open alert of a rule of its own."""
    rule = make_rule(environment, at=at, **definition)
    push(environment, "errors", (at, 7), host="a")
    services.judge(rule_id=rule.pk, at=at)
    return rule.alerts.get()


def make_delivery(environment: Environment) -> None:
    """A channel, a route that leads everything to it, and a silence of what is elsewhere."""
    channel = make_channel(environment.project)
    make_route(environment.project, channels=[channel.key])
    make_silence(environment, host="elsewhere")
