"""`manage.py up` for real: first page, a death, a kill, a second start, an end in time. Slow, so all in one story."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

REPOSITORY = Path(__file__).parents[2]


class Up:
    """A running `manage.py up` on its own var directory and port."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port, self.output = var, port, var.with_name("output")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=REPOSITORY,
            env=self.environment(),
            stdout=self.output.open("wb"),
            stderr=subprocess.STDOUT,
        )

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ours = {"PULSEOPS_VAR": str(self.var), "PULSEOPS_PORT": str(self.port), "PULSEOPS_PERIOD_BEAT_TICK": "1"}
        return kept | ours | {"DATABASE_URL": "", "REDIS_URL": ""}  # empty: embedded, whatever .env says

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return found

    def processes(self) -> dict[int, str]:
        """Of this installation, by their environment: whatever they are called and whosever children they are."""
        mark, found = f"PULSEOPS_VAR={self.var}\0".encode(), {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def again(self) -> "Up":
        return Up(self.var, self.port)

    def other(self, *command: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=REPOSITORY,
            env=self.environment() | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        return done.stderr


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_from_nothing_to_the_first_page_and_back_to_nothing(tmp_path: Path, port: int) -> None:
    up = Up(tmp_path / "var", port)
    try:
        client_key = up.wait_for(r"Bearer (\S+)'")[1]
        url = up.wait_for(r"answers at (\S+)")[1]
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert ask(url, client_key)["key"] == "aiSummarization"
        it_refuses_company(up, tmp_path)
        beat_reaches_a_worker(url)
        a_dead_child_comes_back(up, url)
        up = a_killed_supervisor_leaves_nothing_and_the_next_finds_the_data(up, client_key)
        it_stops_in_time_with_a_stream_open(up, url, client_key)
    finally:
        up.process.kill()
        up.process.wait()


def ask(url: str, client_key: str) -> dict[str, object]:
    answer = httpx.post(
        f"{url}/ofrep/v1/evaluate/flags/aiSummarization",
        headers={"Authorization": f"Bearer {client_key}"},
        json={"context": {"targetingKey": "u-42"}},
    )
    return dict(answer.raise_for_status().json())


def it_refuses_company(up: Up, tmp_path: Path) -> None:
    assert f"already runs on {up.var} (process {up.process.pid})" in up.other("up")
    assert "already runs" in up.other("reset")
    busy = up.other("up", PULSEOPS_VAR=str(tmp_path / "second"))
    assert f"127.0.0.1:{up.port}: Address already in use. Choose another port" in busy


def beat_reaches_a_worker(url: str) -> None:
    deadline = time.monotonic() + 30
    while (ready := httpx.get(f"{url}/readyz", timeout=20)).status_code != 200:
        assert time.monotonic() < deadline, ready.text
        time.sleep(0.2)


def a_dead_child_comes_back(up: Up, url: str) -> None:
    web = next(pid for pid, command in up.processes().items() if "manage.py serve" in command)
    os.kill(web, signal.SIGKILL)
    up.wait_for("web .* was killed by SIGKILL; starts again in 1 s")
    assert httpx.get(f"{url}/healthz", timeout=20).status_code == 200  # waits in the listening socket meanwhile


def a_killed_supervisor_leaves_nothing_and_the_next_finds_the_data(up: Up, client_key: str) -> Up:
    up.process.kill()
    up.process.wait()
    nothing_is_left(up, seconds=5)
    up = up.again()
    assert up.wait_for(r"Bearer (\S+)'")[1] == client_key
    return up


def it_stops_in_time_with_a_stream_open(up: Up, url: str, client_key: str) -> None:
    headers = {"Authorization": f"Bearer {client_key}"}
    bulk = httpx.post(f"{url}/ofrep/v1/evaluate/flags", headers=headers, json={"context": {"targetingKey": "u-42"}})
    with httpx.stream("GET", bulk.json()["eventStreams"][0]["url"], timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        began = time.monotonic()
        up.process.terminate()
        list(lines)  # the stream ends, rather than breaks
    assert up.process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert up.said().endswith("Stopped.\n")
    nothing_is_left(up, seconds=0)


def nothing_is_left(up: Up, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while up.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert up.processes() == {}
