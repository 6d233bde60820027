"""A serving process through a real outage: its PostgreSQL and its Redis are stopped, and come back later."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from pulseops.stack import servers
from pulseops.stack.addresses import Addresses

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
SET_UP = """
from apps.core.models import ApiKey
from tests.factories import make_flag, make_key, make_project
project = make_project(key="shop")
make_flag(project=project, key="it", on=True)
print(make_key(environment=project.environments.get(key="production"), server=True).token)
"""
TURN_OFF = """
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.models import Flag
from tests.flags.ofrep import serve
serve(Flag.objects.get(key="it"), status=FlagStatus.OFF)
"""
COUNTS = """
import json
from apps.flags.models import FlagUsage
counts = {}
for row in FlagUsage.objects.all():
    counts[row.variant] = counts.get(row.variant, 0) + row.count
print(json.dumps(counts))
"""


class Installation:
    """A portal with embedded servers of its own, whose web process is a real one."""

    def __init__(self, directory: Path) -> None:
        self.addresses = Addresses(directory / "var")
        self.running = ExitStack()
        self.servers = ExitStack()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        own = {
            "PULSEOPS_VAR": str(self.addresses.var),
            "PULSEOPS_PORT": str(port),
            "PULSEOPS_USAGE_FLUSH_SECONDS": "0.5",
        }
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.environment = kept | own | {"DJANGO_SETTINGS_MODULE": "pulseops.settings"}

    def start_servers(self) -> None:
        self.servers.enter_context(servers.running(self.addresses, durable=False))

    def stop_servers(self) -> None:
        self.servers.close()

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [*MANAGE, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=settings.BASE_DIR,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def script(self, text: str) -> str:
        return self.manage("shell", "--no-imports", "-c", text)

    def serve(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([*MANAGE, "serve"], env=self.environment, cwd=settings.BASE_DIR)
        self.running.callback(process.kill)  # does nothing to one that has ended
        return process


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    installation.start_servers()
    yield installation
    installation.running.close()
    installation.stop_servers()


def until(done: Callable[[], Any], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_evaluation_goes_on_through_an_outage_and_nothing_is_lost(installation: Installation) -> None:
    installation.manage("migrate", "--verbosity", "0")
    token = installation.script(SET_UP)
    process = installation.serve()
    with httpx.Client(base_url=installation.url, headers={"x-api-key": token}, timeout=5) as client:
        asked = 0

        def ask() -> Any:
            nonlocal asked
            answer = client.post("/ofrep/v1/evaluate/flags/it", json={})
            assert answer.status_code == 200
            asked += 1
            return answer.json()["value"]

        until(lambda: answers(f"{installation.url}/healthz"))
        assert ask() is True
        bulk = client.post("/ofrep/v1/evaluate/flags", json={})
        asked += 1
        stream = client.stream("GET", bulk.json()["eventStreams"][0]["url"])
        with stream as events:
            lines = events.iter_lines()
            assert next(lines) == "retry: 3000"

            installation.stop_servers()
            ends_at = time.monotonic() + 4  # two polls that find nobody
            while time.monotonic() < ends_at:
                assert ask() is True
                time.sleep(0.01)
            assert answers(f"{installation.url}/healthz")
            checks = client.get("/readyz").json()["checks"]
            assert {"database", "redis"} <= {name for name, check in checks.items() if not check["ok"]}

            installation.start_servers()
            installation.script(TURN_OFF)
            told = next(line for line in lines if line.startswith("data: "))
            assert json.loads(told.removeprefix("data: "))["type"] == "refetchEvaluation"
            assert ask() is False

            before = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) in {0, -signal.SIGTERM}
            assert time.monotonic() - before < 5
    assert json.loads(installation.script(COUNTS)) == {"on": asked - 1, "off": 1}
