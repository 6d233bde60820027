"""The review of an incident as Markdown: what is known is written down, what was learnt is left to people. Whatever
somebody typed is escaped, so that it stays text wherever the file is shown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .incidents import Times, lasted

# What is markup anywhere, at the beginning of a line, and in what becomes a link by itself.
SPECIAL = re.compile(r"(?i)([\\`*_{}\[\]!|<>~&@#]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|:(?=//)|(?<=\bwww)\.)")
NOT_YET, NOTHING = "not yet", "None."


@dataclass(frozen=True, slots=True)
class Line:
    """One moment of the timeline."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    title: str
    place: str  # as in "shop/production"
    severity: str
    status: str
    opened_by: str
    owner: str  # empty: nobody
    impact: str
    components: Sequence[str]
    opened_at: datetime
    resolved_at: datetime | None
    times: Times
    alerts: Sequence[str]
    by_itself: Sequence[str]
    timeline: Sequence[Line]


def markdown(of: Review) -> str:
    """Headings for causes and follow-ups are there and empty: a machine does not know them."""
    parts = [
        f"# Incident: {escape(of.title)}",
        "## Summary",
        _table(_summary(of)),
        "## Times",
        _table(_times(of.times)),
        "## Alerts",
        _items(of.alerts),
        "## What happened by itself",
        _items(of.by_itself),
        "## Timeline",
        _items(f"{moment(line.at)}: {line.words}" for line in of.timeline),
        "## Causes",
        "## What went well, and what did not",
        "## Follow-ups",
    ]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """One line in which nothing is markup, a mention or a link."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return SPECIAL.sub(r"\\\1", line)


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _summary(of: Review) -> Iterator[tuple[str, str]]:
    yield "Where", of.place
    yield "Severity", of.severity
    yield "Status", of.status
    yield "Impact", of.impact
    yield "Components", ", ".join(of.components) or NOTHING
    yield "Opened", f"{moment(of.opened_at)} by {of.opened_by}"
    yield "Resolved", moment(of.resolved_at) if of.resolved_at else NOT_YET
    yield "Owner", of.owner or "nobody"


def _times(times: Times) -> Iterator[tuple[str, str]]:
    def words(length: timedelta | None) -> str:
        return NOT_YET if length is None else lasted(length)

    yield "To acknowledge", words(times.acknowledge)
    yield "To act", words(times.act)
    yield "To recover", words(times.recover)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {escape(words)} |" for name, words in rows)])


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines) or NOTHING
