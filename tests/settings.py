"""The portal's settings for tests and type checks: boots without an environment and without a server."""

import os

import environ

environ.Env.read_env = staticmethod(lambda *_, **__: None)  # the operator's .env is not the tests' business
for _name, _value in {
    "PULSEOPS_VAR": "/tmp/pulseops-no-server",  # never made: tests.servers names a real one
    "PULSEOPS_SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 4,
    "PULSEOPS_MAIL_SINK": "off",  # a test that wants mail says so
    "PULSEOPS_LOG_LEVEL": "WARNING",
    "PULSEOPS_RATE_LIMIT_PER_KEY": "1000000",
    "PULSEOPS_RATE_LIMIT_PER_ADDRESS": "1000000",
    "DATABASE_URL": "postgres://pulseops@nowhere.invalid/pulseops",
    "REDIS_URL": "redis://nowhere.invalid/0",
}.items():
    os.environ.setdefault(_name, _value)

from pulseops import settings as _portal  # noqa: E402
from pulseops.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = _portal.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
