"""E-mail by SMTP, as text and as HTML. The server is the operator's, named in the settings and nowhere else."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from apps.alerts.gateways import mail_html
from apps.alerts.gateways.messages import DEPLOYMENT, Message, Undelivered, cut, moment, one_line
from apps.core import egress

TIMEOUT_SECONDS = 10.0  # for each answer of the server
SUBJECT_LIMIT, OTHERS = 200, 50


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    tls: str  # "start", "always" or "none"
    user: str = ""
    password: str = field(default="", repr=False)


def read_server(url: str) -> Server:
    """Raises ValueError with a reason that does not repeat the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("PULSEOPS_SMTP_URL is no URL") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("PULSEOPS_SMTP_URL begins with smtp:// or smtps:// and names a host")
    plain = parse_qs(parts.query).get("tls") == ["none"]
    tls = "always" if parts.scheme == "smtps" else "none" if plain else "start"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname, port or (465 if tls == "always" else 587), tls, user, password)


def compose(message: Message, *, sender: str, to: Sequence[str]) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = cut(one_line(f"{message.notice.mark} {message.title}"), SUBJECT_LIMIT)
    mail["From"], mail["To"], mail["Date"] = sender, ", ".join(to), format_datetime(message.at)
    host = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<{message.id}@{host}>"
    if message.follows:
        mail["In-Reply-To"] = mail["References"] = f"<{message.follows}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-PulseOps-Rule"] = one_line(message.notice.rule)
    mail.set_content(_text(message), cte="quoted-printable")
    mail.add_alternative(_html(message), subtype="html", cte="quoted-printable")
    return mail


def send(url: str, message: Message, *, sender: str, to: Sequence[str]) -> str:
    """Raises Undelivered. Returns who was refused while others were not, in words; empty when all were taken."""
    server, mail = read_server(url), compose(message, sender=sender, to=to)

    async def handing_over() -> dict[str, tuple[int, bytes]]:
        return await asyncio.to_thread(_hand_over, server, mail)

    try:
        refused = egress.run(handing_over())  # which refuses inside a transaction
    except smtplib.SMTPResponseException as error:
        raise Undelivered(f"the mail server answered {error.smtp_code}") from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = ", ".join(sorted({str(code) for code, _words in error.recipients.values()}))
        raise Undelivered(f"the mail server refused every recipient ({codes})") from error
    except ssl.SSLError as error:
        raise Undelivered(f"TLS with the mail server failed: {error.reason or 'no TLS'}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"the mail server cannot be used: {type(error).__name__}") from error
    return f"refused: {', '.join(sorted(refused))}" if refused else ""


def _hand_over(server: Server, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
    context = ssl.create_default_context()
    if server.tls == "always":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.tls == "start":
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        return client.send_message(mail)
    finally:
        client.close()  # no goodbye: a server that hangs there would undo what it has taken


def _facts(message: Message) -> list[tuple[str, str]]:
    return list(message.notice.facts.items())


def _lists(message: Message) -> list[tuple[str, mail_html.Lines]]:
    """Heading and lines of what there may be more of."""
    others = [(f"{one.label_words or one.name}: {one.seen}", one.url) for one in message.others[:OTHERS]]
    if len(message.others) > OTHERS:
        others.append((f"and {len(message.others) - OTHERS} more", ""))
    changes = [(f"{moment(one.at)}: {one.words}", one.url) for one in message.notice.changes]
    return [one for one in (("At the same time", others), ("Changed last", changes)) if one[1]]


def _text(message: Message) -> str:
    notice, chart = message.notice, message.chart
    parts = [f"{message.title}\n{notice.seen}", notice.description]
    parts.append(f"{chart.sparkline}\n{chart.words}" if chart else "")
    parts.append("\n".join(f"{name}: {words}" for name, words in _facts(message)))
    parts += ["\n".join([f"{heading}:", *(f"- {line}" for line, _url in lines)]) for heading, lines in _lists(message)]
    parts.append("\n".join(f"{link.words}: {link.url}" for link in message.links))
    return "\n\n".join(part for part in parts if part) + f"\n\n-- \nPulseOps {message.id}\n"


def _html(message: Message) -> str:
    notice = message.notice
    alarms = notice.kind in ("FIRED", "NO_DATA") or (notice.kind == DEPLOYMENT and notice.severity != "info")
    severity = notice.severity if notice.severity in mail_html.TONES else "info"
    return mail_html.page(
        tone=severity if alarms else "well",
        beyond=severity,
        title=f"{notice.mark} {message.title}",
        seen=notice.seen,
        description=notice.description,
        links=message.links,
        chart=message.chart,
        facts=_facts(message),
        lists=_lists(message),
        foot=f"PulseOps {message.id}",
    )
