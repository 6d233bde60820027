"""Segments: lists, names, members per environment."""

from typing import Any

import pytest

from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import Segment
from tests.factories import ACTOR, AT, make_flag, make_segment, state_in
from tests.flags.visit import Visitor, shows

pytestmark = pytest.mark.django_db


def members(segment: Segment) -> list[str]:
    return sorted(segment.members.present().values_list("targeting_key", flat=True))


def sent(lines: str, **fields: Any) -> dict[str, Any]:
    return {"version": 1, "targeting_keys": lines, **fields}


def test_an_empty_project_teaches_the_first_segment(visitor: Visitor) -> None:
    shows(visitor.get("segment-list"), "Create the first segment")


def test_the_list_counts_members_and_names_the_flags(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="internal", members=["a", "b"])
    serve_to(project, "dark", "internal")
    page = visitor.get("segment-list")
    (row,) = page.context["rows"]
    assert [count for _environment, count in row["counts"]] == [0, 0, 2]
    assert row["flags"] == ["dark"]


def test_a_segment_is_created(visitor: Visitor) -> None:
    answer = visitor.post("segment-create", {"key": "internal", "name": "Internal"})
    assert answer.url == visitor.url("segment-detail", key="internal")


@pytest.mark.parametrize(
    ("key", "told"), [("all", "Not `all`"), ("Big One", "lower-case"), ("new", "nor `new`"), ("old", "exists")]
)
def test_a_key_that_cannot_be_is_told(project: Project, visitor: Visitor, key: str, told: str) -> None:
    make_segment(project=project, key="old")
    page = visitor.post("segment-create", {"key": key, "name": "Kept"})
    assert page.status_code == 422
    shows(page, told, 'value="Kept"')


def test_members_are_shown_for_the_environment_of_the_address(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="internal", members=["u-1", "u-2"])
    shows(visitor.get("segment-detail", key="internal"), "2 members in Production", "u-1 u-2")
    shows(Visitor(project, environment="staging").get("segment-detail", key="internal"), "0 members in Staging")


def test_new_members_are_reviewed_before_they_are_set(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="internal", members=["u-1", "u-2"])
    lines = "u-2\r\n\r\n  u-3 \r\nu-3"
    page = visitor.post("segment-detail", sent(lines, version=segment.version), key="internal")
    assert page.status_code == 200
    assert (page.context["added"].keys, page.context["removed"].keys, page.context["count"]) == (["u-3"], ["u-1"], 2)
    assert members(segment) == ["u-1", "u-2"]
    confirmed = sent(lines, version=segment.version, confirmed="1", reason="new colleague")
    assert visitor.post("segment-detail", confirmed, key="internal").status_code == 302
    assert members(segment) == ["u-2", "u-3"]
    assert AuditEntry.objects.filter(kind="flags.members_changed", reason="new colleague").exists()


def test_production_asks_why_at_the_review(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="internal")
    page = visitor.post("segment-detail", sent("u-9", confirmed="1"), key="internal")
    assert page.status_code == 422
    shows(page, "Say why", "u-9")
    assert members(segment) == []


def test_a_line_that_is_too_long_is_named_by_its_number(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="internal")
    page = visitor.post("segment-detail", sent("u-1\nu-2\n" + "x" * 201), key="internal")
    assert page.status_code == 422
    shows(page, "Line 3: a targeting key has at most 200 characters.", "u-1 u-2 xxx")


def test_stale_members_keep_the_input(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="internal")
    services.update_segment(segment_id=segment.pk, fields={"name": "Ours"}, actor=ACTOR, at=AT, expected_version=None)
    page = visitor.post("segment-detail", sent("u-1", confirmed="1", reason="x"), key="internal")
    assert page.status_code == 409
    shows(page, "changed this while you were here", ACTOR.label, "u-1", 'name="version" value="2"')
    assert members(segment) == []


def test_a_segment_can_be_renamed(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="internal")
    data = {"rename": "1", "version": 1, "name": "Staff", "description": "Everybody here"}
    assert visitor.post("segment-detail", data, key="internal").status_code == 302
    segment.refresh_from_db()
    assert (segment.name, segment.description) == ("Staff", "Everybody here")


def test_a_segment_says_where_it_is_used(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="internal")
    serve_to(project, "dark", "internal")
    page = visitor.get("segment-detail", key="internal")
    shows(page, visitor.url("flag-detail", key="dark"), "Production")


def test_an_unknown_segment_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("segment-detail", key="nope").status_code == 404


def test_a_viewer_reads_members_and_cannot_set_them(project: Project) -> None:
    segment = make_segment(project=project, key="internal")
    viewer = Visitor(project, role="Viewer")
    shows(viewer.get("segment-detail", key="internal"), "<fieldset disabled>", "You may look, not change.")
    assert viewer.post("segment-detail", sent("u-1", confirmed="1"), key="internal").status_code == 403
    assert members(segment) == []


def serve_to(project: Project, flag: str, segment: str) -> None:
    state = state_in(make_flag(project=project, key=flag))
    rules = parse_rules([{"id": "r", "when": {"not": {"segment": [segment]}}, "serve": {"variant": "on"}}])
    services.set_state(
        state_id=state.pk, change=Change(rules=rules), actor=ACTOR, reason="x", at=AT, expected_version=None
    )
