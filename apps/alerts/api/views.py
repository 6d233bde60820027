"""Rules and alerts as resources."""

from functools import cached_property

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts import selectors, services
from apps.alerts.models import Alert, AlertRule
from apps.alerts.responses import rights_to_undo
from apps.alerts.serializers.alerts import AlertFilter, AlertOut, EnvironmentFilter
from apps.alerts.serializers.rules import (
    BacktestIn,
    BacktestOut,
    RuleChange,
    RuleDeletion,
    RuleIn,
    RuleOut,
    RuleTest,
    RuleTested,
)
from apps.core import clock
from apps.core.api.problems import Problem, refusal
from apps.core.api.schema import endpoint, example
from apps.core.api.views import ApiViewSet
from apps.core.serializers import Reasoned

ERROR_RATE = example(
    "Kill a flag when errors rise",
    {
        "environment": "production",
        "definition": {
            "key": "checkout_errors",
            "name": "More than 5 % of checkouts fail",
            "severity": "critical",
            "query": {
                "metric": "http_errors_total",
                "aggregate": "ratio",
                "window_seconds": 60,
                "across": [],
                "denominator": {"metric": "http_requests_total", "minimum": 20},
            },
            "comparison": "gt",
            "threshold": 0.05,
            "for_seconds": 60,
            "unit": "ratio",
        },
        "response": {"kind": "kill_flag", "flag": "checkout-v2"},
        "reason": "launch",
    },
    request=True,
)


FIRINGS = 100  # in an answer


