"""Members as files: reviewed before they change anything, refused whole, and downloaded again."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.models import Segment
from tests.factories import ACTOR, AT, make_segment
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def segment(project: Project) -> Segment:
    return make_segment(project=project, key="internal", members=["u-1", "u-2"])


def members(segment: Segment) -> list[str]:
    return sorted(segment.members.present().values_list("targeting_key", flat=True))


def upload(visitor: Visitor, content: str | bytes, *, mode: str = "add", version: int = 2) -> Any:
    body = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("list.csv", body, content_type="text/csv")
    return visitor.post("segment-import", {"version": version, "mode": mode, "file": file}, key="internal")


def confirm(visitor: Visitor, review: Any, reason: str) -> Any:
    """What the review's form sends."""
    form = review.context["form"]
    fields = {name: form[name].value() for name in ("version", "mode", "targeting_keys")}
    return visitor.post("segment-detail", {**fields, "confirmed": "1", "reason": reason}, key="internal")


@pytest.mark.parametrize(
    ("mode", "told", "left"),
    [
        ("add", "<strong>1</strong> join, <strong>0</strong> leave.", ["u-1", "u-2", "u-3"]),
        ("remove", "<strong>0</strong> join, <strong>1</strong> leave.", ["u-1"]),
        ("replace", "<strong>1</strong> join, <strong>1</strong> leave.", ["u-2", "u-3"]),
    ],
)
def test_a_file_is_reviewed_and_then_applied(
    visitor: Visitor, segment: Segment, mode: str, told: str, left: list[str]
) -> None:
    review = upload(visitor, "name,id\nAnn,u-2\nBob,u-3\n", mode=mode)
    assert review.status_code == 200
    shows(review, told)
    assert members(segment) == ["u-1", "u-2"]
    assert confirm(visitor, review, "new list").status_code == 302
    assert members(segment) == left


def test_the_review_asks_why_in_production_and_keeps_the_list(visitor: Visitor, segment: Segment) -> None:
    page = confirm(visitor, upload(visitor, "u-3\n"), "")
    assert page.status_code == 422
    shows(page, "Say why", 'name="mode" value="add"', "<strong>1</strong> join")
    assert confirm(visitor, page, "now").status_code == 302
    assert members(segment) == ["u-1", "u-2", "u-3"]


def test_bad_lines_are_told_and_nothing_is_taken(visitor: Visitor, segment: Segment) -> None:
    page = upload(visitor, "id,name\n" + "u-3\n" * 25)
    assert page.status_code == 422
    shows(page, "Line 2: has 1 columns", "Line 21: has 1 columns", "5 more lines are bad.")
    assert "Line 22:" not in text(page)
    assert members(segment) == ["u-1", "u-2"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("ä\n".encode("latin-1"), "The file is not UTF-8."),
        (b"u" * 5_000_001, "larger than 5 MB"),
        (b"", "The submitted file is empty."),
    ],
)
def test_what_is_no_such_file_is_told(visitor: Visitor, segment: Segment, content: bytes, told: str) -> None:
    page = upload(visitor, content)
    assert page.status_code == 422
    shows(page, told)


def test_who_was_overtaken_reviews_the_list_against_the_members_of_now(visitor: Visitor, segment: Segment) -> None:
    review = upload(visitor, "u-3\nu-4\n")
    services.set_members(
        segment_id=segment.pk,
        environment_id=visitor_environment(segment),
        targeting_keys=["u-3"],
        actor=ACTOR,
        reason="x",
        at=AT,
        expected_version=None,
    )
    page = confirm(visitor, review, "late")
    assert page.status_code == 409
    shows(page, "changed this while you were here", ACTOR.label, "<strong>1</strong> join", 'value="3"')
    assert confirm(visitor, page, "late").status_code == 302
    assert members(segment) == ["u-3", "u-4"]


def test_a_long_list_names_some_and_counts_the_rest(visitor: Visitor, segment: Segment) -> None:
    review = upload(visitor, "\n".join(f"v-{n:04}" for n in range(500)))
    shows(review, "<strong>500</strong> join", "v-0199", "and 300 more join")
    assert "v-0200</ins>" not in text(review)


def test_a_hundred_thousand_members_are_imported_and_audited_by_their_number(
    visitor: Visitor, segment: Segment
) -> None:
    keys = [f"00000000-0000-4000-8000-{n:012}" for n in range(100_000)]
    review = upload(visitor, "\n".join(keys), mode="replace")
    shows(review, "<strong>100,000</strong> join, <strong>2</strong> leave.")
    assert confirm(visitor, review, "everybody").status_code == 302
    assert segment.members.present().count() == 100_000
    entry = AuditEntry.objects.latest("id")
    assert entry.changes == {"added": [None, "100,000 members"], "removed": [["u-1", "u-2"], None]}
    one_more = confirm(visitor, upload(visitor, "u-1", version=3), "one more")
    assert one_more.status_code == 422
    shows(one_more, "at most 100,000 members")


def test_the_download_is_a_file_that_can_be_imported(visitor: Visitor, segment: Segment) -> None:
    confirm(visitor, upload(visitor, "'=1+1"), "odd one")
    file = visitor.get("segment-export", key="internal")
    assert file["Content-Disposition"] == 'attachment; filename="internal-production.csv"'
    assert file.content == b'"targeting_key"\r\n"\'=1+1"\r\n"u-1"\r\n"u-2"\r\n'
    again = upload(visitor, file.content, mode="replace", version=3)
    shows(again, "Nothing changes: these are the members already.")


def test_a_viewer_downloads_and_does_not_import(project: Project, segment: Segment) -> None:
    viewer = Visitor(project, role="Viewer")
    assert viewer.get("segment-export", key="internal").status_code == 200
    assert viewer.get("segment-import", key="internal").status_code == 403
    assert upload(viewer, "u-3").status_code == 403


def visitor_environment(segment: Segment) -> int:
    return segment.project.environments.get(key="production").pk
