"""Health checks over REST: made, changed, paused, run, and what came of them."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.monitoring import services
from apps.monitoring.api.problems import REFUSALS
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors import checks
from apps.monitoring.serializers import (
    CheckAction,
    CheckChange,
    CheckFilter,
    CheckIn,
    CheckOut,
    HealthDayOut,
    HealthResultOut,
    MadeCheckOut,
    ResultFilter,
)
from apps.monitoring.services import MadeCheck

TAG = "Health checks"
FASTER = "Somebody else was faster, or the check is archived."
WEB = example(
    "A web address",
    {
        "key": "checkout",
        "name": "Checkout",
        "kind": "HTTP",
        "config": {
            "url": "https://shop.example.com/healthz",
            "expected_status": "2xx",
            "json": [{"path": "$.status", "operator": "equals", "value": "ok"}],
            "latency_limit_seconds": 1.5,
        },
        "reason": "launch",
    },
    request=True,
)
DATABASE = example(
    "A database",
    {
        "key": "orders",
        "name": "Orders",
        "kind": "POSTGRES",
        "config": {"host": "db.example.com", "database": "orders", "user": "watcher"},
        "secret": "its password",
        "period_seconds": 30,
        "reason": "launch",
    },
    request=True,
)
NIGHTLY = example(
    "A nightly job",
    {
        "key": "nightly",
        "name": "Nightly export",
        "kind": "HEARTBEAT",
        "config": {"cron": "0 3 * * *", "time_zone": "Europe/Berlin", "grace_seconds": 1800},
        "reason": "launch",
    },
    request=True,
)


class CheckViewSet(ApiViewSet):
    ordering = ("id",)
    open_to_bound_keys = True
    refusals = REFUSALS
    needs = {
        "list": "monitoring.view_healthcheck",
        "create": "monitoring.add_healthcheck",
        "retrieve": "monitoring.view_healthcheck",
        "partial_update": "monitoring.change_healthcheck",
        "pause": "monitoring.change_healthcheck",
        "resume": "monitoring.change_healthcheck",
        "run": "monitoring.change_healthcheck",
        "archive": "monitoring.change_healthcheck",
        "renew": "monitoring.change_healthcheck",
        "days": "monitoring.view_healthcheck",
    }

    @cached_property
    def row(self) -> HealthCheck:
        return get_object_or_404(checks.health_checks(self.environment), key=self.kwargs["check"])

    @endpoint(TAG, "List health checks", answers=CheckOut, many=True, query=CheckFilter)
    def list(self, request: Request, **address: Any) -> Response:
        wanted = self.query(CheckFilter)
        return self.page(checks.health_checks(self.environment).filter(**wanted), CheckOut)

    @endpoint(
        TAG,
        "Create a health check",
        description="It runs from the next sweep on, within seconds. A heartbeat's `ping_url` is shown this once: the "
        "job asks for it when it is done, `/start` behind it when it begins, `/fail` when it failed, by GET or POST.",
        body=CheckIn,
        answers=MadeCheckOut,
        status=201,
        conflict="There is a check with this key.",
        examples=[WEB, DATABASE, NIGHTLY],
    )
    def create(self, request: Request, **address: Any) -> Response:
        body = self.body(CheckIn)
        signed = self.signed(body)
        return _made(services.create_check(environment_id=self.environment.pk, **body, **signed), status=201)

    @endpoint(TAG, "Read a health check", answers=CheckOut)
    def retrieve(self, request: Request, **address: Any) -> Response:
        return Response(CheckOut(self.row).data)

    @endpoint(
        TAG,
        "Change a health check",
        description="What is left out stays. `config` is replaced as a whole. It is run anew at once.",
        body=CheckChange,
        answers=CheckOut,
        conflict=FASTER,
    )
    def partial_update(self, request: Request, **address: Any) -> Response:
        body = self.body(CheckChange)
        signed, secret = self.signed(body), body.pop("secret", None)
        return self._changed(services.update_check, fields=body, secret=secret, **signed)

    @endpoint(
        TAG,
        "Pause a health check",
        description="It is not run, and what it is told does not count.",
        body=CheckAction,
        answers=CheckOut,
        conflict=f"{FASTER} Or it is paused already.",
    )
    def pause(self, request: Request, **address: Any) -> Response:
        return self._acted(services.pause_check)

    @endpoint(
        TAG,
        "Resume a health check",
        description="It is new again: what was before the pause does not count.",
        body=CheckAction,
        answers=CheckOut,
        conflict=f"{FASTER} Or it is not paused.",
    )
    def resume(self, request: Request, **address: Any) -> Response:
        return self._acted(services.resume_check)

    @endpoint(
        TAG,
        "Run a health check now",
        description="With the next sweep, within seconds; `last_at` says when it was.",
        answers=CheckOut,
        status=202,
        conflict="It is paused, or it is a heartbeat or reported, which cannot be asked.",
    )
    def run(self, request: Request, **address: Any) -> Response:
        row = services.ask_for_run(check_id=self.row.pk, **self.signed({}))
        return Response(CheckOut(row).data, status=202)

    @endpoint(
        TAG,
        "Archive a health check",
        description="For good. Its results stay as long as others; its key is free again, its ping address ends.",
        body=CheckAction,
        answers=CheckOut,
        conflict=FASTER,
    )
    def archive(self, request: Request, **address: Any) -> Response:
        return self._acted(services.archive_check)

    @endpoint(
        TAG,
        "Give a heartbeat a new ping address",
        description="The old one ends at once.",
        body=CheckAction,
        answers=MadeCheckOut,
        conflict=f"{FASTER} Or it is no heartbeat.",
    )
    def renew(self, request: Request, **address: Any) -> Response:
        return _made(services.renew_ping_token(check_id=self.row.pk, **self.signed(self.body(CheckAction))))

    @endpoint(TAG, "Read the last 90 days of a health check", answers=HealthDayOut, many=True)
    def days(self, request: Request, **address: Any) -> Response:
        results = HealthDayOut(checks.days_of(self.row, at=clock.now()), many=True).data
        return Response({"next": None, "previous": None, "results": results})

    def _acted(self, service: Callable[..., HealthCheck]) -> Response:
        return self._changed(service, **self.signed(self.body(CheckAction)))

    def _changed(self, service: Callable[..., HealthCheck], **given: Any) -> Response:
        return Response(CheckOut(service(check_id=self.row.pk, **given)).data)


class CheckResultViewSet(ApiViewSet):
    ordering = ("-at",)
    open_to_bound_keys = True
    needs = {"list": "monitoring.view_healthresult"}

    @endpoint(TAG, "List results, newest first", answers=HealthResultOut, many=True, query=ResultFilter)
    def list(self, request: Request, **address: Any) -> Response:
        wanted = self.query(ResultFilter)
        row = get_object_or_404(checks.health_checks(self.environment), key=self.kwargs["check"])
        return self.page(checks.results_of(row, **wanted), HealthResultOut)


def _made(made: MadeCheck, *, status: int = 200) -> Response:
    url = f"{settings.PUBLIC_URL}/ping/{made.ping_token}" if made.ping_token else ""
    return Response(MadeCheckOut({"check": made.check, "ping_url": url}).data, status=status)
