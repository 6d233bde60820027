"""Request ids and log formats. Knows nothing of models."""

import logging
import secrets
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

REQUEST_ID_LIMIT = 64  # characters
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def begin_request(proposed: str = "") -> str:
    """Start a request's log context; a proposed id is kept when it is short and plain."""
    plain = proposed.replace("-", "").replace("_", "")
    kept = proposed if plain.isascii() and plain.isalnum() and len(proposed) <= REQUEST_ID_LIMIT else ""
    request_id = kept or secrets.token_hex(8)
    _request_id.set(request_id)
    return request_id


def current_request_id() -> str:
    return _request_id.get()


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id() or "-"
        return True


class JsonFormatter(BaseJsonFormatter):
    """One JSON object a line: at, level, logger, request_id, message, exception."""

    def __init__(self, *_: Any, **kwargs: Any) -> None:
        kwargs["fmt"] = "%(levelname)s %(name)s %(request_id)s %(message)s"
        kwargs["rename_fields"] = {"levelname": "level", "name": "logger"}
        kwargs["timestamp"] = "at"
        super().__init__(**kwargs)
