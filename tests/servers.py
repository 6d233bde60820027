"""Throw-away PostgreSQL and Valkey for a test run: a pytest plugin, and `python -m tests.servers COMMAND ...`.

Must be loaded before Django's settings are read. DATABASE_URL and REDIS_URL, where set, are used instead.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pulseops.stack import servers
from pulseops.stack.addresses import Addresses

URLS = ("DATABASE_URL", "REDIS_URL")


@contextmanager
def provided() -> Iterator[None]:
    """The environment names running servers; nothing of them is left afterwards."""
    if all(os.environ.get(name) for name in URLS):
        yield
        return
    directory = Path(tempfile.mkdtemp(prefix="pulseops-test-"))
    addresses = Addresses(directory)
    found = dict(zip(URLS, (addresses.database_url, addresses.redis_url), strict=True))
    try:
        with servers.running(addresses, durable=False):
            os.environ |= {name: url for name, url in found.items() if not os.environ.get(name)}
            os.environ["PULSEOPS_VAR"] = str(directory / "var")
            _compile_once(directory / "compiled")
            yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _compile_once(directory: Path) -> None:
    """Whoever wants no compiled files beside the source has every process of a run, dozens, compile all of it anew.
    They share it in a place that is thrown away."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(directory)
        sys.dont_write_bytecode = False


_running = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Once, in the xdist controller: its workers inherit the environment. Not for `--collect-only` or `--help`."""
    options = early_config.known_args_namespace
    if "PYTEST_XDIST_WORKER" in os.environ or getattr(options, "collectonly", False) or options.help:
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that `kill` cleans up as Ctrl-C does
    _running.enter_context(provided())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _running.close()


if __name__ == "__main__":
    with provided():
        sys.exit(subprocess.call(sys.argv[1:]))
