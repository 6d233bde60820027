"""A flag is archived at the moment somebody changes it, or makes another one wait for it: one of the two gives way."""

from functools import partial

import pytest

from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus, Prerequisite
from apps.flags.domain.transitions import Change, FlagIsArchived
from apps.flags.models import Flag
from tests.factories import ACTOR, AT, make_flag, make_project, state_in
from tests.flows.at_once import at_once
from tests.flows.test_creating_at_once import ROUNDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


def archive(flag: Flag) -> object:
    return services.archive_flag(flag_id=flag.pk, actor=ACTOR, reason="gone", at=AT, expected_version=None)


def change(flag: Flag, wanted: Change) -> object:
    pk = state_in(flag).pk
    return services.set_state(state_id=pk, change=wanted, actor=ACTOR, reason="x", at=AT, expected_version=None)


def test_nothing_changes_after_the_flag_was_archived(project: Project) -> None:
    for _number in range(ROUNDS):
        flag = make_flag(project=project)
        raised = at_once(partial(archive, flag), partial(change, flag, Change(status=FlagStatus.ON)))
        assert [type(error) for error in raised] in ([], [FlagIsArchived])
        assert AuditEntry.objects.latest("id").kind == "flags.flag_archived"
        assert state_in(flag).version == (1 if raised else 2)


def test_no_flag_is_left_waiting_for_an_archived_one(project: Project) -> None:
    for number in range(ROUNDS):
        base, late = make_flag(project=project, key=f"base-{number}"), make_flag(project=project)
        waits = Change(status=FlagStatus.ON, prerequisites=(Prerequisite(base.key, ("on",)),))
        (refused,) = at_once(partial(archive, base), partial(change, late, waits))
        assert isinstance(refused, services.FlagIsNeeded | services.InvalidFlag), refused
