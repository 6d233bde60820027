"""Many rules judged in one sweep: each as if it were alone, whatever is wrong with its neighbours."""

from collections import Counter
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule, Notification, Response, RuleStanding
from apps.alerts.selectors.rounds import Round
from apps.alerts.services import following, judging
from apps.core.models import AuditEntry, Environment, Hold
from tests.factories import AT, make_channel, make_project, make_rule, make_silence, push

SECOND = timedelta(seconds=1)
LATER = AT + 15 * SECOND
pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def make_rules(environment: Environment, count: int, **definition: Any) -> None:
    for n in range(count):
        make_rule(environment, key=f"rule-{n}", **definition)


def asked(metric: str = "errors", aggregate: str = "last", seconds: int = 60, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "aggregate": aggregate, "window_seconds": seconds} | more


def test_each_rule_sees_its_own_window_of_a_metric_that_is_read_once(environment: Environment) -> None:
    moments = [AT - seconds * SECOND for seconds in (600, 300, 45, 30, 15, 0)]
    push(environment, "errors", *zip(moments, (100, 50, 9, 8, 7, 6), strict=True), host="a")
    questions = {
        "last": asked(),
        "sum": asked(aggregate="sum"),  # of (-60, 0]: 9 + 8 + 7 + 6
        "edge": asked(aggregate="count", seconds=45),  # the sample at -45 is outside
        "avg": asked(aggregate="avg", seconds=900),  # (100 + 50 + 30) / 6
        "max": asked(aggregate="max", seconds=600),  # the one at -600 is outside
        "min": asked(aggregate="min", seconds=900),
    }
    for key, query in questions.items():
        make_rule(environment, key=key, query=query, threshold=0)
    make_rule(
        environment,
        key="change",
        query=asked(aggregate="sum"),
        threshold=-101,
        relative={"baseline": "previous_window"},
    )
    make_rule(
        environment,
        key="fell",
        query=asked(aggregate="sum", seconds=300),  # 30 now; 50 in (-600, -300]
        threshold=-99,
        relative={"baseline": "previous_window"},
    )
    assert services.judge_due(at=AT) == 8
    values = dict(Alert.objects.values_list("key", "value"))
    assert values == {"last": 6, "sum": 30, "edge": 3, "avg": 30, "max": 50, "min": 6, "fell": -40}


def test_a_counter_begins_before_the_window_and_starts_anew_where_it_falls(environment: Environment) -> None:
    moments = [AT - seconds * SECOND for seconds in (90, 45, 30, 15, 0)]
    push(environment, "errors_total", *zip(moments, (10, 14, 2, 5, 9), strict=True), host="a")
    make_rule(environment, key="increase", query=asked("errors_total", "increase"), threshold=0)
    make_rule(environment, key="rate", query=asked("errors_total", "rate"), threshold=0)
    make_rule(environment, key="short", query=asked("errors_total", "increase", 20), threshold=0)
    services.judge_due(at=AT)
    values = dict(Alert.objects.values_list("key", "value"))
    assert values == {"increase": 4 + 2 + 3 + 4, "rate": 13 / 90, "short": 3 + 4}


def test_a_counter_that_fell_and_rose_within_a_second_counts_by_its_last_value_there(environment: Environment) -> None:
    moments = [AT - 15 * SECOND, AT - SECOND / 2, AT - SECOND / 4]
    push(environment, "errors_total", *zip(moments, (10, 3, 12), strict=True), host="a")
    make_rule(environment, query=asked("errors_total", "increase"), threshold=0)
    services.judge_due(at=AT)
    assert Alert.objects.get().value == 2


def test_percentiles_matchers_and_groups_are_each_rules_own(environment: Environment) -> None:
    for host, value in (("a", 1.0), ("b", 3.0)):
        push(environment, "latency_seconds", (AT - SECOND, value), (AT, value), host=host)
    make_rule(environment, key="all", query=asked("latency_seconds", "p99", across=[]), threshold=0)
    only_a = [{"label": "host", "match": "=", "value": "a"}]
    make_rule(environment, key="a", query=asked("latency_seconds", "p50", matchers=only_a), threshold=0)
    make_rule(environment, key="sum", query=asked("latency_seconds", "sum", across=[]), threshold=0)
    services.judge_due(at=AT)
    values = dict(Alert.objects.values_list("key", "value"))
    assert values == pytest.approx({"all": 3, "a": 1, "sum": 8}, rel=0.01)  # a sketch is right to one per cent


