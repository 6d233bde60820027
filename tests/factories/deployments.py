"""Services, targets and deployments in a stated state."""

from datetime import datetime
from itertools import count
from typing import Any

from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import Deployment, Release, Service, Target
from tests.factories.core import ACTOR, AT

_number = count(1)
CONFIGS = {
    "CADDY": {
        "admin": "127.0.0.1:18119",
        "handler": "shop",
        "slots": {"blue": "127.0.0.1:18101", "green": "127.0.0.1:18102"},
    },
    "HAPROXY": {"admin": "127.0.0.1:18129", "backend": "shop", "slots": {"blue": "blue", "green": "green"}},
}


def make_service(environment: Environment, *, key: str = "web", **fields: Any) -> Service:
    known = Service.objects.filter(project=environment.project, key=key).first()
    return known or services.create_service(
        project_id=environment.project_id, key=key, name=key.title(), actor=ACTOR, reason="tests", at=AT, **fields
    )


def make_release(service: Service, number: str = "", **fields: Any) -> Release:
    n = next(_number)
    usual: dict[str, Any] = {"commit_sha": f"{n:040x}", "commit_message": f"Change {n}", "commit_author": "ada"}
    return services.create_release(
        service_id=service.pk, number=number or f"1.0.{n}", actor=ACTOR, at=AT, **usual | fields
    )


def make_target(
    environment: Environment, *, key: str = "web", live: str = "1.0.0", open_gates: bool = True, **fields: Any
) -> Target:
    """With a version that is live. `open_gates`: none but approvals and the lock is asked."""
    service = make_service(environment, key=key)
    if open_gates:
        fields |= {"gates": {}}
    if fields.get("driver") in CONFIGS:
        fields.setdefault("driver_config", CONFIGS[fields["driver"]])
    target = services.create_target(
        service_id=service.pk,
        environment_id=environment.pk,
        slots={"blue": "http://127.0.0.1:18101", "green": "http://127.0.0.1:18102"},
        fields=fields,
        actor=ACTOR,
        reason="tests",
        at=AT,
    )
    if live:
        release = make_release(service, live)
        record: dict[str, Any] = {
            "target_id": target.pk,
            "release_id": release.pk,
            "actor": ACTOR,
            "reason": "tests",
            "at": AT,
        }
        services.record_deployment(**record)
        target.slots.filter(name="blue").update(release=release)
        target.refresh_from_db()
    return target


def make_deployment(target: Target, *, at: datetime = AT, number: str = "", **fields: Any) -> Deployment:
    release = make_release(target.service, number)
    usual: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": at}
    return services.request_deployment(target_id=target.pk, release_id=release.pk, **usual | fields)
