"""Starting a deployment in the browser: what is typed, what is shown before, and what comes of it."""

from typing import Any

import pytest

from apps.core.models import AuditEntry, ChangeRequest, Environment
from apps.deployments.models import Deployment, Release
from tests.factories import ask_for_approvals, make_project
from tests.factories.deployments import make_release, make_target
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def staging() -> Environment:
    return make_project(key="shop").environments.get(key="staging")


@pytest.fixture
def visitor(staging: Environment) -> Visitor:
    return Visitor(staging.project, role="Operator", environment="staging")


def typed(**fields: Any) -> dict[str, Any]:
    usual = {
        "release": "",
        "version": "2.14.0",
        "commit_sha": "4F2A91C",
        "strategy": "CANARY",
        "watch_seconds": "30",
        "watch_seconds_unit": "m",
        "reason": "Gift cards",
        "idempotency_key": "form-1",
    }
    return usual | rows((5, 10), (100, 0)) | fields


def rows(*steps: tuple[float, int]) -> dict[str, Any]:
    found: dict[str, Any] = {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": 0}
    for n, (share, minutes) in enumerate(steps):
        found |= {f"steps-{n}-weight": share, f"steps-{n}-hold_seconds": minutes, f"steps-{n}-hold_seconds_unit": "m"}
    return found


def test_a_new_version_is_reviewed_and_then_started(staging: Environment, visitor: Visitor) -> None:
    make_target(staging)
    shows(visitor.get("deployment-new"), "Deploy Web to Staging", "1.0.0 is live, on the slot blue.", 'value="5"')
    review = visitor.post("deployment-new", typed())
    shows(review, "2.14.0 (4f2a91c)", "1.0.0 (", "5 % of the traffic on 2.14.0", "for at least 10 min")
    shows(review, "watched for 30 min", "One at a time", "No other deployment is under way here.")
    assert not Deployment.objects.filter(release__number="2.14.0").exists()
    assert not Release.objects.filter(number="2.14.0").exists()
    entries = AuditEntry.objects.count()
    done = visitor.post("deployment-new", typed(confirmed="1"))
    row = Deployment.objects.get(release__number="2.14.0")
    assert done.status_code == 302
    assert done.headers["Location"].endswith(f"/deployments/{row.pk}/")
    assert (row.message, row.release.commit_sha, row.strategy) == ("Gift cards", "4f2a91c", "CANARY")
    assert [(step["weight"], step["hold_seconds"]) for step in row.plan["steps"]] == [(5_000, 600), (100_000, 0)]
    assert row.plan["watch_seconds"] == 1_800
    assert row.requested_by_label == visitor.user.username
    assert AuditEntry.objects.count() == entries + 2  # the release, and the request
    visitor.post("deployment-new", typed(confirmed="1"))  # a double click
    assert Deployment.objects.filter(release__number="2.14.0").count() == 1


def test_a_form_that_was_sent_before_starts_another_version_only_when_sent_again(
    staging: Environment, visitor: Visitor
) -> None:
    make_target(staging)
    visitor.post("deployment-new", typed(confirmed="1"))
    page = visitor.post("deployment-new", typed(version="2.15.0", commit_sha="4f2a91d", confirmed="1"))
    assert page.status_code == 422
    shows(page, "This form was sent before, for another version.")
    assert 'value="form-1"' not in text(page)
    assert not Release.objects.filter(number="2.15.0").exists()


def test_a_version_that_is_known_is_deployed_again(staging: Environment, visitor: Visitor) -> None:
    target = make_target(staging)
    make_release(target.service, "1.1.0")
    page = visitor.get("deployment-new", "?service=web&release=1.0.0")
    assert '<option value="1.0.0" selected' in text(page)
    again = typed(release="1.0.0", version="", commit_sha="", strategy="BLUE_GREEN", **{"steps-TOTAL_FORMS": 0})
    shows(visitor.post("deployment-new", again), "1.0.0 is live already")
    visitor.post("deployment-new", again | {"confirmed": "1"})
    row = Deployment.objects.latest("pk")
    assert (row.release.number, row.strategy, len(row.plan["steps"])) == ("1.0.0", "BLUE_GREEN", 1)


def test_keep_editing_keeps_what_was_typed(staging: Environment, visitor: Visitor) -> None:
    make_target(staging)
    page = visitor.post("deployment-new", typed(edit="1"))
    shows(page, 'value="2.14.0"', "Gift cards", "Review the deployment")
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"version": ""}, "Choose a version above, or name the new one."),
        ({"release": "1.0.0"}, "not both"),
        ({"commit_sha": "what"}, "Type the hash of a commit"),
        ({"version": "1.0.0", "commit_sha": "abcd1234"}, "made from another commit"),
        ({"steps-1-weight": "50"}, "the last step must be 100 %"),
        ({"steps-0-weight": "100"}, "must be more than the 100 % before"),
        ({"steps-0-weight": "120"}, "A share is at most 100 %."),
        ({"steps-0-weight": ""}, "Type a number such as 25 or 0.5."),
        ({"scheduled_at": "2020-01-01T10:00"}, "must be in the future"),
        ({"watch_seconds": "80", "watch_seconds_unit": "d"}, "At most 7 days."),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    staging: Environment, visitor: Visitor, wrong: dict[str, str], told: str
) -> None:
    make_target(staging)
    count = Deployment.objects.count()
    for more in ({}, {"confirmed": "1"}):
        page = visitor.post("deployment-new", typed(**wrong, **more))
        assert page.status_code == 422
        shows(page, told, "Nothing is saved yet. Please correct:")
    assert Deployment.objects.count() == count
    assert not Release.objects.filter(number="2.14.0").exists()


