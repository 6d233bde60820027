"""The event inspector: what apps just sent, what was refused and why, and how to send."""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from apps.core.pages import ScopedPage
from apps.monitoring import selectors

EXAMPLE = """curl -X POST %s/api/v1/events \\
  -H 'Authorization: Bearer YOUR-INGEST-KEY' -H 'Content-Type: application/json' \\
  -d '{"events": [{"name": "message_sent", "targeting_key": "u-42", "properties": {"type": "text"}}]}'"""


class EventsPage(ScopedPage):
    title = gettext_lazy("Events")
    template_name = "monitoring/events.html"
    permission = "monitoring.view_trackedevent"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Scripts get the lists alone, to put them in the place of the ones before."""
        name = request.GET.get("name", "").replace("\0", "").strip()
        events = selectors.newest_events(self.environment, name=name)
        return self.render(
            "monitoring/event_lists.html" if "X-Tail" in request.headers else "",
            name=name,
            events=[(event, json.dumps(event.properties, ensure_ascii=False)) for event in events],
            refused=selectors.newest_refusals(self.environment),
            example=EXAMPLE % settings.PUBLIC_URL,
        )
