"""What follows from rules that were judged together: alerts opened and closed, their values, notices, responses and the
verdicts of guards, in the transaction of the judging. The number of queries does not grow with the rules. Private to
services."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import orjson
from django.conf import settings
from django.db import connection

from apps.alerts.domain.instances import Instance, Instances, Kind, Stepped, Transition
from apps.alerts.domain.instances import State as InstanceState
from apps.alerts.domain.labels import Labels
from apps.alerts.domain.rules import Rule
from apps.alerts.models import Alert, AlertRule, Response
from apps.alerts.services import joining, notifying, trail
from apps.core import holds
from apps.core.models import Environment, Hold

LABELS = UUID("8b2e6f0a-3a1c-4a63-9f6c-2f0c0c6a4b11")  # any constant: what fingerprints of label sets are made with
FINGERPRINTS_KNOWN = 50_000
VERDICT_PERIODS = 4  # for how many evaluations a guard's verdict holds: one that is late must not stop a rollout
OPENING = frozenset({Kind.FIRED, Kind.NO_DATA})  # no data and firing follow each other as two alerts
CLOSING = OPENING | {Kind.RESOLVED, Kind.RETURNED, Kind.DROPPED}

CLOSE = """
    UPDATE alerts_alert AS alert SET resolved_at = %(at)s, value = given.value, version = alert.version + 1
    FROM unnest(%(alerts)s::bigint[], %(values)s::float8[]) AS given(id, value) WHERE alert.id = given.id
