""".env.example explains every variable, and no others."""

import re
from pathlib import Path

from pulseops import celery

REPOSITORY = Path(__file__).parents[2]
READERS = ("pulseops/settings.py", "pulseops/celery.py")
# Of the product; read when the parts land that .env.example names.
ANNOUNCED = {
    *("VERCEL_TOKEN", "VERCEL_ORG_ID", "VERCEL_PROJECT_ID"),
    *("VITE_SENTRY_DSN", "VITE_POSTHOG_API_KEY", "VITE_POSTHOG_HOST"),
    *("SUPABASE_SERVICE_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_BACKUP_BUCKET"),
}
OTHER_SPELLINGS = {"VITE_SLACK_WEBHOOK_URL", "VITE_ALERT_WEBHOOK_URL"}  # explained beside the right one


def documented() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))


def read() -> set[str]:
    source = "\n".join((REPOSITORY / name).read_text() for name in READERS)
    plain = set(re.findall(r"""\benv(?:\.\w+)?\(\s*"([A-Z][A-Z0-9_]+)\"""", source))
    return plain | {f"PULSEOPS_PERIOD_{name.upper()}" for name in celery.PERIODS}


def test_every_variable_that_is_read_is_explained() -> None:
    assert read() - OTHER_SPELLINGS - documented() == set()
    assert len(read()) > 20


def test_nothing_is_explained_that_nobody_reads() -> None:
    features = {name for name in documented() if name.startswith("PULSEOPS_FEATURE_")}
    assert documented() - read() - features == ANNOUNCED - read()


def test_nothing_is_set_by_copying_the_file() -> None:
    assert not re.findall(r"^[A-Z].*", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
