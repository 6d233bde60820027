"""Who may open and send which page about flags."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.core.models import Project
from apps.flags.models import FlagState
from tests.factories import make_flag, make_project, make_segment, state_in
from tests.flags.visit import Visitor, shows

pytestmark = pytest.mark.django_db

READ = [
    ("flag-list", {}),
    ("flag-detail", {"key": "dark"}),
    ("flag-version", {"key": "dark", "number": 1}),
    ("rollout-list", {}),
    ("segment-list", {}),
    ("segment-detail", {"key": "internal"}),
    ("approval-list", {}),
]
CHANGE = [
    ("flag-create", {}),
    ("flag-edit", {"key": "dark"}),
    ("flag-toggle", {"key": "dark"}),
    ("flag-rollout", {"key": "dark"}),
    ("flag-kill", {"key": "dark"}),
    ("flag-lift-kill", {"key": "dark"}),
    ("flag-revert", {"key": "dark", "number": 1}),
    ("flag-rollout-start", {"key": "dark"}),
    ("segment-create", {}),
]


@pytest.fixture
def state() -> FlagState:
    project = make_project()
    make_segment(project=project, key="internal")
    return state_in(make_flag(project=project, key="dark"))


@pytest.fixture
def project(state: FlagState) -> Project:
    return state.flag.project


@pytest.mark.parametrize(("name", "kwargs"), READ)
def test_a_viewer_may_look(project: Project, name: str, kwargs: dict[str, Any]) -> None:
    assert Visitor(project, role="Viewer").get(name, **kwargs).status_code == 200


@pytest.mark.parametrize(("name", "kwargs"), CHANGE)
def test_a_viewer_may_change_nothing(project: Project, name: str, kwargs: dict[str, Any]) -> None:
    viewer = Visitor(project, role="Viewer")
    for answer in (viewer.get(name, "?to=on", **kwargs), viewer.post(name, {"version": 1}, "?to=on", **kwargs)):
        assert answer.status_code == 403
    shows(viewer.get(name, "?to=on", **kwargs), "Product")


@pytest.mark.parametrize(("name", "kwargs"), [*READ, *CHANGE])
def test_somebody_without_a_role_sees_nothing(project: Project, name: str, kwargs: dict[str, Any]) -> None:
    assert Visitor(project, role="").get(name, "?to=on", **kwargs).status_code == 403


@pytest.mark.parametrize(("name", "kwargs"), [*READ, *CHANGE])
def test_strangers_are_sent_to_the_login(project: Project, name: str, kwargs: dict[str, Any]) -> None:
    address = Visitor(project).url(name, "?to=on", **kwargs)
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(("name", "kwargs"), [*CHANGE, ("flag-preview", {"key": "dark"})])
def test_a_post_without_its_token_is_refused(
    state: FlagState, project: Project, name: str, kwargs: dict[str, Any]
) -> None:
    visitor = Visitor(project)
    client = Client(enforce_csrf_checks=True)
    client.force_login(visitor.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(visitor.url(name, "?to=on", **kwargs), {"version": 1, "reason": "x"})
    assert answer.status_code == 403
    state.refresh_from_db()
    assert state.version == 1


@pytest.mark.parametrize(("name", "kwargs"), CHANGE)
def test_opening_a_page_changes_nothing(state: FlagState, project: Project, name: str, kwargs: dict[str, Any]) -> None:
    Visitor(project).get(name, "?to=on", **kwargs)
    state.refresh_from_db()
    assert (state.version, state.status) == (1, "OFF")


def test_protected_environments_need_their_own_permission(project: Project, state: FlagState) -> None:
    visitor = Visitor(project, role="Viewer")
    visitor.user.user_permissions.add(Permission.objects.get(codename="change_flagstate"))
    assert visitor.get("flag-toggle", "?to=on", key="dark").status_code == 403
    shows(visitor.get("flag-detail", key="dark"), "You may look, not change.")
    elsewhere = Visitor(project, role="Viewer", environment="staging")
    elsewhere.user.user_permissions.add(Permission.objects.get(codename="change_flagstate"))
    assert elsewhere.get("flag-toggle", "?to=on", key="dark").status_code == 200


def test_a_kill_in_production_needs_only_the_right_to_kill(project: Project, state: FlagState) -> None:
    visitor = Visitor(project, role="Viewer")
    visitor.user.user_permissions.add(Permission.objects.get(codename="kill_flag"))
    assert visitor.post("flag-kill", {}, key="dark").status_code == 302
    state.refresh_from_db()
    assert state.status == "KILLED"


def test_what_may_not_be_done_is_absent_or_says_why(project: Project) -> None:
    page = Visitor(project, role="Viewer").get("flag-detail", key="dark")
    shows(
        page,
        "These roles may: Administrator, Operator and Product.",
        "<fieldset disabled>",
        '<button class="button" disabled',
    )


def test_an_unknown_project_or_environment_is_not_found(project: Project) -> None:
    visitor = Visitor(project)
    for scope in ({"project": "nope"}, {"environment": "nope"}):
        visitor.scope = {**visitor.scope, **scope}
        assert visitor.get("flag-list").status_code == 404