def test_production_asks_why_and_says_who_has_to_approve(staging: Environment) -> None:
    production = staging.project.environments.get(key="production")
    ask_for_approvals(production, 2)
    make_target(production)
    visitor = Visitor(staging.project, role="Operator")
    shows(visitor.post("deployment-new", typed(reason="")), "Say why, so that others understand this later.")
    review = visitor.post("deployment-new", typed())
    shows(review, "2 people other than you have to approve this plan.", "Waits for approval by 2 people")
    assert not ChangeRequest.objects.exists()


def test_a_hotfix_says_what_it_skips_and_asks_one_person(staging: Environment) -> None:
    production = staging.project.environments.get(key="production")
    ask_for_approvals(production, 2)
    make_target(production, open_gates=False)
    visitor = Visitor(staging.project, role="Operator")
    page = visitor.get("deployment-new", "?hotfix=1")
    shows(page, "Emergency hotfix of Web in Production", "Approvals go down from 2 to one.", "Deploy calendar")
    shows(visitor.post("deployment-new", typed(hotfix="True", reason="")), "Say why")
    review = visitor.post("deployment-new", typed(hotfix="True", reason="Sign-in is down"))
    shows(review, "1 person other than you has to approve this plan.", "Overridden", "Emergency hotfix (")
    visitor.post("deployment-new", typed(hotfix="True", reason="Sign-in is down", confirmed="1"))
    assert Deployment.objects.latest("pk").hotfix
    product = Visitor(staging.project, role="Product")
    assert product.post("deployment-new", typed(hotfix="True", confirmed="1")).status_code == 403


def test_several_services_are_chosen_from(staging: Environment, visitor: Visitor) -> None:
    shows(visitor.get("deployment-new"), "No service is set up in Staging")
    make_target(staging)
    make_target(staging, key="worker", live="")
    shows(visitor.get("deployment-new"), "Which service?", "?service=worker", "nothing is live yet")
    shows(visitor.get("deployment-new", "?service=worker"), "Deploy Worker to Staging", "Nothing is live here yet.")
