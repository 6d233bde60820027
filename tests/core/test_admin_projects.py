"""Projects and environments in the admin: through the services, nothing lost."""

import pytest
from django.urls import reverse

from apps.core import services
from apps.core.models import AuditEntry, Environment, Project
from tests.core.visit import visit
from tests.factories import ACTOR, AT, make_project

pytestmark = pytest.mark.django_db


def test_new_project_comes_with_environments_and_leads_to_its_overview() -> None:
    answer = visit().post(reverse("admin:core_project_add"), {"name": "Shop", "key": "shop"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/p/shop/production/"
    assert Environment.objects.filter(project__key="shop").count() == 3


def test_creation_is_in_the_trail_under_the_persons_name() -> None:
    client = visit()
    client.post(reverse("admin:core_project_add"), {"name": "Shop", "key": "shop"})
    entry = AuditEntry.objects.get(kind="core.project_created")
    assert entry.actor_kind == "USER"
    assert entry.actor_label.startswith("person-")


def test_taken_key_is_said_at_the_field_and_nothing_typed_is_lost() -> None:
    make_project(key="shop")
    answer = visit().post(reverse("admin:core_project_add"), {"name": "Second shop", "key": "shop"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "already exists" in text
    assert 'value="Second shop"' in text
    assert Project.objects.count() == 1


def test_key_that_fits_no_address_is_refused() -> None:
    answer = visit().post(reverse("admin:core_project_add"), {"name": "Shop", "key": "My Shop"})
    assert "lower-case letters" in answer.content.decode()
    assert Project.objects.count() == 0


def change(project: Project, **fields: object) -> dict[str, object]:
    return {"name": project.name, "description": project.description, "version": project.version} | fields


def test_change_goes_through_the_service_with_its_reason() -> None:
    project = make_project(name="Shop")
    sent = change(project, name="Store", reason="new brand")
    visit().post(reverse("admin:core_project_change", args=[project.pk]), sent)
    project.refresh_from_db()
    assert (project.name, project.version) == ("Store", 2)
    entry = AuditEntry.objects.get(kind="core.project_changed")
    assert entry.reason == "new brand"
    assert entry.changes == {"name": ["Shop", "Store"]}


def test_stale_form_keeps_the_input_and_saves_on_the_second_try() -> None:
    project = make_project(name="Shop")
    stale = change(project, name="Store")
    services.update_project(
        project_id=project.pk, fields={"description": "by somebody else"}, actor=ACTOR, at=AT, expected_version=1
    )
    client = visit()
    address = reverse("admin:core_project_change", args=[project.pk])
    answer = client.post(address, stale)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody changed this" in text
    assert 'value="Store"' in text
    assert 'name="version" value="2"' in text
    assert client.post(address, stale | {"version": 2}).status_code == 302
    assert Project.objects.get().name == "Store"


def test_viewer_sees_a_project_without_a_form() -> None:
    project = make_project(name="Shop")
    client = visit("Viewer")
    address = reverse("admin:core_project_change", args=[project.pk])
    text = client.get(address).content.decode()
    assert "Shop" in text
    assert 'name="name"' not in text
    client.post(address, change(project, name="Store"))
    assert Project.objects.get().name == "Shop"


def test_viewer_may_not_add_a_project() -> None:
    client = visit("Viewer")
    assert client.get(reverse("admin:core_project_add")).status_code == 403
    assert client.post(reverse("admin:core_project_add"), {"name": "x", "key": "x"}).status_code == 403


def test_operator_adds_and_changes_environments() -> None:
    project = make_project()
    client = visit("Operator")
    fields = {
        "project": project.pk,
        "name": "EU",
        "key": "eu",
        "kind": "PRODUCTION",
        "protected": "on",
        "position": 4,
        "required_approvals": 2,
    }
    assert client.post(reverse("admin:core_environment_add"), fields).status_code == 302
    row = Environment.objects.get(key="eu")
    assert (row.protected, row.required_approvals) == (True, 2)
    fields = {"name": "Europe", "kind": "PRODUCTION", "position": 4, "required_approvals": 0, "version": 1}
    client.post(reverse("admin:core_environment_change", args=[row.pk]), fields)
    row.refresh_from_db()
    assert (row.name, row.protected, row.version) == ("Europe", False, 2)


def test_unknown_row_is_not_found() -> None:
    assert visit().get(reverse("admin:core_project_change", args=[999])).status_code == 404
