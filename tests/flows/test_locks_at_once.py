"""Changes at once that need the same rows: each waits for the other's end, and then sees what it did."""

from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import Prerequisite
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag
from apps.flags.services import InvalidFlag
from tests.factories import ACTOR, AT, ask_for_approvals, make_flag, make_project, make_segment, state_in
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8
SIGNED: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": AT, "expected_version": None}
EUROPE = {"attr": ["country"], "op": "in", "value": ["DE"]}


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


def wait(flag: Flag, other: Flag, variant: str) -> object:
    waits = Change(prerequisites=(Prerequisite(other.key, (variant,)),))
    return services.set_state(state_id=state_in(flag).pk, change=waits, **SIGNED)


def update(flag: Flag, **fields: Any) -> object:
    return services.update_flag(flag_id=flag.pk, fields=fields, **SIGNED)


def test_no_flag_is_left_waiting_for_a_variant_that_is_gone(project: Project) -> None:
    for _ in range(ROUNDS):
        base, late = make_flag(project=project), make_flag(project=project)
        variants = [("on", True), ("off", False)]
        update(base, variants=[*variants, ("late", True)])
        raised = at_once(partial(update, base, variants=variants), partial(wait, late, base, "late"))
        assert [type(error) for error in raised] in ([ValidationError], [InvalidFlag]), raised


def test_a_segment_is_renamed_while_its_rule_is_proposed(project: Project) -> None:
    ask_for_approvals(project.environments.get(key="production"))
    segment = make_segment(project=project)
    propose = partial(
        services.propose,
        kind="flags.segment_change",
        subject_id=segment.pk,
        environment_id=None,
        patch={"rule": EUROPE},
        **SIGNED,
    )
    for number in range(ROUNDS):
        rename = partial(services.update_segment, segment_id=segment.pk, fields={"name": f"n{number}"}, **SIGNED)
        assert at_once(rename, propose) == []
