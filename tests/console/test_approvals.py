"""The list of change requests, and those that the overview says wait for somebody."""

import pytest

from apps.core import approvals, audit
from apps.core.models import ChangeRequest, Project
from apps.flags import services
from apps.flags.models import FlagState
from tests.core.visit import BACKEND, visit
from tests.factories import AT, make_approver, make_flag, make_project, make_request, state_in

pytestmark = pytest.mark.django_db
LIST = "/admin/p/shop/production/approvals/"
OVERVIEW = "/admin/p/shop/production/"


@pytest.fixture
def project() -> Project:
    return make_project(key="shop", name="Shop")


@pytest.fixture
def state(project: Project) -> FlagState:
    return state_in(make_flag(project=project, key="checkout"))


def seen(url: str = LIST, role: str = "Product") -> str:
    return " ".join(visit(role).get(url).content.decode().split())


def test_an_empty_list_teaches(project: Project) -> None:
    assert "Nothing waits for approval" in seen()
    assert "Choose an environment" in seen(role="Operator")
    assert "Choose an environment" not in seen()
    assert "Nothing was decided yet" in seen(f"{LIST}?status=closed")


def test_open_and_closed_requests_have_a_tab_each(state: FlagState) -> None:
    waits, over = make_request(state, reason="launch"), make_request(state, reason="too early")
    approvals.reject(request_id=over.pk, actor=make_approver()[1], at=AT)
    text = seen()
    assert f'href="/admin/p/shop/production/approvals/flags/{waits.pk}/"' in text
    assert "checkout in production" in text
    assert "0 of 1 approved" in text
    assert "launch" in text
    assert "too early" not in text
    closed = seen(f"{LIST}?status=closed")
    assert "too early" in closed
    assert "Rejected" in closed
    assert "launch" not in closed


def test_the_list_is_the_same_in_every_environment_and_other_projects_stay_out(state: FlagState) -> None:
    request = make_request(state)
    make_request(state_in(make_flag(project=make_project(key="other"), key="secret-plan")))
    text = seen("/admin/p/shop/staging/approvals/")
    assert f"/admin/p/shop/production/approvals/flags/{request.pk}/" in text
    assert "secret-plan" not in text


def test_long_lists_come_page_by_page(state: FlagState) -> None:
    first = make_request(state, reason="the very first")
    for _n in range(30):
        make_request(state)
    text = seen()
    assert "the very first" not in text
    older = f"?before={first.pk + 1}"
    assert older in text
    assert "the very first" in seen(LIST + older)
    assert older in seen(f"{LIST}?before=nonsense")


def test_somebody_without_a_role_does_not_see_it(project: Project) -> None:
    assert visit("").get(LIST).status_code == 403


def test_the_sidebar_leads_there(project: Project) -> None:
    assert f'href="{LIST}"' in seen(OVERVIEW)


def test_a_request_waits_for_whoever_may_approve_it(state: FlagState) -> None:
    user, author = make_approver("maya")
    request = make_request(state, actor=author, reason="launch")
    needs = seen(OVERVIEW).split("Needs you")[1].split("Latest changes")[0]
    assert "maya asks you to approve a change of checkout in production" in needs
    assert f"/approvals/flags/{request.pk}/" in needs
    assert "launch" in needs
    assert "asks you to approve" not in seen(OVERVIEW, "Viewer")
    assert "asks you to approve" not in seen("/admin/p/shop/staging/")
    client = visit()
    client.force_login(user, backend=BACKEND)
    assert "asks you to approve" not in client.get(OVERVIEW).content.decode()


def test_whoever_has_voted_is_asked_no_more(state: FlagState) -> None:
    request, (user, actor) = make_request(state), make_approver()
    approvals.vote(request_id=request.pk, actor=actor, approves=True, at=AT)
    client = visit()
    client.force_login(user, backend=BACKEND)
    assert "asks you to approve" not in client.get(OVERVIEW).content.decode()
    assert "asks you to approve" in seen(OVERVIEW)


def test_what_is_everywhere_waits_in_every_environment(state: FlagState) -> None:
    make_request(state)
    services.propose(
        kind="flags.flag_change",
        subject_id=state.flag_id,
        environment_id=None,
        patch={"client_exposed": True},
        actor=audit.system("tests"),
        reason="x",
        at=AT,
        expected_version=None,
    )
    assert ChangeRequest.objects.count() == 2
    assert seen("/admin/p/shop/staging/").count("asks you to approve") >= 1
