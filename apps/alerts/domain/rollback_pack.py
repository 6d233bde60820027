"""The customer's five triggers of an automatic rollback, as rules for one service. What they set off is a response.

They see what users of the service see, whichever slot answers; what the new slot does against the old one is judged by
the deployment itself."""

from apps.core.domain.units import Unit
from apps.deployments.domain.metrics import DATABASE, ERRORS, LATENCY, LOGIN_FAILURES, LOGINS, REQUESTS

from .labels import Match, Matcher
from .rules import Aggregate, Baseline, Comparison, Denominator, Query, Relative, Rule, Severity

MINUTE = 60
RESPONSE = "roll_back_deployment"


def rollback_rules(service: str) -> tuple[Rule, ...]:
    """Of the service with this key."""
    return (_error_rate(service), _response_time(service), _health(service), _database(service), _sign_ins(service))


def _of(service: str) -> tuple[Matcher, ...]:
    return (Matcher("service", Match.EQUAL, service),)


def _share(what: str, of: str, service: str, *, at_least: int) -> Query:
    whole = Denominator(of, _of(service), minimum=at_least)
    return Query(
        metric=what,
        aggregate=Aggregate.RATIO,
        window_seconds=MINUTE,
        matchers=_of(service),
        across=(),
        denominator=whole,
    )


def _error_rate(service: str) -> Rule:
    return Rule(
        key=f"rollback_error_rate_{service}",
        name=f"More than 5 % of requests to {service} fail",
        severity=Severity.CRITICAL,
        query=_share(ERRORS, REQUESTS, service, at_least=20),
        comparison=Comparison.GT,
        threshold=0.05,
        recovery_threshold=0.03,
        for_seconds=5 * MINUTE,
        keep_firing_for_seconds=2 * MINUTE,
        unit=Unit.RATIO,
        description=f"Answers of {service} with a 5xx status, of all its answers in a minute with at least 20, for "
        "five minutes. A deployment of it that users met lately is rolled back.",
    )


def _response_time(service: str) -> Rule:
    query = Query(
        metric=LATENCY,
        aggregate=Aggregate.P95,
        window_seconds=5 * MINUTE,
        matchers=_of(service),
        across=(),
    )
    return Rule(
        key=f"rollback_response_time_{service}",
        name=f"{service} answers more than 50 % slower than before",
        severity=Severity.CRITICAL,
        query=query,
        comparison=Comparison.GT,
        threshold=50,
        recovery_threshold=25,
        relative=Relative(Baseline.PREVIOUS_WINDOW, minimum=0.02),
        for_seconds=MINUTE,
        keep_firing_for_seconds=5 * MINUTE,
        unit=Unit.PERCENT,
        description=f"The 95th percentile of five minutes, over all slots of {service}, against the five minutes "
        "before, if that was 20 ms or more. A deployment of it that users met lately is rolled back.",
    )


def _health(service: str) -> Rule:
    query = Query(
        metric="health_check_failures_total",
        aggregate=Aggregate.INCREASE,
        window_seconds=5 * MINUTE,
        matchers=(Matcher("check", Match.REGEX, f"{service}([_-].*)?"),),
    )
    return Rule(
        key=f"rollback_health_checks_{service}",
        name=f"A health check of {service} failed more than three times in five minutes",
        severity=Severity.CRITICAL,
        query=query,
        comparison=Comparison.GT,
        threshold=3,
        recovery_threshold=0,
        keep_firing_for_seconds=MINUTE,
        description=f"Of the checks whose key is {service}, or begins with it and a hyphen. A deployment of it that "
        "users met lately is rolled back.",
    )


def _database(service: str) -> Rule:
    query = Query(
        metric=DATABASE,
        aggregate=Aggregate.MAX,
        window_seconds=MINUTE,
        matchers=_of(service),
        across=(),
    )
    return Rule(
        key=f"rollback_database_{service}",
        name=f"{service} cannot connect to its database",
        severity=Severity.CRITICAL,
        query=query,
        comparison=Comparison.LT,
        threshold=1,
        keep_firing_for_seconds=2 * MINUTE,
        description=f"Not one connection of {service} succeeded for a minute, as it tells in {DATABASE}. A deployment "
        "of it that users met lately is rolled back; look at the database, too.",
    )


def _sign_ins(service: str) -> Rule:
    return Rule(
        key=f"rollback_sign_ins_{service}",
        name=f"Half of the sign-ins to {service} fail",
        severity=Severity.ERROR,
        query=_share(LOGIN_FAILURES, LOGINS, service, at_least=10),
        comparison=Comparison.GT,
        threshold=0.5,
        recovery_threshold=0.3,
        for_seconds=2 * MINUTE,
        keep_firing_for_seconds=5 * MINUTE,
        unit=Unit.RATIO,
        description=f"Of at least 10 sign-ins a minute, for two minutes: {LOGIN_FAILURES} to {LOGINS} of {service}. A "
        "deployment of it that users met lately is rolled back.",
    )
