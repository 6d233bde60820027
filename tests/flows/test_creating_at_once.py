"""Two people create at the same moment: one key is one object, and every flag has a state in every environment."""

from collections.abc import Callable
from functools import partial
from itertools import product

import pytest
from django.core.exceptions import ValidationError

from apps.core import services as core
from apps.core.models import Project
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.models import Flag, FlagState
from tests.factories import ACTOR, AT, make_project
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def create_flag(project: Project, key: str) -> Flag:
    fields = flags.FlagFields(key=key, name="It", type=FlagType.BOOLEAN)
    return flags.create_flag(project_id=project.pk, fields=fields, actor=ACTOR, at=AT)


def create_environment(project: Project, key: str) -> object:
    return core.create_environment(project_id=project.pk, key=key, name=key.title(), kind="STAGING", actor=ACTOR, at=AT)


@pytest.mark.parametrize("create", [create_flag, create_environment])
def test_of_two_with_one_key_one_is_told_that_it_is_taken(create: Callable[[Project, str], object]) -> None:
    project = make_project()
    for number in range(ROUNDS):
        key = f"it-{number}"
        (refused,) = at_once(partial(create, project, key), partial(create, project, key))
        assert isinstance(refused, ValidationError), refused


def test_of_two_projects_with_one_key_one_is_told_that_it_is_taken() -> None:
    for number in range(ROUNDS):
        create = partial(core.create_project, key=f"it-{number}", name="It", actor=ACTOR, at=AT)
        (refused,) = at_once(create, create)
        assert isinstance(refused, ValidationError), refused
    assert Project.objects.count() == ROUNDS


def test_every_flag_has_a_state_in_every_environment_whichever_came_first() -> None:
    project = make_project()
    for number in range(ROUNDS):
        raised = at_once(
            partial(create_flag, project, f"flag-{number}"),
            partial(create_environment, project, f"env-{number}"),
        )
        assert raised == []
    pairs = FlagState.objects.values_list("flag__key", "environment__key")
    keys = Flag.objects.values_list("key", flat=True)
    environments = project.environments.values_list("key", flat=True)
    assert set(pairs) == set(product(keys, environments))
