"""The customer's ten rules, ready to use. Thresholds are in the unit of the metric, as it is named beside each."""

from dataclasses import dataclass

from apps.core.domain.units import Unit

from .rules import Aggregate, Baseline, Comparison, Denominator, NoData, Query, Relative, Rule, Severity

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Starter:
    """What the customer calls one rule: several where one metric cannot tell."""

    key: str
    rules: tuple[Rule, ...]


def _errors(window_seconds: int) -> Query:
    """http_errors_total counts answers with a 5xx status, http_requests_total all answers."""
    requests = Denominator("http_requests_total", minimum=20)
    return Query(
        metric="http_errors_total",
        aggregate=Aggregate.RATIO,
        window_seconds=window_seconds,
        across=(),
        denominator=requests,
    )


def _response_time() -> Query:
    """http_request_duration_seconds, a sketch: from the request's arrival to the end of its answer."""
    return Query(metric="http_request_duration_seconds", aggregate=Aggregate.P95, window_seconds=5 * MINUTE, across=())


def _vital(metric: str) -> Query:
    """As browsers report it, the 75th percentile of an hour: that is how Google's thresholds are meant."""
    return Query(metric=metric, aggregate=Aggregate.P75, window_seconds=60 * MINUTE, across=())


ERROR_RATE_CRITICAL = Rule(
    key="error_rate_critical",
    name="More than 5 % of requests fail",
    severity=Severity.CRITICAL,
    query=_errors(MINUTE),
    comparison=Comparison.GT,
    threshold=0.05,
    recovery_threshold=0.03,
    for_seconds=5 * MINUTE,
    keep_firing_for_seconds=2 * MINUTE,
    pair="error_rate",
    guard="error_rate_critical",
    unit=Unit.RATIO,
    description="Answers with a 5xx status, of all answers in a minute with at least 20, for five minutes. Look at the "
    "last deployment and the last flag change first; rolling back is safer than looking for the cause.",
)
ERROR_RATE_WARNING = Rule(
    key="error_rate_warning",
    name="More than 1 % of requests fail",
    severity=Severity.WARNING,
    query=_errors(5 * MINUTE),
    comparison=Comparison.GT,
    threshold=0.01,
    recovery_threshold=0.008,
    for_seconds=5 * MINUTE,
    keep_firing_for_seconds=5 * MINUTE,
    pair="error_rate",
    unit=Unit.RATIO,
    description="Answers with a 5xx status, of all answers in five minutes with at least 20. Muted while "
    "error_rate_critical fires.",
)
RESPONSE_TIME_CRITICAL = Rule(
    key="response_time_critical",
    name="One in twenty requests takes more than 1,000 ms",
    severity=Severity.CRITICAL,
    query=_response_time(),
    comparison=Comparison.GT,
    threshold=1.0,
    recovery_threshold=0.8,
    for_seconds=2 * MINUTE,
    keep_firing_for_seconds=2 * MINUTE,
    pair="response_time",
    guard="response_time_critical",
    unit=Unit.SECONDS,
    description="The 95th percentile of the last five minutes, over all servers. Look at the database and at what "
    "was deployed last.",
)
RESPONSE_TIME_WARNING = Rule(
    key="response_time_warning",
    name="One in twenty requests takes more than 500 ms",
    severity=Severity.WARNING,
    query=_response_time(),
    comparison=Comparison.GT,
    threshold=0.5,
    recovery_threshold=0.4,
    for_seconds=5 * MINUTE,
    keep_firing_for_seconds=5 * MINUTE,
    pair="response_time",
    unit=Unit.SECONDS,
    description="The 95th percentile of the last five minutes, over all servers. Muted while response_time_critical "
    "fires.",
)
ACTIVE_USERS_DROP = Rule(
    key="active_users_drop",
    name="Active users dropped by more than 10 %",
    severity=Severity.WARNING,
    query=Query(metric="active_users", aggregate=Aggregate.AVG, window_seconds=60 * MINUTE, across=()),
    comparison=Comparison.LT,
    threshold=-10,
    recovery_threshold=-5,
    relative=Relative(Baseline.SAME_HOUR_LAST_WEEK, minimum=50),
    for_seconds=10 * MINUTE,
    keep_firing_for_seconds=10 * MINUTE,
    unit=Unit.PERCENT,
    description="The mean of active_users (people with an open session) over an hour, against the same hour a week "
    "ago, if there were at least 50 then. Nothing may be broken: a holiday looks like this, too.",
)
DATABASE_CONNECTION = Rule(
    key="database_connection",
    name="A database cannot be reached",
    severity=Severity.CRITICAL,
    query=Query(metric="database_up", aggregate=Aggregate.LAST, window_seconds=2 * MINUTE),
    comparison=Comparison.LT,
    threshold=1,
    for_seconds=30,
    keep_firing_for_seconds=MINUTE,
    no_data=NoData.OWN_STATE,
    description="database_up is 1 after a successful connection and 0 after a failed one, one series for each "
    "database. Without data nobody has tried for two minutes: look at what should.",
)
MEMORY_USAGE = Rule(
    key="memory_usage",
    name="Memory is more than 90 % full",
    severity=Severity.WARNING,
    query=Query(metric="memory_used_ratio", aggregate=Aggregate.AVG, window_seconds=5 * MINUTE),
    comparison=Comparison.GT,
    threshold=0.9,
    recovery_threshold=0.85,
    for_seconds=5 * MINUTE,
    keep_firing_for_seconds=5 * MINUTE,
    unit=Unit.RATIO,
    description="memory_used_ratio is the memory in use without caches, 0 to 1, one series for each process or "
    "machine.",
)
AUTHENTICATION_FAILURES = Rule(
    key="authentication_failures",
    name="Many sign-ins fail",
    severity=Severity.ERROR,
    query=Query(metric="auth_failures_total", aggregate=Aggregate.INCREASE, window_seconds=5 * MINUTE, across=()),
    comparison=Comparison.GT,
    threshold=50,
    recovery_threshold=25,
    keep_firing_for_seconds=10 * MINUTE,
    description="auth_failures_total counts refused sign-ins, by whatever reason; more than 50 in five minutes. Either "
    "the sign-in is broken or somebody is guessing passwords. Fit the threshold to your traffic.",
)
LCP_POOR = Rule(
    key="core_web_vitals_lcp",
    name="Pages show their main content late",
    severity=Severity.WARNING,
    query=_vital("web_vitals_lcp_seconds"),
    comparison=Comparison.GT,
    threshold=4.0,
    recovery_threshold=3.5,
    for_seconds=15 * MINUTE,
    keep_firing_for_seconds=30 * MINUTE,
    unit=Unit.SECONDS,
    description="Largest Contentful Paint: more than 4 s for a quarter of the page views is poor.",
)
INP_POOR = Rule(
    key="core_web_vitals_inp",
    name="Pages answer clicks and keys late",
    severity=Severity.WARNING,
    query=_vital("web_vitals_inp_seconds"),
    comparison=Comparison.GT,
    threshold=0.5,
    recovery_threshold=0.4,
    for_seconds=15 * MINUTE,
    keep_firing_for_seconds=30 * MINUTE,
    unit=Unit.SECONDS,
    description="Interaction to Next Paint: more than 500 ms for a quarter of the page views is poor.",
)
CLS_POOR = Rule(
    key="core_web_vitals_cls",
    name="Pages jump while they load",
    severity=Severity.WARNING,
    query=_vital("web_vitals_cls"),
    comparison=Comparison.GT,
    threshold=0.25,
    recovery_threshold=0.2,
    for_seconds=15 * MINUTE,
    keep_firing_for_seconds=30 * MINUTE,
    description="Cumulative Layout Shift, a number without unit: more than 0.25 for a quarter of the page views is "
    "poor.",
)
HEALTH_CHECK_FAILURES = Rule(
    key="health_check_failures",
    name="A health check failed more than three times in five minutes",
    severity=Severity.CRITICAL,
    query=Query(metric="health_check_failures_total", aggregate=Aggregate.INCREASE, window_seconds=5 * MINUTE),
    comparison=Comparison.GT,
    threshold=3,
    recovery_threshold=0,
    keep_firing_for_seconds=MINUTE,
    guard="health_check_failures",
    description="health_check_failures_total counts failed runs, one series for each check, from 0 on. Well again "
    "after five minutes without a failure.",
)

STARTERS = (
    Starter("error_rate_critical", (ERROR_RATE_CRITICAL,)),
    Starter("error_rate_warning", (ERROR_RATE_WARNING,)),
    Starter("response_time_critical", (RESPONSE_TIME_CRITICAL,)),
    Starter("response_time_warning", (RESPONSE_TIME_WARNING,)),
    Starter("active_users_drop", (ACTIVE_USERS_DROP,)),
    Starter("database_connection", (DATABASE_CONNECTION,)),
    Starter("memory_usage", (MEMORY_USAGE,)),
    Starter("authentication_failures", (AUTHENTICATION_FAILURES,)),
    Starter("core_web_vitals", (LCP_POOR, INP_POOR, CLS_POOR)),
    Starter("health_check_failures", (HEALTH_CHECK_FAILURES,)),
)
RULES = {rule.key: rule for starter in STARTERS for rule in starter.rules}
