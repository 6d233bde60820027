"""Judging rules: those that are due, batch by batch, whoever sweeps. What a batch sets off is written in its
transaction. Nothing is sent and nobody else's rows are changed here; that work is left as rows."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby

import orjson
from django.conf import settings
from django.db import connection, transaction

from apps.alerts.domain.instances import Failed, Instances, Stepped, TooManySeries, Vector, step
from apps.alerts.domain.parsing import parse_rule
from apps.alerts.domain.rules import Rule
from apps.alerts.domain.storing import dump_instances, load_instances
from apps.alerts.models import AlertRule, RuleStanding
from apps.alerts.selectors.rounds import Round, vector_at
from apps.alerts.services import following
from apps.core.database import DATABASE_AWAY

logger = logging.getLogger(__name__)
BATCH = 250  # rules in one transaction
RULES_KNOWN = 5_000  # whose definitions a process keeps parsed

# The lock on the standing is the lease: who finds it taken goes on to the next batch.
CLAIM = """
    SELECT standing.rule_id, standing.instances::text, rule.definition::text
    FROM alerts_rulestanding AS standing JOIN alerts_alertrule AS rule ON rule.id = standing.rule_id
    WHERE standing.rule_id = ANY(%(rules)s) AND standing.due_at <= %(at)s AND rule.enabled
    ORDER BY standing.rule_id
    FOR UPDATE OF standing SKIP LOCKED
"""
# Instances are written where they changed alone: of most rules nothing is wrong, and nothing was.
KEEP = """
    UPDATE alerts_rulestanding AS standing
    SET judged_at = %(at)s, due_at = %(due)s, error = given.error,
        instances = coalesce(given.instances, standing.instances)
    FROM jsonb_to_recordset(%(given)s::jsonb) AS given(rule_id bigint, error text, instances jsonb)
    WHERE standing.rule_id = given.rule_id
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A standing whose lock is ours."""

    rule_id: int
    rule: Rule
    before: Instances
    definition: str = field(repr=False)  # JSON


def judge_due(*, at: datetime) -> int:
    """Every enabled rule whose time has come; returns how many were judged. Rules about one metric are judged
    together, so that it is read once."""
    due = RuleStanding.objects.filter(due_at__lte=at, rule__enabled=True)
    rows = due.order_by("rule__environment_id", "rule__definition__query__metric", "pk")
    found = rows.values_list("rule__environment_id", "pk")
    judged = 0
    for environment_id, group in groupby(list(found), key=lambda row: row[0]):
        rules = [pk for _environment, pk in group]
        judged += sum(_judged(environment_id, rules[n : n + BATCH], at) for n in range(0, len(rules), BATCH))
    return judged


def judge(*, rule_id: int, at: datetime) -> Stepped | None:
    """Step one rule. None when somebody else is at it, it was judged already, or it cannot be read."""
    environment_id = AlertRule.objects.values_list("environment_id", flat=True).get(pk=rule_id)
    found = _judge(environment_id, [rule_id], at)
    return found[0].stepped if found else None


def _judged(environment_id: int, rules: Sequence[int], at: datetime) -> int:
    """A rule that cannot be judged must not stop the others: they are then judged one by one. Without a database
    nothing can go on."""
    try:
        return len(_judge(environment_id, rules, at))
    except DATABASE_AWAY:
        raise
    except Exception as error:
        if len(rules) > 1:
            logger.exception("a batch of %d alert rules cannot be judged, so each is by itself", len(rules))
            return sum(_judged(environment_id, [rule_id], at) for rule_id in rules)
        _put_off(rules[0], error, at)
        return 0


def _judge(environment_id: int, rules: Sequence[int], at: datetime) -> list[following.Judged]:
    with transaction.atomic():
        claimed = list(_claimed(rules, at))
        answers = _answers(environment_id, [one.rule for one in claimed], at)
        judged = [each for one, found in zip(claimed, answers, strict=True) if (each := _stepped(one, found, at))]
        if judged:
            _keep(judged, at)
            following.follow(environment_id, judged, at)
    return judged


def _claimed(rules: Sequence[int], at: datetime) -> Iterator[_Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"rules": list(rules), "at": at})
        rows = cursor.fetchall()
    for rule_id, instances, definition in rows:
        try:
            before = load_instances(orjson.loads(instances)) if instances != "[]" else {}
            yield _Claimed(rule_id, _rule(definition), before, definition)
        except Exception as error:
            _put_off(rule_id, error, at)


@lru_cache(maxsize=RULES_KNOWN)
def _rule(definition: str) -> Rule:
    """Raises InvalidDefinition when it cannot be read."""
    return parse_rule(orjson.loads(definition))


def _answers(environment_id: int, rules: Sequence[Rule], at: datetime) -> list[Vector | Failed]:
    """In a savepoint: a query that fails is an answer, too, and no reason to lose the rule's standing."""
    together = Round(environment_id, rules, at)
    try:
        with transaction.atomic():
            together.read()
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception(
            "the metrics of %d alert rules cannot be read together, so each rule reads its own", len(rules)
        )
        return [_alone(environment_id, rule, at) for rule in rules]
    return [_answer(together, rule) for rule in rules]


def _answer(together: Round, rule: Rule) -> Vector | Failed:
    try:
        return together.vector_of(rule)
    except Exception as error:
        return _failed(rule, error)


def _alone(environment_id: int, rule: Rule, at: datetime) -> Vector | Failed:
    try:
        with transaction.atomic():
            return vector_at(environment_id, rule, at)
    except DATABASE_AWAY:
        raise
    except Exception as error:
        return _failed(rule, error)


def _failed(rule: Rule, error: Exception) -> Failed:
    logger.exception("the query of alert rule %s failed", rule.key)
    return Failed(f"{type(error).__name__}: {error}")


def _stepped(one: _Claimed, found: Vector | Failed, at: datetime) -> following.Judged | None:
    try:
        stepped = step(one.rule, one.before, found, at)
    except TooManySeries as refusal:
        found, stepped = Failed(str(refusal)), Stepped(one.before, ())
    except Exception as error:
        _put_off(one.rule_id, error, at)
        return None
    failure = found.words[:500] if isinstance(found, Failed) else ""
    changed = stepped.instances != one.before
    return following.Judged(one.rule_id, one.rule, one.definition, one.before, stepped, failure, changed)


def _keep(judged: Sequence[following.Judged], at: datetime) -> None:
    due = at + timedelta(seconds=settings.JUDGE_SECONDS)
    given = orjson.dumps([_kept(one) for one in judged]).decode()
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {"at": at, "due": due, "given": given})


def _kept(one: following.Judged) -> dict[str, object]:
    kept: dict[str, object] = {"rule_id": one.rule_id, "error": one.failure}
    return kept | {"instances": dump_instances(one.stepped.instances)} if one.changed else kept


def _put_off(rule_id: int, error: Exception, at: datetime) -> None:
    """Its standing stays as it is until the rule can be judged again."""
    logger.error("alert rule %s cannot be judged", rule_id, exc_info=error)
    standing = RuleStanding.objects.filter(pk=rule_id)
    standing.update(error=str(error)[:500], due_at=at + timedelta(seconds=settings.JUDGE_SECONDS))
