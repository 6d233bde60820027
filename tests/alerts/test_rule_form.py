"""The form of an alert rule: what it assembles, where it tells what is wrong, and what it keeps."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict

from apps.alerts import services
from apps.alerts.domain.parsing import dump_rule
from apps.alerts.domain.starter import RULES
from apps.alerts.forms.definitions import given_of, key_from
from apps.alerts.forms.rules import RuleForm
from apps.alerts.models import AlertRule
from apps.core import clock
from apps.core.models import Environment
from apps.monitoring import services as monitoring
from tests.factories import make_flag, make_project, make_rule, push
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def typed(**fields: Any) -> dict[str, Any]:
    """As a browser sends the form with only the needed things filled in."""
    usual = {
        "as": "form",
        "version": 1,
        "name": "Slow answers",
        "severity": "error",
        "enabled": "on",
        "metric": "response_time",
        "aggregate": "p95",
        "window_seconds": "5",
        "window_seconds_unit": "m",
        "across": "each",
        "comparison": "gt",
        "threshold": "0.5",
        "unit": "seconds",
        "no_data": "ok",
        "response_dry_run": "on",
        "reason": "x",
    }
    for part in ("label", "match", "value"):
        usual |= {f"matchers-{part}": ["", "="][part == "match"], f"denominator_matchers-{part}": ""}
    return usual | fields


def test_the_form_makes_a_rule_with_a_key_from_its_name(environment: Environment, visitor: Visitor) -> None:
    shows(visitor.get("rule-new"), "Edit as JSON", "Try on the last 14 days", "Threshold")
    answer = visitor.post("rule-new", typed())
    assert answer.status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.key, rule.name, rule.severity, rule.enabled) == ("slow_answers", "Slow answers", "error", True)
    assert rule.response == {}
    assert rule.definition["query"] == {
        "metric": "response_time",
        "aggregate": "p95",
        "window_seconds": 300,
        "matchers": [],
        "across": None,
        "denominator": None,
    }
    assert {name: rule.definition[name] for name in ("threshold", "comparison", "unit", "relative")} == {
        "threshold": 0.5,
        "comparison": "gt",
        "unit": "seconds",
        "relative": None,
    }
    assert rule.definition["forget_seconds"] == 86_400


def test_everything_the_form_offers_arrives(environment: Environment, visitor: Visitor) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    fields = {
        "key": "checkout-errors",
        "description": "Look at the logs.",
        "metric": "errors_total",
        "aggregate": "ratio",
        "window_seconds": "1.5",
        "window_seconds_unit": "h",
        "matchers-label": ["env", "", "host"],
        "matchers-match": ["=", "=", "=~"],
        "matchers-value": ["live", "", "web-.*"],
        "across": "labels",
        "across_labels": "host, region",
        "denominator_metric": "requests_total",
        "denominator_minimum": "20",
        "denominator_matchers-label": ["env"],
        "denominator_matchers-match": ["!="],
        "denominator_matchers-value": ["test"],
        "comparison": "gte",
        "threshold": "10",
        "recovery_threshold": "5",
        "for_seconds": "2",
        "for_seconds_unit": "m",
        "keep_firing_for_seconds": "30",
        "keep_firing_for_seconds_unit": "s",
        "baseline": "same_hour_last_week",
        "baseline_minimum": "3",
        "no_data": "keep",
        "forget_seconds": "2",
        "forget_seconds_unit": "d",
        "pair": "errors",
        "guard": "errors",
        "unit": "ratio",
        "response_kind": "kill_flag",
        "response_config_flag": "checkout",
        "response_cooldown_seconds": "1",
        "response_cooldown_seconds_unit": "h",
        "response_daily_budget": "1",
        "response_changed_within_seconds": "10",
        "response_changed_within_seconds_unit": "m",
    }
    sent = typed(**fields)
    del sent["response_dry_run"], sent["enabled"]
    assert visitor.post("rule-new", sent).status_code == 302
    rule = AlertRule.objects.get()
    assert not rule.enabled
    assert rule.definition == {
        "key": "checkout-errors",
        "name": "Slow answers",
        "severity": "error",
        "description": "Look at the logs.",
        "query": {
            "metric": "errors_total",
            "aggregate": "ratio",
            "window_seconds": 5_400,
            "matchers": [
                {"label": "env", "match": "=", "value": "live"},
                {"label": "host", "match": "=~", "value": "web-.*"},
            ],
            "across": ["host", "region"],
            "denominator": {
                "metric": "requests_total",
                "matchers": [{"label": "env", "match": "!=", "value": "test"}],
                "minimum": 20,
            },
        },
        "comparison": "gte",
        "threshold": 10,
        "recovery_threshold": 5,
        "relative": {"baseline": "same_hour_last_week", "minimum": 3},
        "for_seconds": 120,
        "keep_firing_for_seconds": 30,
        "no_data": "keep",
        "forget_seconds": 172_800,
        "pair": "errors",
        "guard": "errors",
        "unit": "ratio",
    }
    assert rule.response == {
        "kind": "kill_flag",
        "flag": "checkout",
        "dry_run": False,
        "cooldown_seconds": 3_600,
        "daily_budget": 1,
        "changed_within_seconds": 600,
    }


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ""}, "Name: This field is required."),
        ({"name": "x" * 151}, "Name: Ensure this value has at most 150 characters"),
        ({"key": "Not A Key"}, "Key: is no key"),
        ({"key": "new"}, "Key: is the name of a page here"),
        ({"metric": ""}, "Metric: This field is required."),
        ({"metric": "no metric"}, "Metric: is no name of a metric"),
        ({"window_seconds": ""}, "Over the last: This field is required."),
        ({"window_seconds": "many"}, "Over the last: Enter a number."),
        ({"window_seconds": "1e999999999"}, "Over the last: This is too long."),
        ({"window_seconds": "NaN"}, "Over the last: This is too long."),
        ({"window_seconds": "0.5", "window_seconds_unit": "s"}, "Over the last: This has to be a whole number"),
        ({"window_seconds": "5", "window_seconds_unit": "x"}, "Over the last: Enter a number."),
        ({"window_seconds": "5", "window_seconds_unit": "s"}, "Over the last: must be from 10 to"),
        ({"window_seconds": "999999999", "window_seconds_unit": "s"}, "Over the last: must be from 10 to"),
        ({"aggregate": "p42"}, "Of it: Select a valid choice."),
        ({"aggregate": "ratio"}, "Metric to divide by: is missing: a ratio needs something to divide by"),
        ({"denominator_metric": "requests"}, "Metric to divide by: is for a ratio"),
        (
            {"denominator_minimum": "-1", "aggregate": "ratio", "denominator_metric": "r"},
            "must be a finite number",
        ),
        ({"threshold": "high"}, "Threshold: Enter a number."),
        ({"threshold": "inf"}, "Threshold: Enter a number."),
        ({"recovery_threshold": "0.7"}, "Well again only beyond: must be below the threshold"),
        ({"baseline_minimum": "5"}, "Compare with: must be one of"),
        ({"across": "labels"}, "Labels to put series together by: Name at least one label."),
        ({"across_labels": "host"}, "Labels to put series together by: Choose to put series together"),
        ({"across": "labels", "across_labels": "host 1x"}, "Row 2: is no name of a label"),
        ({"no_data": "firing", "forget_seconds": "1", "forget_seconds_unit": "s"}, "Forget a series after: must be"),
        ({"matchers-label": ["", "1x"], "matchers-match": ["="] * 2, "matchers-value": ["", "v"]}, "Row 1: is no name"),
        ({"matchers-label": "host", "matchers-match": "~~", "matchers-value": "v"}, "Row 1: must be one of"),
        (
            {"matchers-label": "host", "matchers-match": "=~", "matchers-value": "("},
            "labels fit: Row 1",
        ),
        ({"pair": "No Pair"}, "Pair: is no key"),
        ({"guard": "No Guard"}, "Guard: is no key"),
        ({"response_kind": "kill_flag"}, "Flag: is missing"),
        ({"response_kind": "explode"}, "When it fires: Select a valid choice."),
        ({"response_daily_budget": "-1"}, "Times a day, at most: Ensure this value is greater than or equal to 0."),
        ({"version": ""}, "The form lost its version."),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    environment: Environment, visitor: Visitor, fields: dict[str, Any], told: str
) -> None:
    page = visitor.post("rule-new", typed(**fields))
    assert page.status_code == 422
    shows(page, told)
    assert not AlertRule.objects.exists()


def test_a_key_that_is_taken_is_told_at_the_key(environment: Environment, visitor: Visitor) -> None:
    make_rule(environment, key="slow_answers")
    page = visitor.post("rule-new", typed())
    assert page.status_code == 422
    shows(page, "Key: There is a rule slow_answers here already.")


def test_more_rows_are_had_without_a_script_and_nothing_is_judged_yet(
    environment: Environment, visitor: Visitor
) -> None:
    rows = {"matchers-label": ["host"], "matchers-match": ["!="], "matchers-value": ["web-1"]}
    page = visitor.post("rule-new", typed(name="", more="matchers", **rows))
    assert page.status_code == 200
    shows(page, 'name="matchers-label" value="host"', '<option value="!=" selected>is not</option>')
    assert text(page).count('name="matchers-label"') == 1 + 4 + 1  # typed, spare, and the script's
    assert "This field is required" not in text(page)
    assert not AlertRule.objects.exists()


def test_trying_keeps_what_was_typed_and_saves_nothing(environment: Environment, visitor: Visitor) -> None:
    now = clock.now().replace(second=30, microsecond=0)
    push(environment, "errors", *((now - timedelta(minutes=n), 9 if n in (3, 4) else 1) for n in range(1, 60)))
    monitoring.roll_up()
    wanted = typed(metric="errors", aggregate="last", window_seconds="1", threshold="5", unit="number")
    page = visitor.post("rule-new", wanted | {"recovery_threshold": "3", "try": "1"})
    assert page.status_code == 200
    shows(
        page, "It would have fired 1 time.", "2 notices would have been sent.", 'value="Slow answers"', 'class="band"'
    )
    shows(page, "<dt>Worst value</dt><dd>9</dd>", "<dt>Firing in all</dt><dd>2 minutes</dd>", 'class="bound-other"')
    shows(page, 'class="band"', "<dt>Longest</dt><dd>2 minutes</dd>", "2 minutes, at worst 9")
    assert not AlertRule.objects.exists()


def test_trying_without_data_says_so(environment: Environment, visitor: Visitor) -> None:
    shows(visitor.post("rule-new", typed(**{"try": "1"})), "There is no data to try it on")
    wrong = visitor.post("rule-new", typed(window_seconds="999999999", window_seconds_unit="s", **{"try": "1"}))
    assert wrong.status_code == 422
    shows(wrong, "Over the last: must be from 10 to")


def test_the_form_turns_into_json_and_back_with_what_was_typed(environment: Environment, visitor: Visitor) -> None:
    page = visitor.post("rule-new", typed(switch="1", pair="slow"))
    assert page.status_code == 200
    shows(page, "Edit in the form", "&quot;pair&quot;: &quot;slow&quot;", "&quot;key&quot;: &quot;slow_answers&quot;")
    definition = make_rule(environment).definition | {"key": "other", "threshold": 41}
    sent = {"as": "json", "definition": str(definition).replace("'", '"').replace("None", "null"), "version": 1}
    back = visitor.post("rule-new", sent | {"switch": "1", "response": '{"kind": "kill_flag", "flag": "x"}'})
    shows(back, "Edit as JSON", 'value="41"', 'value="other"', '<option value="kill_flag" selected>')
    refused = visitor.post("rule-new", sent | {"switch": "1", "response": '{"kind": 5}'})
    assert refused.status_code == 422
    shows(refused, "response.kind: must be one of")


def test_json_has_an_address_of_its_own(environment: Environment, visitor: Visitor) -> None:
    make_rule(environment)
    shows(visitor.get("rule-new", "?as=json"), "Rule (JSON)")
    shows(visitor.get("rule-detail", "?as=json", key="errors"), "Rule (JSON)", "&quot;threshold&quot;: 5")
    shows(visitor.get("rule-new", "?metric=errors"), 'value="errors"')


def test_a_saved_rule_opens_in_the_form_and_keeps_its_key(environment: Environment, visitor: Visitor) -> None:
    push(environment, "errors", (clock.now(), 1))
    make_rule(environment, for_seconds=90, pair="errors")
    page = visitor.get("rule-detail", key="errors")
    shows(page, 'value="Too many errors"', 'value="90"', '<option value="errors"></option>')
    assert 'name="key"' not in text(page)
    assert visitor.post("rule-detail", typed(key="other", threshold="7"), key="errors").status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.key, rule.definition["key"], rule.definition["threshold"]) == ("errors", "errors", 7)


def test_a_stale_form_keeps_what_was_typed_and_can_be_sent_again(environment: Environment, visitor: Visitor) -> None:
    rule = make_rule(environment)
    assert visitor.post("rule-detail", typed(threshold="7"), key="errors").status_code == 302
    stale = visitor.post("rule-detail", typed(threshold="8"), key="errors")
    assert stale.status_code == 409
    shows(stale, "Somebody saved this rule while you were here", 'value="8"', 'name="version" value="2"')
    assert visitor.post("rule-detail", typed(threshold="8", version=2), key="errors").status_code == 302
    rule.refresh_from_db()
    assert rule.definition["threshold"] == 8


def test_viewers_see_the_form_and_no_button(environment: Environment) -> None:
    make_rule(environment)
    viewer = Visitor(environment.project, role="Viewer")
    page = viewer.get("rule-detail", key="errors")
    shows(page, "<fieldset disabled>", "Changing it takes another role")
    assert "Save the rule" not in text(page)
    assert viewer.post("rule-detail", typed(), key="errors").status_code == 403


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key)
def test_a_form_sent_back_untouched_changes_nothing(rule: Any) -> None:
    """Whatever the form shows of a rule it reads back to the same rule."""

    definition = dump_rule(rule)
    form = RuleForm(initial=given_of(definition, {}) | {"version": 1})
    sent = sent_by(form)
    again = RuleForm(sent)
    assert again.is_valid(), again.errors
    assert services.read_rule(again.rule()[0]) == rule
    assert again.rule()[1] == {}


def sent_by(form: RuleForm) -> Any:
    """What a browser sends of a form as it is shown."""

    data = QueryDict(mutable=True)
    for bound in form:
        value = bound.value()
        if bound.widget_type == "matchers":
            for row in value or ():
                for part in ("label", "match", "value"):
                    data.appendlist(f"{bound.name}-{part}", row[part])
        elif bound.widget_type == "duration":
            number, unit = bound.field.widget.decompress(value)
            data[bound.name], data[f"{bound.name}_unit"] = "" if number is None else str(number), unit
        elif value is True:
            data[bound.name] = "on"
        elif value is not None and value is not False:
            data[bound.name] = str(value)
    return data


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Too many errors", "too_many_errors"),
        ("More than 5 % of requests fail!", "more_than_5_of_requests_fail"),
        ("5xx", "rule_5xx"),
        ("Größe -- (neu)", "groe_neu"),
        ("new", "rule_new"),
        ("日本", "rule"),
        ("a" * 200, "a" * 100),
    ],
)
def test_a_key_is_made_from_the_name(name: str, key: str) -> None:
    assert key_from(name) == key
