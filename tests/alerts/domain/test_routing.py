"""Which routes an alert takes and which alerts share a notice."""

import pytest

from apps.alerts.domain.labels import Match, Matcher, label_set
from apps.alerts.domain.routing import Route, alert_labels, group_key, routes_for
from apps.alerts.domain.rules import Severity
from tests.alerts.domain.build import A, rule

ALERT = label_set({"alertname": "queue_long", "severity": "critical", "queue": "a"})
CRITICAL = Matcher("severity", Match.EQUAL, "critical")
QUEUE_B = Matcher("queue", Match.EQUAL, "b")


def keys(*routes: Route) -> list[str]:
    return [route.key for route in routes_for(routes, ALERT)]


def test_an_alert_has_the_labels_of_its_series_its_rule_and_its_severity() -> None:
    assert alert_labels(rule(severity=Severity.CRITICAL), A) == ALERT
    stolen = label_set({"severity": "info", "queue": "a"})
    assert alert_labels(rule(severity=Severity.CRITICAL), stolen) == ALERT


def test_the_first_route_that_matches_wins() -> None:
    page, rest = Route(key="page", matchers=(CRITICAL,)), Route(key="rest")
    assert keys(page, rest) == ["page"]
    assert keys(rest, page) == ["rest"]
    assert keys(Route(key="b", matchers=(CRITICAL, QUEUE_B)), rest) == ["rest"]
    assert keys(Route(key="b", matchers=(QUEUE_B,))) == []
    assert keys() == []


def test_a_route_that_continues_lets_the_next_one_match_as_well() -> None:
    log = Route(key="log", continues=True)
    page, rest = Route(key="page", matchers=(CRITICAL,)), Route(key="rest")
    assert keys(log, page, rest) == ["log", "page"]
    assert keys(Route(key="b", matchers=(QUEUE_B,), continues=True), rest) == ["rest"]
    assert keys(log) == ["log"]


@pytest.mark.parametrize(
    ("group_by", "same", "other"),
    [
        (("alertname",), {"queue": "b"}, {"alertname": "disk_full"}),
        (("queue", "alertname"), {"severity": "info"}, {"queue": "b"}),
        ((), {"queue": "b", "alertname": "disk_full"}, None),
        (None, {}, {"severity": "info"}),
        (("region",), {"queue": "b"}, {"region": "eu"}),
    ],
)
def test_alerts_with_the_same_group_labels_share_a_notice(
    group_by: tuple[str, ...] | None, same: dict[str, str], other: dict[str, str] | None
) -> None:
    route = Route(key="page", group_by=group_by)
    key = group_key(route, ALERT)
    assert group_key(route, label_set(dict(ALERT) | same)) == key
    if other is not None:
        assert group_key(route, label_set(dict(ALERT) | other)) != key
    assert group_key(Route(key="other", group_by=group_by), ALERT) != key


def test_no_label_value_can_pass_for_another_group() -> None:
    route = Route(key="page", group_by=("a", "b"))
    one, two = label_set({"a": 'x"],["b","y', "b": "z"}), label_set({"a": "x", "b": 'y"],["b","z'})
    assert group_key(route, one) != group_key(route, two)
