"""Asking somebody else to act: a signed request to a webhook channel of the project, as Standard Webhooks has it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.alerts.gateways import webhook
from apps.alerts.models import Channel
from apps.alerts.responses.kinds import Missing, Order, Subject
from apps.core.models import Environment
from apps.flags.domain.engine.reading import read_text

MAX_KEY_LENGTH, MAX_ASK_LENGTH = 50, 150


class CallWebhook:
    """Its subject is what is asked of whom: a receiver that is asked for two things has a cooldown for each."""

    name = "call_webhook"
    words = "calls"
    fields, optional = ("channel",), ("ask",)
    limits: Mapping[str, int] = {"cooldown_seconds": 900, "daily_budget": 3}  # nothing of ours is to blame

    def read(self, fields: Mapping[str, object]) -> dict[str, Any]:
        return {
            "channel": read_text("response.channel", fields.get("channel"), MAX_KEY_LENGTH),
            "ask": read_text("response.ask", fields.get("ask", ""), MAX_ASK_LENGTH, at_least=0),
        }

    def find(self, environment_id: int, config: Mapping[str, Any], at: datetime) -> Subject:
        """Locks the channel: two that ask the same of it are guarded one after the other."""
        project_id = Environment.objects.values_list("project_id", flat=True).get(pk=environment_id)
        rows = Channel.objects.select_for_update(no_key=True).filter(project_id=project_id, kind=Channel.Kind.WEBHOOK)
        channel = rows.filter(key=config["channel"]).first()
        if channel is None:
            raise Missing(f"there is no webhook {config['channel']} here any more")
        words = f"the webhook {channel.key}" + (f" for “{config['ask']}”" if config["ask"] else "")
        off = "" if channel.enabled else f"the channel is off: {channel.disabled_reason}"
        key = f"webhook:{channel.pk}:{environment_id}:{config['ask']}"
        return Subject(key, words, channel.pk, in_force=off)

    def call(self, order: Order) -> None:
        asked_at = order.asked_at.isoformat()
        body = webhook.action_payload(order.notice, order.config["ask"], order.id, asked_at)
        webhook.post_signed(order.url, order.secrets, message_id=order.id, body=body, at=order.at)

    def done(self, subject: Subject) -> str:
        return f"called {subject.words}, and it answered that it has the request"


CALL_WEBHOOK = CallWebhook()