def test_a_query_that_fails_is_its_own_rules_answer_alone(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vector(query: Any, *rest: Any, **more: Any) -> dict[Any, float]:
        return {(): 1 / 0} if query.window_seconds == 61 else {(): 9.0}

    monkeypatch.setattr("apps.alerts.selectors.rounds.vector", vector)
    push(environment, "errors", (AT, 7))
    make_rules(environment, 3)
    make_rule(environment, key="broken", query=asked(seconds=61), guard="guarded")
    assert services.judge_due(at=AT) == 4
    assert sorted(Alert.objects.values_list("key", flat=True)) == ["rule-0", "rule-1", "rule-2"]
    standing = RuleStanding.objects.get(rule__key="broken")
    assert (standing.error, standing.judged_at) == ("ZeroDivisionError: division by zero", AT)
    assert not Hold.objects.exists()


def test_metrics_that_cannot_be_read_together_are_read_rule_by_rule(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Round.read

    def fails(self: Round) -> None:
        if "bad" in str(self._since):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        read(self)

    monkeypatch.setattr(Round, "read", fails)
    push(environment, "errors", (AT, 7))
    make_rules(environment, 2)
    make_rule(environment, key="broken", query=asked("bad"))
    assert services.judge_due(at=AT) == 3
    assert Alert.objects.count() == 2
    assert "division by zero" in RuleStanding.objects.get(rule__key="broken").error


def test_a_rule_that_watches_too_many_series_says_so_and_keeps_what_it_had(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rules(environment, 2)
    make_rule(environment, key="narrow", query=asked("other"))
    push(environment, "errors", (AT, 7), host="a")
    push(environment, "other", (AT, 7), host="a")
    services.judge_due(at=AT)
    monkeypatch.setattr("apps.alerts.domain.instances.MAX_SERIES", 1)
    push(environment, "errors", (LATER, 1), host="a")
    push(environment, "errors", (LATER, 1), host="b")
    push(environment, "other", (LATER, 1), host="a")
    assert services.judge_due(at=LATER) == 3
    assert sorted(Alert.objects.open().values_list("key", flat=True)) == ["rule-0", "rule-1"]
    assert "The query found 2 series" in RuleStanding.objects.get(rule__key="rule-0").error


def test_what_cannot_be_written_for_one_rule_is_written_for_the_others(environment: Environment) -> None:
    push(environment, "errors", (AT, 7))
    make_rules(environment, 5)
    AlertRule.objects.filter(key="rule-2").update(response={"kind": "x" * 41})  # longer than its column
    assert services.judge_due(at=AT) == 4
    assert sorted(Alert.objects.values_list("key", flat=True)) == ["rule-0", "rule-1", "rule-3", "rule-4"]
    standing = RuleStanding.objects.get(rule__key="rule-2")
    assert (standing.instances, standing.judged_at, standing.due_at) == ([], None, LATER)
    assert "too long" in standing.error


def test_a_storm_opens_each_alert_once_with_its_notices_response_and_entry(environment: Environment) -> None:
    make_channel(environment.project, kind="SLACK")
    make_silence(environment, alertname="rule-7")
    make_rules(environment, 300, response={"kind": "kill_flag", "flag": "checkout"})
    assert judging.BATCH < 300
    push(environment, "errors", (AT, 7), host="a")
    assert (services.judge_due(at=AT), services.judge_due(at=AT)) == (300, 0)
    assert Counter(Alert.objects.values_list("key", flat=True)) == Counter(f"rule-{n}" for n in range(300))
    notices = Counter(Notification.objects.values_list("alert__key", "status"))
    silenced = Counter({("rule-7", "MUTED"): 1})
    assert notices == silenced + Counter((f"rule-{n}", "PENDING") for n in range(300) if n != 7)
    assert Response.objects.values("alert").distinct().count() == Response.objects.count() == 300
    assert AuditEntry.objects.filter(kind="alerts.fired").count() == 300
    push(environment, "errors", (LATER, 3), host="a")
    services.judge_due(at=LATER)
    assert not Alert.objects.open().exists()
    assert set(Alert.objects.values_list("value", "peak", "version")) == {(3, 7, 2)}
    recovered = Notification.objects.filter(kind="RECOVERED")
    assert Counter(recovered.values_list("status", flat=True)) == {"PENDING": 299, "MUTED": 1}


def test_of_a_pair_that_fires_in_one_batch_the_severer_alone_is_heard(environment: Environment) -> None:
    make_channel(environment.project, kind="SLACK")
    for number in range(3):
        for severity in ("warning", "critical"):
            make_rule(environment, key=f"{severity}-{number}", severity=severity, pair=f"pair-{number}")
    push(environment, "errors", (AT, 7), host="a")
    services.judge_due(at=AT)
    status = dict(Notification.objects.values_list("alert__key", "status"))
    assert status == {
        f"{name}-{n}": to for n in range(3) for name, to in (("warning", "MUTED"), ("critical", "PENDING"))
    }


def queries_of(environment: Environment, at: datetime) -> int:
    with CaptureQueriesContext(connection) as captured:
        services.judge_due(at=at)
    return len(captured)


@pytest.mark.parametrize("value", [1, 9])
def test_the_number_of_queries_does_not_grow_with_the_rules(environment: Environment, value: float) -> None:
    """Of quiet rules, and of rules that fire on; all are guards, too."""
    for n in range(10):
        make_rule(environment, key=f"few-{n}", guard=f"few-{n}")
    push(environment, "errors", (AT, value), host="a")
    services.judge_due(at=AT)
    push(environment, "errors", (LATER, value + 1), host="a")
    few = queries_of(environment, LATER)
    for n in range(30):
        make_rule(environment, key=f"many-{n}", guard=f"many-{n}")
    services.judge_due(at=LATER)
    push(environment, "errors", (LATER + 15 * SECOND, value + 2), host="a")
    many = queries_of(environment, LATER + 15 * SECOND)
    assert RuleStanding.objects.filter(judged_at=LATER + 15 * SECOND).count() == 40
    assert few == many <= 14


def test_the_number_of_queries_of_a_storm_does_not_grow_with_it(environment: Environment) -> None:
    make_channel(environment.project, kind="SLACK")
    make_rules(environment, 10)
    push(environment, "errors", (AT, 9), host="a")
    ten = queries_of(environment, AT)
    for n in range(40):
        make_rule(environment, key=f"more-{n}")
    push(environment, "errors", (LATER, 9), host="a")
    forty = queries_of(environment, LATER)
    assert Alert.objects.count() == 50
    assert forty <= ten + 2  # the ten fire on, so their value is looked at; and an incident that goes on is joined


def test_a_quiet_rule_does_not_have_its_instances_written(environment: Environment) -> None:
    make_rule(environment)
    push(environment, "errors", (AT, 1), host="a")
    with CaptureQueriesContext(connection) as captured:
        services.judge_due(at=AT)
    kept = next(one["sql"] for one in captured if "UPDATE alerts_rulestanding" in one["sql"])
    assert '"instances"' not in kept


def test_a_sweep_that_dies_has_lost_no_rule(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "BATCH", 2)
    make_rules(environment, 6, for_seconds=15)
    push(environment, "errors", (AT, 7), (LATER, 8), host="a")
    follow, calls = following.follow, []

    def dies(*given: Any) -> None:
        calls.append(given)
        follow(*given)
        if len(calls) == 2:
            raise OperationalError("the database went away")

    monkeypatch.setattr(following, "follow", dies)
    with pytest.raises(OperationalError):
        services.judge_due(at=AT)
    assert RuleStanding.objects.filter(judged_at=AT).count() == 2
    monkeypatch.setattr(following, "follow", follow)
    assert services.judge_due(at=AT) == 4
    assert services.judge_due(at=LATER) == 6
    assert Counter(Alert.objects.values_list("active_at", "fired_at", "value")) == {(AT, LATER, 8): 6}


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_share_the_rules_and_open_each_alert_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "BATCH", 5)
    environment = make_project().environments.get(key="production")
    make_channel(environment.project, kind="SLACK")
    make_rules(environment, 60)
    push(environment, "errors", (AT, 7), host="a")
    together, judged = Barrier(3), []

    def sweep() -> None:
        try:
            together.wait()
            judged.append(services.judge_due(at=AT))
        finally:
            connections.close_all()

    workers = [Thread(target=sweep) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    services.judge_due(at=AT)  # what one found locked when another gave up
    assert sum(judged) <= 60
    assert Alert.objects.count() == Notification.objects.count() == 60
    assert AuditEntry.objects.filter(kind="alerts.fired").count() == 60