"""
# Open alerts show the last value and the worst one.
FOLLOW_VALUES = """
    UPDATE alerts_alert AS alert
    SET value = given.value,
        peak = CASE WHEN given.upward THEN greatest(alert.peak, given.value) ELSE least(alert.peak, given.value) END
    FROM unnest(%(rules)s::bigint[], %(fingerprints)s::uuid[], %(values)s::float8[], %(upward)s::bool[])
         AS given(rule_id, fingerprint, value, upward)
    WHERE alert.rule_id = given.rule_id AND alert.fingerprint = given.fingerprint AND alert.resolved_at IS NULL
      AND alert.value IS DISTINCT FROM given.value
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule after its step."""

    rule_id: int
    rule: Rule
    definition: str  # of the rule, as JSON
    before: Instances
    stepped: Stepped
    failure: str  # of its query; empty: it had an answer
    changed: bool  # whether any instance did


class _Turn(NamedTuple):
    """One step of a series that opens or closes an alert."""

    one: Judged
    transition: Transition
    opens: bool


def follow(environment_id: int, judged: Sequence[Judged], at: datetime) -> None:
    turns = [
        _Turn(one, transition, transition.kind in OPENING)
        for one in judged
        for transition in one.stepped.transitions
        if transition.kind in CLOSING
    ]
    if turns:
        environment = Environment.objects.select_related("project").get(pk=environment_id)
        turned = _turned(environment, turns, at)
        _follow_values(judged)
        joining.follow(environment, turned, at)  # after all that writes alerts: locking.py says why
        notifying.tell(environment, {one.rule.key: one.rule for one in judged}, turned, at)
    else:
        _follow_values(judged)
    _say(environment_id, judged, at)


def fingerprint(labels: Labels) -> UUID:
    return _fingerprint(labels)


@lru_cache(maxsize=FINGERPRINTS_KNOWN)
def _fingerprint(labels: Labels) -> UUID:
    return uuid5(LABELS, repr(labels))


def _turned(environment: Environment, turns: Sequence[_Turn], at: datetime) -> list[Alert]:
    """The alerts that closed and opened, rule by rule, and of a series what closed before what opened."""
    rows = AlertRule.objects.in_bulk({turn.one.rule_id for turn in turns})
    closed = _close(environment, turns, at)
    opened = iter(_open(environment, rows, [turn for turn in turns if turn.opens], at))
    turned, told = [], []
    for turn in turns:
        seen = _seen(turn.one.rule, turn.transition.instance)
        ended = closed.pop(_key(turn), None)
        if ended is not None:
            turned.append(ended)
            told.append(trail.Told("alerts.resolved", ended, {"state": [ended.kind, "RESOLVED"]}, seen))
        if turn.opens:
            begun = next(opened)
            turned.append(begun)
            told.append(trail.Told("alerts.fired", begun, {"state": [None, begun.kind]}, f"{seen}."))
    trail.record_all(told, at=at)
    return turned


def _close(environment: Environment, turns: Sequence[_Turn], at: datetime) -> dict[tuple[int, UUID], Alert]:
    wanted = {_key(turn): turn.transition.instance.value for turn in turns}
    rules, prints = {rule_id for rule_id, _print in wanted}, {each for _rule, each in wanted}
    found = Alert.objects.open().filter(rule__in=rules, fingerprint__in=prints)
    closed = {key: alert for alert in found if (key := (alert.rule_id, alert.fingerprint)) in wanted}
    for key, alert in closed.items():
        alert.environment = environment
        alert.resolved_at, alert.value = at, wanted[key]
        alert.version += 1
    if closed:
        given = {"at": at, "alerts": [one.pk for one in closed.values()]}
        _execute(CLOSE, given | {"values": [one.value for one in closed.values()]})
    return closed


def _open(
    environment: Environment, rows: Mapping[int, AlertRule], turns: Sequence[_Turn], at: datetime
) -> Sequence[Alert]:
    opened = Alert.objects.bulk_create([_alert(environment, rows[turn.one.rule_id], turn, at) for turn in turns])
    responses = [
        _response(dict(alert.rule.response), alert, at)
        for alert in opened
        if alert.rule and alert.rule.response and alert.kind == Alert.Kind.FIRING
    ]
    if responses:
        Response.objects.bulk_create(responses)
    return opened


def _alert(environment: Environment, row: AlertRule, turn: _Turn, at: datetime) -> Alert:
    rule, now = turn.one.rule, turn.transition.instance
    return Alert(
        environment=environment,
        rule=row,
        key=rule.key,
        name=rule.name,
        severity=rule.severity.value,
        kind=Alert.Kind.NO_DATA if turn.transition.kind is Kind.NO_DATA else Alert.Kind.FIRING,
        labels=dict(turn.transition.labels),
        fingerprint=fingerprint(turn.transition.labels),
        definition=orjson.loads(turn.one.definition),
        value=now.value,
        peak=now.value,
        active_at=now.active_at or at,
        fired_at=at,
    )


def _response(config: dict[str, Any], alert: Alert, at: datetime) -> Response:
    kind, dry_run = config.pop("kind"), config.pop("dry_run", False)
    return Response(alert=alert, kind=kind, dry_run=dry_run, config=config, created_at=at, due_at=at)


def _follow_values(judged: Iterable[Judged]) -> None:
    rows = [row for one in judged if one.changed for row in _values(one)]
    if rows:
        rules, prints, values, upward = map(list, zip(*rows, strict=True))
        _execute(FOLLOW_VALUES, {"rules": rules, "fingerprints": prints, "values": values, "upward": upward})


def _values(one: Judged) -> Iterator[tuple[int, UUID, float, bool]]:
    for labels, now in one.stepped.instances.items():
        was = one.before.get(labels)
        if _fires(now) and now.value is not None and was is not None and was.value != now.value:
            yield one.rule_id, fingerprint(labels), now.value, one.rule.comparison.upward


def _say(environment_id: int, judged: Iterable[Judged], at: datetime) -> None:
    """What flags and rollouts below may read: red while any series fires or has no data."""
    said = [_verdict(one) for one in judged if one.rule.guard and not one.failure]
    until = at + timedelta(seconds=VERDICT_PERIODS * settings.JUDGE_SECONDS)
    holds.write_all(environment_id=environment_id, said=said, valid_until=until, at=at, actor=trail.ITSELF)


def _verdict(one: Judged) -> holds.Said:
    rule = one.rule
    bad = next((each for each in one.stepped.instances.values() if _fires(each)), None)
    if bad is None:
        return holds.Said(rule.guard, Hold.Verdict.GREEN, f"{rule.key} is well")
    return holds.Said(rule.guard, Hold.Verdict.RED, f"{rule.name}: {_seen(rule, bad)}")


def _key(turn: _Turn) -> tuple[int, UUID]:
    return turn.one.rule_id, fingerprint(turn.transition.labels)


def _fires(one: Instance) -> bool:
    return one.state in (InstanceState.FIRING, InstanceState.NO_DATA)


def _seen(rule: Rule, one: Instance) -> str:
    return "no data" if one.value is None else rule.in_words(one.value)


def _execute(statement: str, given: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
