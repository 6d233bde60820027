"""Messages about deployments in the browser: read, written, looked at with sample values, and back to the usual."""

from typing import Any

import pytest

from apps.core.models import Environment
from apps.deployments.models import MessageTemplate
from tests.factories import make_project
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def production() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(production: Environment) -> Visitor:
    return Visitor(production.project, role="Operator")


def typed(subject: str = "{service} is at {version} now", **fields: Any) -> dict[str, Any]:
    return {"subject": subject, "body": "By {actor}. {{kept}}", "version": 0, **fields}


def test_every_kind_is_listed_with_its_subject(visitor: Visitor) -> None:
    page = visitor.get("deployment-messages")
    shows(page, "Awaiting approval", "Rolled back", "Maintenance", "Done: shop 2.14.0 is on production")
    assert text(page).count("Usual words") == 7


def test_words_are_looked_at_saved_and_reset(production: Environment, visitor: Visitor) -> None:
    shows(visitor.get("deployment-message", kind="succeeded"), "When one is through", "the commit's short hash")
    looked = visitor.post("deployment-message-preview", typed(), kind="succeeded")
    shows(looked, "shop is at 2.14.0 now", "By Grace Hopper. {kept}")
    shows(visitor.post("deployment-message", typed(preview="1"), kind="succeeded"), "shop is at 2.14.0 now")
    assert not MessageTemplate.objects.exists()
    assert visitor.post("deployment-message", typed(), kind="succeeded").status_code == 302
    row = MessageTemplate.objects.get()
    assert (row.kind, row.subject, row.body) == ("SUCCEEDED", "{service} is at {version} now", "By {actor}. {{kept}}")
    shows(visitor.get("deployment-messages"), "Own words", "shop is at 2.14.0 now")
    stale = visitor.post("deployment-message", typed("Other"), kind="succeeded")
    assert stale.status_code == 409
    shows(stale, "Somebody saved these words", 'name="version" value="1"')
    shows(visitor.get("deployment-message", kind="succeeded"), "Go back to the usual words")
    assert visitor.post("deployment-message-reset", {}, kind="succeeded").status_code == 302
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (typed("{verson} is there"), "Subject: has {verson}, which is not known; did you mean {version}?"),
        (typed("a lone { brace"), "Subject: has a { without its other half"),
        (typed(body=""), "Body:"),
    ],
)
def test_words_at_fault_are_named(visitor: Visitor, form: dict[str, Any], told: str) -> None:
    page = visitor.post("deployment-message", form, kind="failed")
    assert page.status_code == 422
    shows(page, told)
    assert not MessageTemplate.objects.exists()


def test_problems_are_named_while_typing(visitor: Visitor) -> None:
    shows(visitor.post("deployment-message-preview", typed("{verson}"), kind="failed"), "did you mean {version}?")


def test_viewers_read_messages_and_change_none(production: Environment) -> None:
    viewer = Visitor(production.project, role="Viewer")
    shows(viewer.get("deployment-message", kind="failed"), "You may look at these words.")
    for name in ("deployment-message", "deployment-message-preview", "deployment-message-reset"):
        assert viewer.post(name, typed(), kind="failed").status_code == 403
    assert viewer.get("deployment-message", kind="nothing").status_code == 404
