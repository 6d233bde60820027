"""Smoke tests of a service: a path, the status that it answers, and what the answer contains. Nothing is asked here."""

import re
from collections.abc import Mapping

MAX_TESTS = 20
MAX_LENGTH = 500  # characters of what the answer contains
_PATH = re.compile(r"/[\x21-\x7e]{0,499}")


class InvalidSmoke(ValueError):
    """`path` names the field, such as smoke[1].status."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


def check_smoke(raw: object) -> None:
    """A list of `{"path"}`, each perhaps with `status` and `contains`. Raises InvalidSmoke at the first fault."""
    if not isinstance(raw, list) or len(raw) > MAX_TESTS:
        raise InvalidSmoke("smoke", f"must be a list of at most {MAX_TESTS} tests")
    for n, test in enumerate(raw):
        _check(f"smoke[{n}]", test)


def check_path(path: str, value: object) -> None:
    """Raises InvalidSmoke."""
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise InvalidSmoke(path, "must be a path that begins with /, without spaces")


def _check(path: str, test: object) -> None:
    if not isinstance(test, Mapping):
        raise InvalidSmoke(path, "must be an object")
    for name in test.keys() - {"path", "status", "contains"}:
        raise InvalidSmoke(f"{path}.{name}", "there is no such field")
    check_path(f"{path}.path", test.get("path"))
    status, contains = test.get("status", 200), test.get("contains", "")
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise InvalidSmoke(f"{path}.status", "must be a status from 100 to 599")
    if not isinstance(contains, str) or len(contains) > MAX_LENGTH:
        raise InvalidSmoke(f"{path}.contains", f"must be a text of at most {MAX_LENGTH} characters")
