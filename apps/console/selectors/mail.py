"""The mails that `up` keeps instead of sending them: files below MAIL_DIR, read as plain data."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.conf import settings

NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
HEADERS = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "X-PulseOps-Rule")


@dataclass(frozen=True, slots=True)
class Mail:
    name: str  # of the file, without its ending
    at: datetime  # when it came
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str

    @property
    def subject(self) -> str:
        return dict(self.headers).get("Subject", "")

    @property
    def to(self) -> str:
        return dict(self.headers).get("To", "")


def mails() -> Iterator[Mail]:
    """The newest first. One that is dropped while we read is passed over."""
    for path in sorted(settings.MAIL_DIR.glob("*.eml"), reverse=True):
        found = mail(path.stem)
        if found is not None:
            yield found


def mail(name: str) -> Mail | None:
    whole = raw(name)
    if whole is None:
        return None
    read = email.message_from_bytes(whole, policy=default)
    headers = tuple((header, str(read[header])) for header in HEADERS if read[header] is not None)
    at = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return Mail(name, at, headers, _part(read, "plain"), _part(read, "html"))


def raw(name: str) -> bytes | None:
    """None when there is no such mail. The name becomes part of a path, so it is one that we gave."""
    if not NAME.fullmatch(name):
        return None
    try:
        return Path(settings.MAIL_DIR, f"{name}.eml").read_bytes()
    except OSError:
        return None


def _part(read: EmailMessage, kind: str) -> str:
    """What cannot be read as it says is read as far as it goes."""
    part = read.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        whole = part.get_payload(decode=True)
        return whole.decode(errors="replace") if isinstance(whole, bytes) else ""
