"""What ends with a rule that is switched off, deleted, or watches something else from now on: its open alerts, what
they still wait to do, and its guard's verdict. In the transaction of that change. Private to services."""

from datetime import datetime, timedelta

from django.conf import settings

from apps.alerts.domain.rules import Query, Rule
from apps.alerts.models import Alert, AlertRule, Response, RuleStanding
from apps.alerts.responses.kinds import Done
from apps.alerts.services import calling, joining, notifying, trail
from apps.core import holds
from apps.core.audit import Actor
from apps.core.models import Hold

SWITCHED_OFF = "the rule was switched off"
DELETED = "the rule was deleted"
ELSEWHERE = "the rule was changed and watches something else"


def lock(rule_id: int) -> RuleStanding:
    """The standing before its rule, as judging does, so that an edit and an evaluation wait for each other once."""
    rows = RuleStanding.objects.select_related("rule__environment__project")
    return rows.select_for_update(of=("self", "rule"), no_key=True).get(pk=rule_id)


def follow_change(standing: RuleStanding, was: Rule, now: Rule, *, was_on: bool, actor: Actor, at: datetime) -> None:
    """After an edit of a rule that is locked: what fires goes on, unless nobody judges it any more, or judges another
    thing. Instances are known by their labels, and another query finds other ones under them."""
    row, why = standing.rule, ""
    if was_on and not row.enabled:
        why = SWITCHED_OFF
    elif _watched(was.query) != _watched(now.query):
        why = ELSEWHERE
    if why:
        end(standing, was, why, actor=actor, at=at)
    elif was_on and was.guard != now.guard:
        _expire(row, was, f"{row.key} is another guard now", at)


def end(standing: RuleStanding, was: Rule, why: str, *, actor: Actor, at: datetime) -> None:
    """Of a rule that is locked. Switched on again, it starts afresh."""
    row = standing.rule
    standing.instances, standing.error = [], ""
    standing.due_at = at + timedelta(seconds=settings.JUDGE_SECONDS)  # whoever has just found it due lets it be
    standing.save()
    open_now = row.alerts.open().select_for_update(of=("self",)).select_related("environment__project")
    ended = [_ended(alert, why, actor, at) for alert in open_now.order_by("pk")]
    notifying.tell(row.environment, {was.key: was}, ended, at, ended=why)
    joining.follow(row.environment, ended, at)
    _expire(row, was, f"{row.key}: {why}", at)


def _watched(query: Query) -> object:
    """What decides which series there are."""
    below = query.denominator
    return query.metric, query.matchers, query.across, below and (below.metric, below.matchers)


def _ended(alert: Alert, why: str, actor: Actor, at: datetime) -> Alert:
    alert.resolved_at = at
    alert.version += 1
    alert.save()
    trail.record("alerts.ended", alert, {"state": [alert.kind, "RESOLVED"]}, actor=actor, reason=why, at=at)
    waiting = Response.objects.select_for_update().filter(alert=alert, status=Response.Status.PENDING, lease=0)
    for response in waiting.order_by("pk"):  # a call that may have gone out is settled by whoever made it
        response.alert = alert
        calling.settle(response, Response.Status.REFUSED, Done(f"not done: {why}"), at)
    return alert


def _expire(row: AlertRule, was: Rule, why: str, at: datetime) -> None:
    """Nobody judges this guard any more, so it must not say that all is well: fail closed. For a day it says why."""
    if not was.guard:
        return
    holds.write(
        environment_id=row.environment_id,
        guard=was.guard,
        verdict=Hold.Verdict.RED,
        reason=why,
        valid_until=at + timedelta(days=1),
        at=at,
        actor=trail.ITSELF,
    )
