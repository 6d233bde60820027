"""Many people change the same flags at once: nothing is lost, doubled or out of order."""

import random
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import audit, clock, sealer
from apps.core.models import AuditEntry
from apps.core.services import StaleVersion
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change, FlagIsKilled, FlagIsNotKilled, NothingToChange
from apps.flags.live.rulesets import Rulesets
from apps.flags.models import FlagState, FlagStateVersion, Ruleset
from tests.factories import ACTOR, AT, make_flag, make_project, state_in
from tests.scale import scaled

PEOPLE = 4
CHANGES_EACH = scaled(short=25, long=2_500)
REFUSED = (NothingToChange, FlagIsKilled, FlagIsNotKilled, StaleVersion, FlagStateVersion.DoesNotExist)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_storm_of_changes_leaves_one_consistent_history() -> None:
    project = make_project()
    states = [state_in(make_flag(project=project)) for _ in range(3)]
    published = Ruleset.objects.get(pk=states[0].environment_id).version
    counts = [0] * PEOPLE

    def person(number: int) -> None:
        dice = random.Random(number)
        try:
            for _ in range(CHANGES_EACH):
                counts[number] += _one_change(dice, dice.choice(states).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=person, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    environment_id = states[0].environment_id
    assert sum(counts) > 0
    assert Ruleset.objects.get(pk=environment_id).version == published + sum(counts)
    for state in FlagState.objects.filter(environment_id=environment_id):
        assert _has_gapless_history(state)
    while sealer.seal():
        pass
    verdict = audit.verify()
    assert (verdict.sealed, verdict.unsealed, verdict.problem) == (AuditEntry.objects.count(), 0, None)
    assert _served(environment_id) == _stored(environment_id)


def _one_change(dice: random.Random, state_id: int) -> int:
    """One random change; returns whether it was accepted."""
    late = timedelta(
        milliseconds=dice.randint(0, 50)
    )  # a person's clock stops when they press, not when it is their turn
    who: dict[str, Any] = {"state_id": state_id, "actor": ACTOR, "reason": "storm", "at": clock.now() - late}
    status = dice.choice([FlagStatus.ON, FlagStatus.OFF])
    actions = [
        lambda: services.set_state(change=Change(status=status), expected_version=None, **who),
        lambda: services.set_state(change=Change(status=status), expected_version=dice.randint(1, 40), **who),
        lambda: services.kill(**who),
        lambda: services.lift_kill(status=status, expected_version=None, **who),
        lambda: services.revert(to_version=dice.randint(1, 20), expected_version=None, **who),
    ]
    try:
        dice.choice(actions)()
    except REFUSED:
        return 0
    return 1


def _has_gapless_history(state: FlagState) -> bool:
    rows = list(FlagStateVersion.objects.filter(state=state).order_by("number"))
    numbers = [row.number for row in rows]
    starts, ends = [row.valid_from for row in rows], [row.valid_to for row in rows]
    return numbers == list(range(1, state.version + 1)) and ends == [*starts[1:], None] and starts == sorted(starts)


def _stored(environment_id: int) -> dict[str, str]:
    states = FlagState.objects.filter(environment_id=environment_id).select_related("flag")
    return {state.flag.key: state.default_variant if state.status == "ON" else state.off_variant for state in states}


def _served(environment_id: int) -> dict[str, str | None]:
    rulesets = Rulesets()
    rulesets.refresh({})
    compiled = rulesets.get(environment_id)
    assert compiled is not None
    return {outcome.key: outcome.variant for outcome in compiled.evaluate_all({"targetingKey": "u-1"}, AT.timestamp())}
