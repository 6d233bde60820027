"""Pages of the mail that is kept: what they show, what a mail's HTML may not do, and who reads it."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pulseops.stack import mail as server
from tests.callers import BACKEND
from tests.factories import make_user
from tests.flags.visit import shows, text

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
HOME = "/admin/mail/"


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    settings.MAIL_SINK, settings.MAIL_DIR = True, tmp_path / "mail"
    return tmp_path / "mail"


def visitor(role: str = "Operator") -> Client:
    client = Client()
    client.force_login(make_user(role=role), backend=BACKEND)
    return client


def letter(directory: Path, subject: str = "Critical: <b>errors</b>", html: str = "<p>Errors</p>") -> str:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "pulseops@example.com", "ops@example.com"
    mail.set_content("Too many <errors>\nOpen: https://ops.example.com/a/\n")
    mail.add_alternative(html, subtype="html")
    return f"{HOME}{server.keep(directory, bytes(mail), AT).stem}/"


def test_mails_are_listed_and_shown_without_trusting_them(kept: Path) -> None:
    client = visitor()
    shows(client.get(HOME), "No mail yet")
    url = letter(kept)
    shows(client.get(HOME), "Critical: <b>errors</b>", "ops@example.com", url)
    page = client.get(url)
    shows(page, "Too many <errors>", 'href="https://ops.example.com/a/"', f'src="{url}html/"', "<iframe", " sandbox ")
    assert "<b>errors" not in text(page)
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert "frame-src 'self'" in policy
    assert "script-src 'self'" in policy


def test_its_html_comes_alone_and_locked(kept: Path) -> None:
    html = "<script>alert(1)</script><img src='https://example.com/seen.png'><p style='color:red'>Errors</p>"
    page = visitor().get(f"{letter(kept, html=html)}html/")
    assert text(page).strip() == html
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
    assert not [rule for rule in policy if rule.startswith("script-src")]
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_mail_itself_is_a_download(kept: Path) -> None:
    url = letter(kept)
    page = visitor().get(f"{url}raw/")
    assert page.headers["Content-Type"] == "message/rfc822"
    assert page.headers["Content-Disposition"] == f'attachment; filename="{url.split("/")[3]}.eml"'
    assert page.content == next(kept.glob("*.eml")).read_bytes()


@pytest.mark.parametrize(
    "odd", [b"", b"\xff\x00", b"Content-Type: text/plain; charset=nowhere\r\n\r\n\xff", b"Subject: =?x"]
)
def test_a_mail_at_fault_is_shown_as_far_as_it_goes(kept: Path, odd: bytes) -> None:
    name = server.keep(kept, odd, AT).stem
    client = visitor()
    shows(client.get(HOME), name)
    for end in ("", "html/", "raw/"):
        assert client.get(f"{HOME}{name}/{end}").status_code == 200


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Fsecret_key", "20260105T090000000000-00000000"])
def test_no_other_file_is_shown(kept: Path, name: str) -> None:
    letter(kept)
    (kept.parent / "secret_key").write_text("secret")
    client = visitor()
    assert [client.get(f"{HOME}{name}/{end}").status_code for end in ("", "html/", "raw/")] == [404] * 3


def test_operators_read_it_where_mail_is_kept(kept: Path, settings: Any) -> None:
    url = letter(kept)
    addresses = [HOME, url, f"{url}html/", f"{url}raw/"]
    assert [visitor("Product").get(address).status_code for address in addresses] == [403] * 4
    assert [visitor().get(address).status_code for address in addresses] == [200] * 4
    settings.MAIL_SINK = False
    assert [visitor().get(address).status_code for address in addresses] == [404] * 4
