"""Every setting, read from the environment once, typed, with a default or required.

No rules live here and no code of ours but `stack.addresses`. `.env.example` explains each variable.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from pulseops.stack.addresses import Addresses, secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- What kind of installation this is -----------------------------------------------------------
MODE = env.str("PULSEOPS_MODE", default="local")
if MODE not in {"local", "production"}:
    raise ImproperlyConfigured(f"PULSEOPS_MODE is {MODE!r}; it must be 'local' or 'production'.")
PRODUCTION = MODE == "production"
VERSION = "0.1.0"
DEBUG = env.bool("PULSEOPS_DEBUG", default=False)
VAR_DIR = Path(env.str("PULSEOPS_VAR", default=str(BASE_DIR / "var"))).absolute()
ADDRESSES = Addresses(VAR_DIR)

SECRET_KEY = env.str("PULSEOPS_SECRET_KEY", default="")
if not SECRET_KEY and not PRODUCTION:
    SECRET_KEY = secret(VAR_DIR / "secret_key")

SECRET_KEY_FALLBACKS = env.list("PULSEOPS_SECRET_KEY_FALLBACKS", default=[])  # of before; they read and never write

# --- Where it is reached -------------------------------------------------------------------------
BIND = env.str("PULSEOPS_BIND", default="127.0.0.1")
PORT = env.int("PULSEOPS_PORT", default=8000)
_reached = "localhost" if BIND in {"0.0.0.0", "::"} else BIND  # noqa: S104 - every address binds, none is a name
PUBLIC_URL = (env.str("PULSEOPS_PUBLIC_URL", default="") or f"http://{_reached}:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
_local_hosts = [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = sorted(
    {_public.hostname or "localhost", *_local_hosts, *env.list("PULSEOPS_ALLOWED_HOSTS", default=[])}
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
PROXY_HOPS = env.int("PULSEOPS_PROXY_HOPS", default=0)
CORS_ORIGINS = env.list("PULSEOPS_CORS_ORIGINS", default=["*"])

HTTPS = _public.scheme == "https"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_HOPS else None
SECURE_SSL_REDIRECT = HTTPS and PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS and PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and PRODUCTION
SECURE_HSTS_PRELOAD = HTTPS and PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"

if PRODUCTION:
    _weak = len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10
    if _weak:
        raise ImproperlyConfigured("PULSEOPS_SECRET_KEY is missing or weak: give at least 50 random characters.")
    if DEBUG:
        raise ImproperlyConfigured("PULSEOPS_DEBUG must not be set in production.")
    if any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("PULSEOPS_ALLOWED_HOSTS must not hold wildcards in production.")
    if not env.str("PULSEOPS_PUBLIC_URL", default=""):
        raise ImproperlyConfigured(
            "PULSEOPS_PUBLIC_URL is required in production, for example https://ops.example.com."
        )

# --- Rooms ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "pulseops.apps.PulseOpsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.core",
    "apps.monitoring",
    "apps.flags",
    "apps.deployments",
    "apps.alerts",
    "apps.console",
    "pulseops",
]
MIDDLEWARE = [
    "apps.core.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "pulseops.urls"
WSGI_APPLICATION = "pulseops.wsgi.application"
ASGI_APPLICATION = "pulseops.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Data ----------------------------------------------------------------------------------------
EMBEDDED_DATABASE = not env.str("DATABASE_URL", default="")
EMBEDDED_REDIS = not env.str("REDIS_URL", default="")
DATABASES = {"default": env.db_url_config(ADDRESSES.database_url if EMBEDDED_DATABASE else env.str("DATABASE_URL"))}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds; a lost host must not hang us
REDIS_URL = ADDRESSES.redis_url if EMBEDDED_REDIS else env.str("REDIS_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People --------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = env.int("PULSEOPS_LOGIN_FAILURES", default=5)
AXES_COOLOFF_TIME = env.float("PULSEOPS_LOGIN_LOCKOUT_HOURS", default=0.25)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_PROXY_COUNT = PROXY_HOPS or None

# --- API -----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.core.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.core.api.permissions.Denied"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.api.throttling.LocalBucketThrottle"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.CursorPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PulseOps API",
    "DESCRIPTION": "Projects, environments, keys, flags and the audit trail. Errors are application/problem+json.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.monitoring.api.pushes.document",
    ],
    "ENUM_NAME_OVERRIDES": {
        "EnvironmentKind": "apps.core.models.Environment.Kind",
        "KeyKind": "apps.core.models.ApiKey.Kind",
        "MetricKind": "apps.monitoring.models.MetricSeries.Kind",
        "ActorKind": "apps.core.models.AuditEntry.ActorKind",
        "FlagStatus": "apps.flags.models.FlagState.Status",
        "EvaluationReason": "apps.flags.domain.engine.outcome.Reason",
        "StaleReason": "apps.flags.domain.staleness.StaleReason",
        "OnOrOff": "apps.flags.serializers.states.ON_OR_OFF",
        "Impact": "apps.alerts.models.Impact",
        "HealthState": "apps.monitoring.domain.checks.standing.State",
        "DeploymentState": "apps.deployments.models.Deployment.State",
        "WorkStatus": "apps.deployments.models.Rollback.Status",
        "GateVerdict": "apps.deployments.models.GateReport.Verdict",
        "AnalysisVerdict": "apps.deployments.models.Analysis.Verdict",
        "VerdictEnum": "apps.core.models.Hold.Verdict",
        "CalendarVerdict": "apps.deployments.domain.calendar.Verdict",
    },
}
RATE_LIMIT_PER_KEY = env.int("PULSEOPS_RATE_LIMIT_PER_KEY", default=2_000)  # requests a second, per process
RATE_LIMIT_PER_ADDRESS = env.int("PULSEOPS_RATE_LIMIT_PER_ADDRESS", default=1_000)  # requests a second, per process
DATA_UPLOAD_MAX_MEMORY_SIZE = 6_291_456  # bytes; a hundred thousand members of a segment fit

# --- Flags ---------------------------------------------------------------------------------------
ENVIRONMENT = env.ENVIRON
FEATURE_LOCKS = {name: value for name, value in env.ENVIRON.items() if name.startswith("PULSEOPS_FEATURE_")}
SNAPSHOT_POLL_SECONDS = env.float("PULSEOPS_SNAPSHOT_POLL_SECONDS", default=2.0)
USAGE_FLUSH_SECONDS = env.float("PULSEOPS_USAGE_FLUSH_SECONDS", default=10.0)
STALE_DAYS = env.int("PULSEOPS_STALE_DAYS", default=14)
USAGE_DAYS = env.int("PULSEOPS_USAGE_DAYS", default=400)

# --- Monitoring ----------------------------------------------------------------------------------
EVENT_DAYS = env.int("PULSEOPS_EVENT_DAYS", default=90)
SAMPLE_DAYS = env.int("PULSEOPS_SAMPLE_DAYS", default=15)
RESULT_DAYS = env.int("PULSEOPS_RESULT_DAYS", default=90)
MINUTE_ROLLUP_DAYS = env.int("PULSEOPS_MINUTE_ROLLUP_DAYS", default=45)
HOUR_ROLLUP_DAYS = env.int("PULSEOPS_HOUR_ROLLUP_DAYS", default=400)

# --- Alerts --------------------------------------------------------------------------------------
JUDGE_SECONDS = env.float("PULSEOPS_JUDGE_SECONDS", default=15.0)
NOTICE_LEASE_SECONDS = env.float("PULSEOPS_NOTICE_LEASE_SECONDS", default=120.0)  # longer than any one sending takes
ALERT_DAYS = env.int("PULSEOPS_ALERT_DAYS", default=400)
TEST_NOTICE_DAYS = env.int("PULSEOPS_TEST_NOTICE_DAYS", default=90)
SLACK_WEBHOOK_URL = env.str("SLACK_WEBHOOK_URL", default=env.str("VITE_SLACK_WEBHOOK_URL", default=""))
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", default=env.str("VITE_ALERT_WEBHOOK_URL", default=""))
ALERT_WEBHOOK_SECRETS = env.list("PULSEOPS_ALERT_WEBHOOK_SECRETS", default=[])
SMTP_URL = env.str("PULSEOPS_SMTP_URL", default="")
MAIL_SINK = env.bool("PULSEOPS_MAIL_SINK", default=True) and not SMTP_URL and not PRODUCTION  # `up` keeps mail itself
MAIL_PORT = env.int("PULSEOPS_MAIL_PORT", default=PORT + 25 if PORT <= 65_510 else PORT - 25)
MAIL_DIR = VAR_DIR / "mail"
if MAIL_SINK:
    SMTP_URL = f"smtp://127.0.0.1:{MAIL_PORT}?tls=none"
ALERT_EMAILS = env.list("PULSEOPS_ALERT_EMAILS", default=["ops@example.com"] if MAIL_SINK else [])
MAIL_FROM = env.str("PULSEOPS_MAIL_FROM", default=f"PulseOps <pulseops@{_public.hostname or 'localhost'}>")
ACKNOWLEDGE_LINK_HOURS = env.int("PULSEOPS_ACKNOWLEDGE_LINK_HOURS", default=72)

# --- What PulseOps connects to -------------------------------------------------------------------
EGRESS_ALLOW = env.list("PULSEOPS_EGRESS_ALLOW", default=[])
EGRESS_ALLOW_CHECKS = env.list(
    "PULSEOPS_EGRESS_ALLOW_CHECKS", default=[] if PRODUCTION else [f"127.0.0.1:{PORT}", f"localhost:{PORT}"]
)
EGRESS_ALLOW_TRAFFIC = env.list("PULSEOPS_EGRESS_ALLOW_TRAFFIC", default=[] if PRODUCTION else ["127.0.0.1", "::1"])
EGRESS_PORTS = env.list("PULSEOPS_EGRESS_PORTS", cast=int, default=[80, 443, 8080, 8443])

# --- Kept for the parts that use them as they land (.env.example says which) ----------------------
PRODUCT_DATABASE_URL = env.str("PRODUCT_DATABASE_URL", default="")

# --- Observing the portal itself -----------------------------------------------------------------
SENTRY_DSN = env.str("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default=MODE)
LOG_FORMAT = env.str("PULSEOPS_LOG_FORMAT", default="json" if PRODUCTION else "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.core.logs.RequestIdFilter"}},
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
        "json": {"()": "apps.core.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": env.str("PULSEOPS_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "axes": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # whoever scans for hosts is no fault of ours
    },
}

# --- Pages ---------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
