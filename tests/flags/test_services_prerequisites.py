"""Flags that wait for others: what is refused before it is saved, also when two save at once."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import Prerequisite
from apps.flags.domain.engine.limits import MAX_PREREQUISITE_DEPTH
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag, FlagState
from apps.flags.services import InvalidFlag
from tests.factories import ACTOR, AT, make_flag, make_project, state_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def wait(flag: Flag, *others: str, variants: tuple[str, ...] = ("on",)) -> FlagState:
    return services.set_state(
        state_id=state_in(flag).pk,
        change=Change(prerequisites=tuple(Prerequisite(other, variants) for other in others)),
        actor=ACTOR,
        reason="tests",
        at=AT,
        expected_version=None,
    )


def refused(flag: Flag, *others: str, **options: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidFlag) as caught:
        wait(flag, *others, **options)
    return caught.value.message_dict


def test_what_a_flag_waits_for_is_kept_and_audited(project: Project) -> None:
    make_flag(project=project, key="base")
    state = wait(make_flag(project=project, key="top"), "base")
    assert state.prerequisites == [{"flag": "base", "variants": ["on"]}]
    assert state.versions.get(valid_to=None).definition["prerequisites"] == state.prerequisites


def test_a_circle_is_refused_with_its_path(project: Project) -> None:
    a, b, c = (make_flag(project=project, key=key) for key in "abc")
    wait(a, "b")
    wait(b, "c")
    assert refused(c, "a") == {"prerequisites[0].flag": ["would wait for each other in a circle: c → a → b → c"]}
    assert state_in(c).version == 1


def test_a_circle_in_another_environment_is_none(project: Project) -> None:
    a, b = (make_flag(project=project, key=key) for key in "ab")
    wait(a, "b")
    services.set_state(
        state_id=state_in(b, "staging").pk,
        change=Change(prerequisites=(Prerequisite("a", ("on",)),)),
        actor=ACTOR,
        reason="tests",
        at=AT,
        expected_version=None,
    )
    assert state_in(b, "staging").version == 2


def test_unknown_flags_and_variants_are_named(project: Project) -> None:
    make_flag(project=project, key="base")
    make_flag(key="elsewhere")
    top = make_flag(project=project, key="top")
    assert refused(top, "elsewhere") == {"prerequisites[0].flag": ["there is no flag 'elsewhere'"]}
    assert refused(top, "base", variants=("on", "blue")) == {
        "prerequisites[0].variants[1]": ["base has no variant 'blue', only on, off"]
    }
    assert refused(top, "top")["prerequisites[0].flag"] == ["a flag cannot wait for itself"]


def test_a_row_may_not_be_longer_than_the_limit(project: Project) -> None:
    flags = [make_flag(project=project, key=f"f{n}") for n in range(MAX_PREREQUISITE_DEPTH + 1)]
    for n in range(1, MAX_PREREQUISITE_DEPTH):
        wait(flags[n], f"f{n - 1}")
    said = f"makes a row of {MAX_PREREQUISITE_DEPTH + 1} flags; at most {MAX_PREREQUISITE_DEPTH} are allowed"
    assert refused(flags[-1], f"f{MAX_PREREQUISITE_DEPTH - 1}") == {"prerequisites[0].flag": [said]}


def test_a_link_in_the_middle_may_not_make_a_row_too_long(project: Project) -> None:
    flags = [make_flag(project=project, key=f"f{n}") for n in range(MAX_PREREQUISITE_DEPTH + 1)]
    for n in (*range(1, 5), *range(6, MAX_PREREQUISITE_DEPTH + 1)):
        wait(flags[n], f"f{n - 1}")
    assert "makes a row of" in refused(flags[5], "f4")["prerequisites[0].flag"][0]


def test_a_variant_that_others_wait_for_stays(project: Project) -> None:
    base = make_flag(project=project, key="base", variants=[("on", True), ("spare", True), ("off", False)])
    wait(make_flag(project=project, key="top"), "base")
    changing: dict[str, Any] = {"flag_id": base.pk, "actor": ACTOR, "at": AT, "expected_version": None, "reason": "x"}
    without_on = {"variants": [("spare", True), ("off", False)]}
    with pytest.raises(ValidationError, match="on cannot go: top wait for it"):
        services.update_flag(fields=without_on, **changing)
    services.update_flag(fields={"variants": [("on", True), ("off", False)]}, **changing)
    assert [variant.key for variant in base.variants.order_by("position")] == ["on", "off"]
