"""The demo's deployments: a product in two slots behind a real proxy on this machine, and how it came here."""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.core import secrets
from apps.core import services as core
from apps.core.audit import Actor
from apps.core.models import ApiKey, Environment
from apps.deployments import selectors
from apps.deployments import services as deployments
from pulseops.stack.processes import Program
from pulseops.stack.shop import SERVICE

HERE = "127.0.0.1"
LIVE_IN, RECORDED_IN = "staging", "production"
STEPS = [
    {"weight": 10_000, "hold_seconds": 120, "needs_approval": False, "analyse": True},
    {"weight": 50_000, "hold_seconds": 120, "needs_approval": False, "analyse": True},
    {"weight": 100_000, "hold_seconds": 0, "needs_approval": False, "analyse": False},
]
# Version, days ago, whether it went well, commit message and author
HISTORY = (
    ("2.1.0", 21, True, "Split view for wide screens", "Maya Torres"),
    ("2.2.0", 14, True, "Voice messages behind a flag", "Omar Haddad"),
    ("2.2.1", 13, False, "Cache thread lists", "Maya Torres"),
    ("2.3.0", 6, True, "Summaries load twice as fast", "Maya Torres"),
)
NEXT = ("2.4.0", "Smart folders learn from what you archive", "Maya Torres")


def ports() -> dict[str, int]:
    first = settings.PORT + 1 if settings.PORT < 65_000 else settings.PORT - 20
    return {"proxy": first, "admin": first + 1, "agent": first + 2, "blue": first + 3, "green": first + 4}


def configuration() -> Path:
    return Path(settings.VAR_DIR) / "shop.json"


def deploy(environments: list[Environment], actor: Actor, at: datetime) -> None:
    """A service that is live in both environments, its history, and the next version, ready to be started."""
    by_key = {environment.key: environment for environment in environments}
    service = deployments.create_service(
        project_id=environments[0].project_id,
        key=SERVICE,
        name="Pulse Messages",
        description="The demo's product. In staging it runs in two slots behind Caddy, on this machine.",
        actor=actor,
        reason="The demo",
        at=at - timedelta(days=28),
    )
    for key in (LIVE_IN, RECORDED_IN):
        _target(service.pk, by_key[key], actor, at - timedelta(days=28))
    for number, days, well, message, author in HISTORY:
        release = _release(service.pk, (number, message, author), actor, at - timedelta(days=days, hours=2))
        for hours, key in ((1, LIVE_IN), (0, RECORDED_IN)):
            target = selectors.target_in(by_key[key], SERVICE)
            assert target is not None
            deployments.record_deployment(
                target_id=target.pk,
                release_id=release,
                succeeded=well or key == LIVE_IN,
                started_at=at - timedelta(days=days, hours=hours, minutes=12),
                actor=actor,
                reason=message,
                at=at - timedelta(days=days, hours=hours),
            )
    _release(service.pk, NEXT, actor, at - timedelta(hours=1))
    live = selectors.target_in(by_key[LIVE_IN], SERVICE)
    assert live is not None
    live.slots.filter(name=live.live_slot).update(release=live.live_release)
    _write(by_key[LIVE_IN], bytes(live.agent_secret), str(live.live_release), actor, at)


def address() -> str:
    """Where the product answers; empty without the demo."""
    return f"http://{HERE}:{ports()['proxy']}/" if configuration().exists() else ""


def programs() -> list[Program]:
    """The proxy and the product, where the demo has them."""
    file = configuration()
    caddy = shutil.which("caddy", path=str(Path(sys.executable).parent)) or shutil.which("caddy")
    if not file.exists() or caddy is None:
        return []
    written = Path(settings.VAR_DIR) / "caddy.json"
    written.write_text(json.dumps(_proxy(ports())))
    shop = (sys.executable, "-m", "pulseops.stack.shop", str(file))
    return [
        Program("proxy", (caddy, "run", "--config", str(written)), directory=settings.BASE_DIR),
        Program("shop", shop, directory=settings.BASE_DIR),
    ]


def _target(service_id: int, environment: Environment, actor: Actor, at: datetime) -> None:
    place = ports()
    slots: dict[str, str] = {}
    fields: dict[str, Any] = {"driver": "EXTERNAL"}
    if environment.key == LIVE_IN:
        slots = {name: f"http://{HERE}:{place[name]}" for name in ("blue", "green")}
        fields = {
            "driver": "CADDY",
            "driver_config": {
                "admin": f"{HERE}:{place['admin']}",
                "handler": SERVICE,
                "slots": {name: f"{HERE}:{place[name]}" for name in ("blue", "green")},
            },
            "strategy": "CANARY",
            "steps": STEPS,
            "watch_seconds": 300,
            "agent_url": f"http://{HERE}:{place['agent']}/",
            "smoke": [{"path": "/", "contains": "Pulse Messages"}],
        }
    deployments.create_target(
        service_id=service_id,
        environment_id=environment.pk,
        slots=slots,
        fields=fields,
        actor=actor,
        reason="The demo",
        at=at,
    )


def _release(service_id: int, commit: tuple[str, str, str], actor: Actor, at: datetime) -> int:
    number, message, author = commit
    row = deployments.create_release(
        service_id=service_id,
        number=number,
        commit_sha=hashlib.sha1(message.encode(), usedforsecurity=False).hexdigest(),
        commit_message=message,
        commit_author=author,
        actor=actor,
        at=at,
    )
    return row.pk


def _write(environment: Environment, secret: bytes, version: str, actor: Actor, at: datetime) -> None:
    """For the product: where it listens, and the keys that it shows."""
    issued = core.issue_key(
        project_id=environment.project_id,
        environment_id=environment.pk,
        kind=ApiKey.Kind.INGEST,
        name="Pulse Messages",
        actor=actor,
        at=at,
    )
    given: Mapping[str, Any] = {
        "ports": ports(),
        "portal": f"http://{HERE}:{settings.PORT}",
        "token": issued.token,
        "secret": secrets.decrypt(secret),
        "versions": {"blue": version, "green": version},
        "broken": [],
    }
    file = configuration()
    file.touch(mode=0o600)
    file.write_text(json.dumps(given))


def _proxy(place: Mapping[str, int]) -> dict[str, Any]:
    """All traffic on blue until the portal says otherwise."""
    handler = {
        "@id": SERVICE,
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{HERE}:{place[name]}"} for name in ("blue", "green")],
        "load_balancing": {
            "selection_policy": {"policy": "weighted_round_robin", "weights": [1, 0]},
            "try_duration": "2s",
            "try_interval": "50ms",
        },
    }
    server = {
        "listen": [f"{HERE}:{place['proxy']}"],
        "automatic_https": {"disable": True},
        "routes": [{"handle": [handler]}],
    }
    return {
        "admin": {"listen": f"{HERE}:{place['admin']}", "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "apps": {"http": {"servers": {SERVICE: server}}},
    }
