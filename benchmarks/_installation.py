"""A throw-away installation for benchmarks: embedded servers in a temporary directory, migrated, with a project of
many flags. Import nothing of the portal before `running` has entered: the settings read the environment once."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NO_LIMIT = "1000000000"
COUNTRIES = ("US", "CA", "DE", "FR")


@dataclass(frozen=True)
class Installation:
    project_id: int
    environment_id: int
    token: str  # of a server key


@contextmanager
def running(*, flags: int) -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="pulseops-bench-") as directory:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "pulseops.settings",
            "PULSEOPS_VAR": f"{directory}/var",
            "PULSEOPS_RATE_LIMIT_PER_KEY": NO_LIMIT,
            "PULSEOPS_RATE_LIMIT_PER_ADDRESS": NO_LIMIT,
            "PULSEOPS_LOG_LEVEL": "ERROR",  # a request that the load generator cut off is no news
        }
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        from pulseops.stack import servers
        from pulseops.stack.addresses import Addresses

        with servers.running(Addresses(Path(directory) / "var")):
            yield _filled(flags)


@dataclass(frozen=True)
class Server:
    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """What the process has used so far, all threads together."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def child(*command: str, port: int, **environment: str) -> Iterator[Server]:
    """A server process that listens on `port`, once it answers."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=os.environ | environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


def _filled(flags: int) -> Installation:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from apps.core import audit, clock, services
    from apps.core.models import ApiKey

    actor, at = audit.system("benchmark"), clock.now()
    project = services.create_project(key="bench", name="Benchmark", actor=actor, at=at)
    environment = project.environments.get(key="development")
    for number in range(flags):
        _flag(project.pk, environment.pk, f"flag-{number}", COUNTRIES[number % len(COUNTRIES)])
    key = services.issue_key(
        project_id=project.pk,
        environment_id=environment.pk,
        kind=ApiKey.Kind.SERVER,
        name="benchmark",
        actor=actor,
        at=at,
    )
    return Installation(project.pk, environment.pk, key.token)


def _flag(project_id: int, environment_id: int, key: str, country: str) -> None:
    """On for 30 % of one country."""
    from apps.core import audit, clock
    from apps.flags import services
    from apps.flags.domain.engine.definitions import FlagStatus, FlagType
    from apps.flags.domain.engine.parsing import parse_rules
    from apps.flags.domain.transitions import Change

    actor, at = audit.system("benchmark"), clock.now()
    fields = services.FlagFields(key=key, name=key, type=FlagType.BOOLEAN, default_variant="off")
    flag = services.create_flag(project_id=project_id, fields=fields, actor=actor, at=at)
    rule = {
        "id": "ramp",
        "when": {"attr": ["country"], "op": "in", "value": [country]},
        "serve": {"split": [["on", 30_000], ["off", 70_000]]},
    }
    services.set_state(
        state_id=flag.states.get(environment_id=environment_id).pk,
        change=Change(status=FlagStatus.ON, rules=parse_rules([rule])),
        actor=actor,
        reason="benchmark",
        at=at,
        expected_version=None,
    )