class RuleViewSet(ApiViewSet):
    ordering = ("key",)
    refusals = {
        services.RuleExists: refusal(409, "already_exists", "There is a rule with this key here already.", field="key"),
    }
    needs = {
        "list": "alerts.view_alertrule",
        "create": "alerts.add_alertrule",
        "retrieve": "alerts.view_alertrule",
        "partial_update": "alerts.change_alertrule",
        "destroy": "alerts.delete_alertrule",
        "test": "alerts.change_alertrule",
        "backtest": "alerts.change_alertrule",
    }
    http_method_names = [*ApiViewSet.http_method_names, "delete"]

    @cached_property
    def rule(self) -> AlertRule:
        return get_object_or_404(selectors.rules(self.project, self.environment), key=self.kwargs["rule"])

    @endpoint("Alert rules", "List alert rules", answers=RuleOut, many=True, query=EnvironmentFilter)
    def list(self, request: Request, project: str) -> Response:
        environment = self.environment_asked(self.query(EnvironmentFilter))
        return self.page(selectors.rules(self.project, environment), RuleOut)

    @endpoint(
        "Alert rules",
        "Create an alert rule",
        description="It is judged from its next period on.",
        body=RuleIn,
        answers=RuleOut,
        status=201,
        conflict="The environment has a rule with this key already.",
        examples=[ERROR_RATE],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(RuleIn)
        signed, environment = self.signed(body), self.environment_named(body.pop("environment"))
        row = services.create_rule(environment_id=environment.pk, **body, **signed)
        return Response(RuleOut(selectors.rules(self.project).get(pk=row.pk)).data, status=201)

    @endpoint("Alert rules", "Read an alert rule", answers=RuleOut)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(RuleOut(self.rule).data)

    @endpoint(
        "Alert rules",
        "Change an alert rule",
        description="What is left out stays. `definition` is replaced whole; its key stays.",
        body=RuleChange,
        answers=RuleOut,
        conflict="Somebody else was faster.",
    )
    def partial_update(self, request: Request, **address: str) -> Response:
        body = self.body(RuleChange)
        services.update_rule(rule_id=self.rule.pk, **self.signed(body), **body)
        return Response(RuleOut(selectors.rules(self.project).get(pk=self.rule.pk)).data)

    @endpoint(
        "Alert rules",
        "Delete an alert rule",
        description="Its open alerts end. All of its alerts stay, each with a copy of the rule.",
        query=RuleDeletion,
        answers={204: None},
        conflict="Somebody else was faster.",
    )
    def destroy(self, request: Request, **address: str) -> Response:
        services.delete_rule(rule_id=self.rule.pk, **self.signed(self.query(RuleDeletion)))
        return Response(status=204)

    @endpoint(
        "Alert rules",
        "Send a test notice of an alert rule",
        description="To every channel that an alert of it would reach, marked as a test, by the same way. "
        "`status` and `error` say how each fared; where there is none, nobody would hear of it.",
        body=RuleTest,
        answers=RuleTested,
    )
    def test(self, request: Request, **address: str) -> Response:
        body = self.body(RuleTest)
        signed = self.signed(body)
        sent = services.test_rule(rule_id=self.rule.pk, **signed, **body)
        services.deliver_test(sent=sent, at=signed["at"])
        rows = selectors.notifications(self.project).filter(pk__in=[one.pk for one in sent]).order_by("pk")
        return Response(RuleTested({"notifications": rows}).data)

    @endpoint(
        "Alert rules",
        "Try a rule on the past",
        description="What it would have done in the last days, by the function that judges. Nothing is saved.",
        body=BacktestIn,
        answers=BacktestOut,
    )
    def backtest(self, request: Request, project: str) -> Response:
        body, at = self.body(BacktestIn), clock.now()
        environment, rule = self.environment_named(body["environment"]), services.read_rule(body["definition"])
        result, _values = selectors.tried(environment.pk, rule, at=at)
        told = {
            "days": selectors.DAYS,
            "count": len(result.firings),
            "fired_seconds": result.fired_for(at).total_seconds(),
            "notices": result.notices,
            "unanswered": result.failures,
            "firings": result.firings[:FIRINGS],
        }
        return Response(BacktestOut(told).data)


class AlertViewSet(ApiViewSet):
    ordering = ("-id",)
    refusals = {
        services.AlertOver: refusal(409, "alert_over", "It has resolved: there is nothing to take on."),
        services.CannotUndo: lambda why: Problem(409, "cannot_undo", f"It was not undone: {why}."),
    }
    needs = {
        "list": "alerts.view_alert",
        "retrieve": "alerts.view_alert",
        "acknowledge": "alerts.change_alert",
        "undo": "alerts.change_alert",
    }

    @endpoint("Alerts", "List alerts, newest first", answers=AlertOut, many=True, query=AlertFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(AlertFilter)
        rows = selectors.alerts(self.project, self.environment_asked(wanted))
        if "open" in wanted:
            rows = rows.filter(resolved_at__isnull=wanted.pop("open"))
        return self.page(rows.filter(**wanted), AlertOut)

    @endpoint("Alerts", "Read an alert", answers=AlertOut)
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(AlertOut(self._found()).data)

    @endpoint(
        "Alerts",
        "Acknowledge an alert",
        description="Says who looks into it. The first one counts; another changes nothing.",
        body=Reasoned,
        answers=AlertOut,
        conflict="It has resolved.",
    )
    def acknowledge(self, request: Request, **address: str) -> Response:
        signed = self.signed(self.body(Reasoned))
        services.acknowledge(alert_id=self._found().pk, **signed)
        return Response(AlertOut(self._found()).data)

    @endpoint(
        "Alerts",
        "Undo what an alert did by itself",
        description="Needs what doing it by hand needs, and a reason. What somebody changed since is left alone.",
        body=Reasoned,
        answers=AlertOut,
        conflict="It was not done, is undone already, or cannot be undone; `detail` says what to do instead.",
    )
    def undo(self, request: Request, **address: str) -> Response:
        found, signed = self._found(), self.signed(self.body(Reasoned))
        row = get_object_or_404(found.responses, pk=self.kwargs["response_id"])
        self.insist(rights_to_undo(row.kind, protected=found.environment.protected))
        services.undo_response(response_id=row.pk, **signed)
        return Response(AlertOut(self._found()).data)

    def _found(self) -> Alert:
        rows = selectors.alerts(self.project)
        rows = rows.filter(environment__key=self.bound_to) if self.bound_to else rows
        return get_object_or_404(rows, pk=self.kwargs["id"])
