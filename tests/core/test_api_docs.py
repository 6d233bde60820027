"""The API's own description."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from apps.alerts.api import routes as alert_routes
from apps.core.api import routes as core_routes
from apps.deployments.api import routes as deployment_routes
from apps.flags.api import routes as flag_routes
from apps.monitoring.api import routes as monitoring_routes
from tests.callers import as_key, as_role
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db
SCHEMA, DOCS = "/api/v1/schema/", "/api/v1/docs/"
KEPT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
METHODS = {"get", "post", "put", "patch"}
SHORT = {"/api/v1/events", "/api/v1/metrics"}  # not of REST framework, and no objects in the address


@pytest.fixture
def schema() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(as_role("Viewer").get(SCHEMA).content)
    return document


def test_the_schema_is_valid_openapi(schema: dict[str, Any]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_the_kept_schema_is_current(schema: dict[str, Any]) -> None:
    assert yaml.safe_load(KEPT.read_text()) == schema, "run `make schema`"


def test_every_address_is_described(schema: dict[str, Any]) -> None:
    apps = (core_routes, monitoring_routes, flag_routes, deployment_routes, alert_routes)
    routes = [route for app in apps for route in app.urlpatterns]
    known = {"/api/v1/" + re.sub(r"<(\w+:)?(\w+)>", r"{\2}", str(route.pattern)) for route in routes}
    assert schema["paths"].keys() == known - {SCHEMA, DOCS} | SHORT


def test_every_operation_says_what_can_go_wrong_and_how_to_sign_in(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method in METHODS & operations.keys():
            operation = operations[method]
            assert operation["tags"], path
            assert operation["summary"], path
            expected = {"401", "403", "429"} | ({"503"} if path in SHORT else {"404"})
            assert expected <= operation["responses"].keys(), path
            assert {"bearerKey": []} in operation["security"], path
            for status, answer in operation["responses"].items():
                if status == "204":
                    assert "content" not in answer, path
                    continue
                files = {"/export/": "text/csv", "/review.md": "text/markdown"}
                done = next((kind for end, kind in files.items() if path.endswith(end)), "application/json")
                wanted = "application/problem+json" if int(status) >= 400 else done
                assert list(answer["content"]) == [wanted], (path, status)


def test_three_ways_to_sign_in(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"]
    assert schemes["bearerKey"]["scheme"] == "bearer"
    assert (schemes["headerKey"]["in"], schemes["headerKey"]["name"]) == ("header", "X-API-Key")
    assert (schemes["cookieAuth"]["in"], schemes["cookieAuth"]["name"]) == ("cookie", "sessionid")


def test_people_are_asked_to_sign_in_and_come_back(client: APIClient) -> None:
    answer = client.get(DOCS)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/api/v1/docs/")
    assert client.get(SCHEMA).status_code == 401


def test_a_management_key_reads_the_schema_and_a_client_key_does_not() -> None:
    project = make_project()
    assert as_key(make_key(project=project, management=True)).get(SCHEMA).status_code == 200
    assert as_key(make_key(environment=project.environments.get(key="staging"))).get(SCHEMA).status_code == 403


def test_the_page_has_no_inline_script_or_style() -> None:
    page = as_role("Viewer").get(DOCS).content.decode()
    assert "<style" not in page
    assert page.count("<script ") == page.count("<script src=") == page.count("</script>") == 2
    script = as_role("Viewer").get(f"{DOCS}?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle" in script.content
