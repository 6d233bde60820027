"""The browser that page tests drive, and what to do where a real part is missing."""

import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, sync_playwright


def missing(what: str) -> NoReturn:
    """Skips on a developer's machine; in CI, where nothing may be missing, fails."""
    if os.environ.get("PULSEOPS_CI") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One a directory: while Playwright runs, its loop holds this thread, and other tests want one of their own."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing("Chromium is not installed, so no page can be looked at")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; Django's calls do not
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
