"""The address that a job pings. A GET changes something here, and only here: cron and curl know nothing else."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping

MAX_TOKEN = 100  # characters
HEADERS = {"Cache-Control": "no-store"}


@csrf_exempt  # the token is what lets somebody in; no cookie is looked at
@require_http_methods(["GET", "POST"])  # not HEAD: what previews a link must not ping
def ping(request: HttpRequest, token: str, said: Ping) -> HttpResponse:
    known = len(token) <= MAX_TOKEN and services.ping(token=token, said=said, at=clock.now())
    text = "OK\n" if known else "There is no heartbeat at this address.\n"
    return HttpResponse(text, status=200 if known else 404, content_type="text/plain", headers=HEADERS)


urlpatterns: list[URLPattern] = [
    path("<str:token>", ping, {"said": Ping.SUCCESS}, name="ping"),
    path("<str:token>/start", ping, {"said": Ping.START}, name="ping-start"),
    path("<str:token>/fail", ping, {"said": Ping.FAIL}, name="ping-fail"),
]
