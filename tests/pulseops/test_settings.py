"""What the settings refuse and derive. Each case is a fresh interpreter, as a start is."""

import json
import os
import subprocess
import sys

import pytest

STRONG = "k7Jx2mQ9vTz4Lw8RbN3yHs6DfGp1CaXe5UoWiKqZtMlEhYrSjBuVnPdF"
GOOD = {
    "PULSEOPS_MODE": "production",
    "PULSEOPS_SECRET_KEY": STRONG,
    "PULSEOPS_PUBLIC_URL": "https://ops.example.com",
    "DATABASE_URL": "postgres://u:p@db.example.com/portal",
    "REDIS_URL": "redis://cache.example.com/0",
}
SHOW = """
import json
from pulseops import settings as s
print(json.dumps({name: getattr(s, name) for name in %s}, default=str))
"""


def boot(environment: dict[str, str], *names: str, tmp: str = "/nonexistent") -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", SHOW % (list(names),)],
        env=kept | {"PULSEOPS_VAR": tmp} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_what_it_needs() -> None:
    done = boot(GOOD, "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    assert json.loads(done.stdout) == {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["ops.example.com"],
        "CSRF_TRUSTED_ORIGINS": ["https://ops.example.com"],
        "SESSION_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PULSEOPS_SECRET_KEY": ""}, "PULSEOPS_SECRET_KEY"),
        ({"PULSEOPS_SECRET_KEY": "short"}, "PULSEOPS_SECRET_KEY"),
        ({"PULSEOPS_SECRET_KEY": "ab" * 40}, "PULSEOPS_SECRET_KEY"),
        ({"PULSEOPS_DEBUG": "true"}, "PULSEOPS_DEBUG"),
        ({"PULSEOPS_ALLOWED_HOSTS": "*"}, "PULSEOPS_ALLOWED_HOSTS"),
        ({"PULSEOPS_ALLOWED_HOSTS": ".example.com"}, "PULSEOPS_ALLOWED_HOSTS"),
        ({"PULSEOPS_PUBLIC_URL": ""}, "PULSEOPS_PUBLIC_URL"),
        ({"PULSEOPS_MODE": "prod"}, "PULSEOPS_MODE"),
    ],
)
def test_unsafe_production_does_not_start_and_names_the_variable(change: dict[str, str], named: str) -> None:
    done = boot(GOOD | change)
    assert done.returncode != 0
    assert named in done.stderr.splitlines()[-1]


def test_local_needs_nothing_and_keeps_its_secret(tmp_path: object) -> None:
    first, second = (boot({}, "SECRET_KEY", tmp=str(tmp_path)) for _ in range(2))
    key = json.loads(first.stdout)["SECRET_KEY"]
    assert len(key) >= 50
    assert json.loads(second.stdout)["SECRET_KEY"] == key


def test_webhook_is_taken_under_either_name_and_the_plain_one_wins() -> None:
    vite = {"VITE_SLACK_WEBHOOK_URL": "https://hooks.example.com/vite"}
    assert "vite" in boot(GOOD | vite, "SLACK_WEBHOOK_URL").stdout
    both = vite | {"SLACK_WEBHOOK_URL": "https://hooks.example.com/plain"}
    assert "plain" in boot(GOOD | both, "SLACK_WEBHOOK_URL").stdout
