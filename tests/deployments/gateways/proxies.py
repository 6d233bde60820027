"""Real proxies in front of two slots, each a child process in a directory of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = "127.0.0.1"
START_SECONDS = 30.0
HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CADDY = shutil.which("caddy", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")


@dataclass
class Proxy:
    kind: str
    port: int  # where its traffic comes in
    config: dict[str, Any]  # of the driver
    command: list[str]
    directory: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            home = {"HOME": str(self.directory), "PATH": os.environ["PATH"]}
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=home)
        until = time.monotonic() + START_SECONDS
        while not (_takes(self.port) and self._has_admin()):
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError((self.directory / "log").read_text())
            time.sleep(0.01)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _has_admin(self) -> bool:
        admin = str(self.config["admin"])
        return Path(admin).is_socket() if admin.startswith("/") else _takes(int(admin.rpartition(":")[2]))


@contextmanager
def slots() -> Iterator[dict[str, str]]:
    """The addresses of two slots that answer their colour."""
    command = [sys.executable, str(Path(__file__).parent / "backend.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield {colour: f"{HERE}:{int(process.stdout.readline())}" for colour in ("blue", "green")}
        finally:
            process.kill()


def caddy(directory: Path, dials: Mapping[str, str], *, admin: str = "") -> Proxy:
    admin, port = admin or f"{HERE}:{free_port()}", free_port()
    handler = {
        "@id": "shop",
        "handler": "reverse_proxy",
        "upstreams": [{"dial": dial} for dial in dials.values()],
        "load_balancing": {
            "selection_policy": {"policy": "weighted_round_robin", "weights": [1, *[0] * (len(dials) - 1)]},
            "try_duration": "2s",
            "try_interval": "50ms",
        },
    }
    server = {"listen": [f"{HERE}:{port}"], "automatic_https": {"disable": True}, "routes": [{"handle": [handler]}]}
    written = {
        "admin": {"listen": f"unix/{admin}" if admin.startswith("/") else admin, "config": {"persist": False}},
        "apps": {"http": {"servers": {"shop": server}}},
    }
    file = directory / "caddy.json"
    file.write_text(json.dumps(written))
    config = {"admin": admin, "handler": "shop", "slots": dict(dials), "timeout_seconds": 10}
    return Proxy("CADDY", port, config, [str(CADDY), "run", "--config", str(file)], directory)


HAPROXY_CONFIG = """
global
    stats socket {admin} mode 600 level {level}
    stats socket {HERE}:{admin_port} level {level}
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    option redispatch 1
    retries 3
frontend shop
    bind {HERE}:{port}
    default_backend shop
backend shop
    balance roundrobin
"""


def haproxy(directory: Path, dials: Mapping[str, str], *, over_tcp: bool = False, level: str = "admin") -> Proxy:
    port, admin_port, admin = free_port(), free_port(), f"{directory}/admin.sock"
    text = HAPROXY_CONFIG.format(admin=admin, admin_port=admin_port, level=level, port=port, HERE=HERE)
    for number, (slot, dial) in enumerate(dials.items()):
        text += f"    server {slot}-1 {dial} weight {0 if number else 256} check inter 500ms\n"
    file = directory / "haproxy.cfg"
    file.write_text(text)
    config = {
        "admin": f"{HERE}:{admin_port}" if over_tcp else admin,
        "backend": "shop",
        "slots": {slot: f"{slot}-1" for slot in dials},
        "timeout_seconds": 10,  # a test may run on a machine that is busy with others
    }
    return Proxy("HAPROXY", port, config, [str(HAPROXY), "-db", "-f", str(file)], directory)


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


@contextmanager
def directory() -> Iterator[Path]:
    """A short path: a socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="pulseops-proxy-", dir="/tmp") as path:
        yield Path(path)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        return int(taken.getsockname()[1])


def _takes(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HERE, port), 0.2):
        return True
    return False
