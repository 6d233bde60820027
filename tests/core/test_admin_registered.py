"""What holds for every table in the admin."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import approvals as core_approvals
from apps.core.admin_ui import CappedPaginator, PulseAdmin
from apps.core.models import AuditEntry, Project
from tests.core.visit import visit
from tests.factories import ACTOR, AT, make_approver, make_everything, make_key, make_project, make_user

pytestmark = pytest.mark.django_db


def ours() -> list[type[models.Model]]:
    """But those with a composite key, which Django's admin cannot show; they have pages of their own."""
    models_of_ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    return [model for model in models_of_ours if not model._meta.is_composite_pk]


def registered() -> Iterator[tuple[type[models.Model], Any]]:
    yield from admin.site._registry.items()


def test_every_table_of_ours_is_in_the_admin() -> None:
    assert [model for model in ours() if model not in admin.site._registry] == []


def test_nothing_in_the_admin_bypasses_the_services() -> None:
    others = [model for model, of in registered() if not isinstance(of, PulseAdmin) and "axes" not in model.__module__]
    assert others == []


def test_no_list_offers_actions_on_many_rows_at_once() -> None:
    request = RequestFactory().get("/")
    request.user = make_user(role="Administrator")
    for model, of in registered():
        if isinstance(of, PulseAdmin):
            assert of.get_actions(request) == {}, model


def test_nothing_is_deleted_in_the_admin() -> None:
    row = make_project()
    client = visit()
    assert client.get(reverse("admin:core_project_delete", args=[row.pk])).status_code == 403
    assert client.post(reverse("admin:core_project_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert Project.objects.filter(pk=row.pk).exists()


def test_lists_use_no_widget_that_keyboards_or_screen_readers_cannot_work() -> None:
    for model, of in registered():
        if isinstance(of, PulseAdmin):
            assert not of.autocomplete_fields, model
            assert not of.filter_horizontal, model
            assert not of.list_editable, model
            assert not of.inlines, model


def everything() -> None:
    """One row of every table, so that lists and single rows have something to show."""
    core_approvals.vote(request_id=make_everything().request.pk, actor=make_approver()[1], approves=True, at=AT)


@pytest.fixture(scope="module")
def furnished(passing_rows: Any) -> Iterator[None]:
    with passing_rows():
        everything()
        yield


@pytest.mark.parametrize("model", ours(), ids=lambda model: model.__name__)
@pytest.mark.usefixtures("furnished")
def test_every_list_opens(model: type[models.Model]) -> None:
    client = visit()
    answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), follow=True)
    may = admin.site._registry[model].has_view_permission(answer.wsgi_request)
    assert answer.status_code == (200 if may else 403)


@pytest.mark.parametrize("model", ours(), ids=lambda model: model.__name__)
@pytest.mark.usefixtures("furnished")
def test_every_row_and_its_history_open(model: type[models.Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    client = visit()
    client.force_login(make_superuser(), backend="django.contrib.auth.backends.ModelBackend")
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    for page in ("change", "history"):
        assert client.get(reverse(f"{name}_{page}", args=[row.pk]), follow=True).status_code == 200


def make_superuser() -> Any:
    user = make_user()
    user.is_superuser = True
    user.save()
    return user


@pytest.fixture(scope="module")
def asked(passing_rows: Any) -> dict[type[models.Model], tuple[int, int]]:
    """How many queries each list takes, when it is short and when it is long."""
    with passing_rows():
        client = visit()
        client.force_login(make_superuser(), backend="django.contrib.auth.backends.ModelBackend")

        def queries(model: type[models.Model]) -> int:
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address, follow=True).status_code == 200, model
            return len(captured)

        for _set in range(2):
            everything()
        for model in ours():
            queries(model)  # the first time fills caches
        few = {model: queries(model) for model in ours()}
        for _set in range(3):
            everything()
        return {model: (few[model], queries(model)) for model in ours()}


@pytest.mark.parametrize("model", ours(), ids=lambda model: model.__name__)
def test_longer_lists_ask_the_database_no_more_often(
    asked: dict[type[models.Model], tuple[int, int]], model: type[models.Model]
) -> None:
    few, many = asked[model]
    assert many <= few


def test_counting_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CappedPaginator, "LIMIT", 3)
    project = make_project()
    for _n in range(5):
        make_key(project=project, management=True)
    paginator = CappedPaginator(AuditEntry.objects.order_by("id"), 2)
    assert paginator.count == 3
    assert paginator.capped
    text = visit().get(reverse("admin:core_auditentry_changelist")).content.decode()
    assert "More than 3" in text


def test_history_of_a_row_is_its_audit_trail() -> None:
    project = make_project(key="shop")
    text = visit().get(reverse("admin:core_project_history", args=[project.pk])).content.decode()
    assert "created the project" in text
    assert ACTOR.label in text
