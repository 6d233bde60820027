"""A project, somebody who may change its flags, and a flag. A module whose tests need another overrides it."""

import pytest

from apps.core.models import Project
from apps.flags.models import FlagState
from tests.factories import make_flag, make_project, state_in
from tests.flags.visit import Visitor


@pytest.fixture
def project(db: None) -> Project:
    return make_project(key="shop")


@pytest.fixture
def visitor(project: Project) -> Visitor:
    return Visitor(project)


@pytest.fixture
def state(project: Project) -> FlagState:
    """The flag "dark", off everywhere."""
    return state_in(make_flag(project=project, key="dark"))
