"""A kept mail in a browser: the page is accessible and quiet, and the mail's own HTML shows, runs and loads nothing."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.alerts.gateways import email
from pulseops.stack import mail as server
from tests.alerts.test_delivery_payloads import message
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    settings.MAIL_SINK, settings.MAIL_DIR = True, tmp_path
    return tmp_path


def test_mail_is_read_in_its_frame(tab: Open, kept: Path) -> None:
    real = email.compose(message(), sender="pulseops@example.com", to=["ops@example.com"])
    url = f"/admin/mail/{server.keep(kept, bytes(real), AT).stem}/"
    wide = tab(role="Operator")
    assert [fault for path in ("/admin/mail/", url) for fault in problems_everywhere(wide, path)] == []
    narrow = tab(role="Operator", width=320)
    page = narrow.open(url)
    expect(page.frame_locator("iframe").get_by_role("heading", name="Too many errors")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_role("img")).to_have_accessible_name(message().chart.words)  # type: ignore[union-attr]
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_what_a_mail_would_run_or_load_does_not(tab: Open, kept: Path) -> None:
    bad = EmailMessage()
    bad["Subject"] = "bad"
    bad.set_content("bad")
    bad.add_alternative(
        "<p>Look</p><script>top.document.title = document.body.className = 'taken'</script>"
        "<img src='/healthz' alt='seen'><img src='x' onerror='top.document.title = \"taken\"' alt=''>",
        subtype="html",
    )
    opened = tab(role="Operator")
    answered: list[str] = []
    opened.page.on("response", lambda response: answered.append(response.url))
    page = opened.open(f"/admin/mail/{server.keep(kept, bytes(bad), AT).stem}/")
    expect(page.frame_locator("iframe").get_by_text("Look")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert "taken" not in page.title()
    assert [url for url in answered if url.endswith(("/healthz", "/x"))] == []
    assert any("violates the following Content Security Policy" in text for text in opened.complaints)
    opened.complaints.clear()  # that the browser complains is the point
