"""The audit trail in the admin: filters, differences, seals."""

import pytest
from django.urls import reverse

from apps.core import sealer
from apps.core.models import AuditEntry
from apps.flags.models import Flag
from tests.core.visit import visit
from tests.factories import make_flag, make_project, state_in

pytestmark = pytest.mark.django_db
LIST = "admin:core_auditentry_changelist"


def listed(**query: str | int) -> str:
    return visit("Viewer").get(reverse(LIST), query).content.decode()


def test_entries_are_narrowed_by_kind() -> None:
    make_flag(key="checkout", killed=True)
    assert "checkout in production" in listed(kind="flags.killed")
    assert "created the project" not in listed(kind="flags.killed").split("<tbody>")[1]


def test_entries_are_narrowed_by_project() -> None:
    one, two = make_project(key="one"), make_project(key="two")
    make_flag(project=one, key="in-one")
    make_flag(project=two, key="in-two")
    text = listed(project__id__exact=one.pk)
    assert "in-one" in text
    assert "in-two" not in text


def test_entries_are_narrowed_by_environment_and_actor() -> None:
    flag = make_flag(killed=True)
    environment = state_in(flag).environment
    assert f"{flag.key} in production" in listed(environment=environment.pk, actor="SYSTEM")
    assert "Nothing matches" in listed(environment=environment.pk, actor="KEY")


def test_seal_state_is_shown() -> None:
    make_project()
    assert ">Waiting</span>" in listed()
    sealer.seal()
    assert ">Waiting</span>" not in listed()
    entry = AuditEntry.objects.order_by("id").first()
    assert entry is not None
    text = visit("Viewer").get(reverse("admin:core_auditentry_change", args=[entry.pk])).content.decode()
    assert "link 1 of the chain" in text


def test_entry_shows_before_and_after() -> None:
    make_flag(key="checkout", on=True)
    entry = AuditEntry.objects.filter(kind="flags.state_changed").first()
    assert entry is not None
    text = visit("Viewer").get(reverse("admin:core_auditentry_change", args=[entry.pk])).content.decode()
    assert '<del class="diff-del">' in text
    assert '<ins class="diff-add">' in text


def test_trail_cannot_be_changed_by_anybody() -> None:
    make_project()
    entry = AuditEntry.objects.first()
    assert entry is not None
    client = visit()
    assert client.get(reverse("admin:core_auditentry_add")).status_code == 403
    client.post(reverse("admin:core_auditentry_change", args=[entry.pk]), {"reason": "changed"})
    entry.refresh_from_db()
    assert entry.reason == ""


def test_links_of_the_trail_lead_to_the_flag_in_its_environment() -> None:
    flag = make_flag(key="checkout", killed=True)
    state = state_in(flag)
    client = visit("Viewer")
    answer = client.get(reverse("admin:flags_flagstate_change", args=[state.pk]))
    assert answer.headers["Location"] == f"/admin/p/{flag.project.key}/production/flags/checkout/"
    answer = client.get(reverse("admin:flags_flag_change", args=[flag.pk]))
    assert answer.headers["Location"] == f"/admin/p/{flag.project.key}/production/flags/checkout/"


def test_list_of_flags_in_the_admin_is_our_own_page() -> None:
    project = make_flag().project
    answer = visit("Viewer").get(reverse("admin:flags_flag_changelist"))
    assert answer.headers["Location"] == f"/admin/p/{project.key}/production/flags/"


def test_without_a_project_the_list_of_flags_leads_to_the_first_step() -> None:
    assert not Flag.objects.exists()
    assert visit().get(reverse("admin:flags_flag_changelist")).headers["Location"] == "/admin/"
