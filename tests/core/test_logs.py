"""Request ids and the JSON that production logs."""

import json
import logging
from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.core import logs


def logged(message: str, **extra: object) -> dict[str, object]:
    record = logging.LogRecord("apps.flags", logging.WARNING, __file__, 1, message, (), None)
    record.__dict__.update(extra)
    logs.RequestIdFilter().filter(record)
    return dict(json.loads(logs.JsonFormatter().format(record)))


def test_a_line_is_one_json_object_with_the_request_it_belongs_to() -> None:
    logs.begin_request("abc-123")
    line = logged("two\nlines")
    assert {name: line[name] for name in ("level", "logger", "message", "request_id")} == {
        "level": "WARNING",
        "logger": "apps.flags",
        "message": "two\nlines",
        "request_id": "abc-123",
    }
    written = datetime.fromisoformat(str(line["at"]))
    assert written.utcoffset() == timedelta(0)


@pytest.mark.parametrize("given", ["abc-123", "A_b-9", "x" * 64])
def test_a_plain_request_id_is_kept(given: str) -> None:
    assert logs.begin_request(given) == given


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "new\nline", '"quoted"', "ünïcode", "a;b"])
def test_any_other_request_id_is_replaced(given: str) -> None:
    kept = logs.begin_request(given)
    assert kept != given
    assert kept.isalnum()


@pytest.mark.django_db
def test_the_answer_names_the_request_it_answers() -> None:
    given = Client().get("/admin/login/", headers={"X-Request-Id": "from-proxy-7"})
    assert given.headers["X-Request-Id"] == "from-proxy-7"
    first, second = (Client().get("/admin/login/").headers["X-Request-Id"] for _ in range(2))
    assert first != second
