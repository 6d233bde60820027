"""Segments by rule: what is kept, refused and published, and that two changes at once close no circle."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from apps.core.models import AuditEntry, Project
from apps.core.services import ReasonMissing
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.limits import MAX_SEGMENT_DEPTH
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.live.rulesets import Rulesets
from apps.flags.models import FlagState, Ruleset, Segment
from apps.flags.selectors import overview
from apps.flags.services import InvalidFlag
from tests.factories import ACTOR, AT, make_flag, make_project, make_segment, state_in

pytestmark = pytest.mark.django_db
GERMANS = {"attr": ["country"], "op": "in", "value": ["DE"]}


@pytest.fixture
def project() -> Project:
    return make_project()


def names(*keys: str) -> dict[str, Any]:
    return {"segment": list(keys)}


def set_rule(segment: Segment, rule: object, *, reason: str = "why", version: int | None = None) -> Segment:
    fields = {"rule": rule}
    return services.update_segment(
        segment_id=segment.pk, fields=fields, actor=ACTOR, at=AT, expected_version=version, reason=reason
    )


def problems(segment: Segment, rule: object) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        set_rule(segment, rule)
    return dict(refused.value.message_dict)


def versions(project: Project) -> dict[str, int]:
    rows = Ruleset.objects.filter(environment__project=project)
    return dict(rows.values_list("environment__key", "version"))


def serve_to(project: Project, segment: str, *, key: str = "dark") -> FlagState:
    rules = parse_rules([{"id": "r", "when": names(segment), "serve": {"variant": "on"}}])
    change = Change(status=FlagStatus.ON, rules=rules, default_variant="off")
    state = state_in(make_flag(project=project, key=key))
    return services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="x", at=AT, expected_version=None)


def test_a_rule_is_kept_in_one_spelling_audited_and_published_everywhere(project: Project) -> None:
    segment, before = make_segment(project=project, key="germans"), versions(project)
    changed = set_rule(segment, {"attr": ["country"], "op": "eq", "value": "DE", "if_missing": False}, version=1)
    assert (changed.rule, changed.version) == (GERMANS, 2)
    assert versions(project) == {environment: version + 1 for environment, version in before.items()}
    entry = AuditEntry.objects.get(kind="flags.segment_changed")
    assert (entry.changes, entry.reason) == ({"rule": [None, GERMANS]}, "why")


def test_a_new_segment_may_bring_its_rule(project: Project) -> None:
    make_segment(project=project, key="germans")
    segment = services.create_segment(
        project_id=project.pk, key="more", name="More", rule=names("germans"), actor=ACTOR, at=AT
    )
    assert Segment.objects.get(pk=segment.pk).rule == names("germans")
    with pytest.raises(ValidationError, match="self → self"):
        services.create_segment(project_id=project.pk, key="self", name="S", rule=names("self"), actor=ACTOR, at=AT)


def test_a_rule_reaches_users_and_its_removal_too(project: Project) -> None:
    segment = make_segment(project=project, key="germans")
    state = serve_to(project, "germans")
    live = Rulesets()

    def value() -> object:
        live.refresh({})
        compiled = live.get(state.environment_id)
        outcome = compiled and compiled.evaluate("dark", {"targetingKey": "u", "country": "DE"}, AT.timestamp())
        return outcome and outcome.value

    assert value() is False
    set_rule(segment, GERMANS)
    assert value() is True
    set_rule(segment, None)
    assert value() is False


def test_the_same_rule_again_changes_nothing(project: Project) -> None:
    segment = make_segment(project=project, rule=GERMANS)
    before = versions(project)
    assert set_rule(segment, GERMANS).version == 1
    assert versions(project) == before


def test_a_name_publishes_nothing_and_needs_no_reason(project: Project) -> None:
    segment, before = make_segment(project=project, rule=GERMANS), versions(project)
    fields = {"name": "New"}
    services.update_segment(segment_id=segment.pk, fields=fields, actor=ACTOR, at=AT, expected_version=None)
    assert versions(project) == before
    assert Segment.objects.get(pk=segment.pk).rule == GERMANS


def test_a_protected_environment_asks_why(project: Project) -> None:
    segment = make_segment(project=project)
    with pytest.raises(ReasonMissing):
        set_rule(segment, GERMANS, reason=" ")
    project.environments.update(protected=False)
    assert set_rule(segment, GERMANS, reason="").rule == GERMANS


@pytest.mark.parametrize(
    ("rule", "path", "told"),
    [
        ({"every": []}, "rule", "must be an object"),
        ({"all": [GERMANS, {"attr": [], "op": "exists"}]}, "rule.all[1].attr", "entries"),
        ({"any": [GERMANS, names("germans")]}, "rule.any[1].segment[0]", "did you mean german-people?"),
        (names("gone"), "rule.segment[0]", "there is no segment 'gone'"),
        (names("here"), "rule", "here → here"),
        ({"not": names("german-people", "here")}, "rule", "here → here"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_at_its_place(project: Project, rule: object, path: str, told: str) -> None:
    make_segment(project=project, key="german-people")
    segment = make_segment(project=project, key="here")
    found = problems(segment, rule)
    assert list(found) == [path]
    assert told in found[path][0]
    segment.refresh_from_db()
    assert (segment.rule, segment.version) == (None, 1)


def test_segments_of_another_project_are_unknown(project: Project) -> None:
    make_segment(key="elsewhere")
    assert "rule.segment[0]" in problems(make_segment(project=project), names("elsewhere"))


def test_everyone_needs_no_definition(project: Project) -> None:
    assert set_rule(make_segment(project=project), names("all")).rule == names("all")


def test_a_circle_is_told_with_its_path(project: Project) -> None:
    a = make_segment(project=project, key="a")
    make_segment(project=project, key="b", rule=names("a"))
    make_segment(project=project, key="c", rule={"not": names("b")})
    assert problems(a, {"any": [GERMANS, names("c")]}) == {
        "rule": ["segments would name each other in a circle: a → c → b → a"]
    }


def test_a_row_may_be_so_long_and_not_longer_at_whichever_end_it_grows(project: Project) -> None:
    make_segment(project=project, key="s1")
    for n in range(2, MAX_SEGMENT_DEPTH + 1):
        make_segment(project=project, key=f"s{n}", rule=names(f"s{n - 1}"))
    longest = names(f"s{MAX_SEGMENT_DEPTH}")
    assert "a row of 6 segments" in problems(make_segment(project=project), longest)["rule"][0]
    below = make_segment(project=project, key="below")
    assert "a row of 6 segments" in problems(Segment.objects.get(project=project, key="s1"), names("below"))["rule"][0]
    set_rule(below, names(f"s{MAX_SEGMENT_DEPTH - 1}"))


def test_a_flag_may_not_name_a_segment_that_is_not_there(project: Project) -> None:
    make_segment(project=project, key="beta-testers")
    with pytest.raises(InvalidFlag) as refused:
        serve_to(project, "beta-tester")
    told = "there is no segment 'beta-tester'; did you mean beta-testers?"
    assert refused.value.message_dict == {"rules[0].when.segment[0]": [told]}


def test_rules_from_before_do_not_stand_in_the_way_of_a_kill(project: Project) -> None:
    make_segment(project=project, key="beta")
    state = serve_to(project, "beta")
    rules = [{"id": "r", "when": names("gone"), "serve": {"variant": "on"}}]
    FlagState.objects.filter(pk=state.pk).update(rules=rules)
    assert services.kill(state_id=state.pk, actor=ACTOR, reason="", at=AT).status == "KILLED"


def test_segments_that_name_a_segment_count_as_its_uses(project: Project) -> None:
    make_segment(project=project, key="germans", rule=GERMANS)
    make_segment(project=project, key="europeans", rule={"any": [names("germans"), GERMANS]})
    serve_to(project, "europeans")
    uses = overview.segment_uses(project)
    assert [use.key for use in uses["germans"].segments] == ["europeans"]
    assert uses["germans"].states == []
    assert [state.flag.key for state in uses["europeans"].states] == ["dark"]


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_close_no_circle() -> None:
    project = make_project()
    a, b = make_segment(project=project, key="a"), make_segment(project=project, key="b")
    start, refused = Barrier(2), list[str]()

    def change(segment: Segment, other: str) -> None:
        try:
            start.wait(10)
            set_rule(segment, names(other))
        except ValidationError as error:
            refused.append(str(error))
        finally:
            connections.close_all()

    threads = [Thread(target=change, args=args) for args in ((a, "b"), (b, "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert "circle" in refused[0]
    assert Segment.objects.filter(project=project, rule__isnull=False).count() == 1
