"""Warnings about variables that were meant to lock a flag and do not."""

from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from apps.flags.checks import locks
from apps.flags.domain.engine.definitions import FlagType
from tests.factories import make_flag

pytestmark = pytest.mark.django_db


def warned(settings: Any, **variables: str) -> list[tuple[str | None, str]]:
    settings.FEATURE_LOCKS = {f"PULSEOPS_FEATURE_{name}": value for name, value in variables.items()}
    return [(warning.id, warning.msg) for warning in locks(None, databases=["default"])]


def test_a_variable_that_locks_a_flag_is_fine(settings: Any) -> None:
    make_flag(key="aiSummarization")
    make_flag(key="limit", type=FlagType.INTEGER)
    assert warned(settings, AI_SUMMARIZATION="off", LIMIT="7") == []


def test_a_variable_without_a_flag_is_named(settings: Any) -> None:
    (found,) = warned(settings, AI_SUMARIZATION="off")
    assert found[0] == "flags.W001"
    assert "PULSEOPS_FEATURE_AI_SUMARIZATION" in found[1]


def test_a_value_that_cannot_be_read_is_named_with_its_flag(settings: Any) -> None:
    flag = make_flag(key="limit", type=FlagType.INTEGER)
    (found,) = warned(settings, LIMIT="lots")
    assert found[0] == "flags.W002"
    assert f"{flag.project}/limit" in found[1]


def test_the_check_asks_the_database_only_when_databases_are_checked(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_NOTHING": "on"}
    with django_assert_num_queries(0):
        assert not [warning for warning in run_checks() if warning.id == "flags.W001"]
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert [warning.id for warning in found] == ["flags.W001"]
