"""What a notice says, as plain data, and the words that all channels share. Knows no channel."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from apps.alerts.domain.charts import Chart

MARKS = {"critical": "🔴", "error": "🟠", "warning": "🟡", "info": "🔵"}  # beside the word, never instead of it
GOOD_MARK, TEST_MARK, NO_DATA_MARK, ENDED_MARK, DEPLOYMENT_MARK = "✅", "🔔", "⚪", "🚫", "🚀"
DEPLOYMENT = "DEPLOYMENT"  # the notice is a message in a project's own words: `name` heads it, the rest is its body


@dataclass(frozen=True, slots=True)
class Change:
    """Of a flag, or by a deployment, in the same environment, shortly before."""

    at: str  # ISO 8601
    words: str  # as in "ann turned checkout on: launch"
    url: str = ""  # its page


@dataclass(frozen=True, slots=True)
class Link:
    words: str  # what a button says
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    kind: str  # FIRED, NO_DATA, RECOVERED, TEST or DEPLOYMENT
    severity: str
    rule: str  # key
    name: str
    project: str  # key
    environment: str  # key; empty in a test
    seen: str  # how bad: "last of errors over 1 minute: 7, above the limit of 5"
    at: str  # ISO 8601: since when it is so
    description: str = ""
    value: float | None = None
    threshold: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    url: str = ""  # the alert's page
    incident_url: str = ""  # of the incident that it belongs to; empty: none
    alert_id: int | None = None
    links: tuple[Link, ...] = ()  # to act, beside the alert's page
    ended: str = ""  # why it is over although nobody knows that it is well: "the rule was switched off"

    @property
    def mark(self) -> str:
        if self.ended:
            return ENDED_MARK
        if self.kind == DEPLOYMENT and self.severity == "info":
            return GOOD_MARK if self.labels.get("kind") == "succeeded" else DEPLOYMENT_MARK
        special = {"RECOVERED": GOOD_MARK, "TEST": TEST_MARK, "NO_DATA": NO_DATA_MARK}
        return special.get(self.kind) or MARKS.get(self.severity, MARKS["info"])

    @property
    def state(self) -> str:
        if self.ended:
            return "No longer watched"
        special = {"RECOVERED": "Recovered", "TEST": "Test", "NO_DATA": "No data", DEPLOYMENT: "Deployment"}
        return special.get(self.kind) or self.severity.capitalize()

    @property
    def place(self) -> str:
        return f"{self.project}/{self.environment}" if self.environment else self.project

    @property
    def title(self) -> str:
        return one_line(self.name if self.kind == DEPLOYMENT else f"{self.state}: {self.name} in {self.place}")

    @property
    def since(self) -> str:
        return moment(self.at)

    @property
    def facts(self) -> dict[str, str]:
        """What is said of it beside its text, by name; what is empty is left out."""
        told = {"Service": self.labels.get("service", ""), "Environment": self.place, "At": self.since}
        usual = {
            "Since": self.since,
            "Severity": self.severity.capitalize(),
            "Environment": self.place,
            "Rule": self.rule,
            "Labels": self.label_words,
        }
        return {name: words for name, words in (told if self.kind == DEPLOYMENT else usual).items() if words}

    @property
    def label_words(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.labels.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One attempt to tell one channel. The id is the same in every attempt, so that a receiver can drop a second."""

    id: str
    at: datetime
    notice: Notice
    others: tuple[Notice, ...] = ()  # told along with it
    acknowledge_url: str = ""
    chart: Chart | None = None  # of what the notice is about; read when it is sent, so that judging waits for none
    follows: str = ""  # the id of the message that said it fires

    @property
    def title(self) -> str:
        return self.notice.title + (f" and {len(self.others)} more" if self.others else "")

    @property
    def links(self) -> list[Link]:
        """What there is to do, the most urgent first."""
        usual = [
            Link("Acknowledge", self.acknowledge_url),
            Link("Open the deployment" if self.notice.kind == DEPLOYMENT else "Open the alert", self.notice.url),
            Link("Open the incident", self.notice.incident_url),
        ]
        return [link for link in (*usual, *self.notice.links) if link.url]


class Undelivered(Exception):
    """It has not arrived. The text is fit for people: no address, credential or body is in it."""

    def __init__(self, words: str, *, gone: bool = False, after_seconds: float = 0.0) -> None:
        super().__init__(words)
        self.gone = gone  # the receiver is closed for good
        self.after_seconds = after_seconds  # what the receiver asked for


def dump_notice(notice: Notice) -> dict[str, Any]:
    return asdict(notice)


def load_notice(raw: Mapping[str, Any]) -> Notice:
    """What dump_notice wrote."""
    changes, links = raw["changes"], raw.get("links", ())  # rows from before there were links have none
    return Notice(
        **{**raw, "changes": tuple(Change(**one) for one in changes), "links": tuple(Link(**one) for one in links)}
    )


def one_line(text: str) -> str:
    """Without line breaks and control characters, which headers and logs must not have."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def moment(iso: str) -> str:
    """As in "2026-01-05 09:00 UTC"."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M} UTC"
