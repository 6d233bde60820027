"""Messages about a deployment: a template for each kind, with plain names in braces, and nothing that computes.
What a template may say is checked here; who gets the message, and through what, is not known here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from apps.flags.domain.engine.text import UNSTORABLE, is_storable
from apps.flags.domain.engine.validation import Problem

MAX_SUBJECT_LENGTH = 200  # characters, in a template and in what is sent
MAX_BODY_LENGTH = 5_000  # characters of a template
MAX_VALUE_LENGTH = 2_000  # characters
MISSING = "–"  # stands for a value that nobody knows  # noqa: RUF001 - an en dash is meant
_PARTS = re.compile(r"(?P<literal>\{\{|\}\})|\{(?P<name>[^{}]*)\}|(?P<lone>[{}])")
_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Kind(StrEnum):
    PLANNED = "planned"
    STARTED = "started"
    AWAITING_APPROVAL = "awaiting_approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Template:
    subject: str  # one line
    body: str


PLACEHOLDERS: Final[Mapping[str, str]] = {
    "service": "the service's name",
    "environment": "where it is deployed",
    "version": "the version that is deployed",
    "from_version": "the version before it",
    "commit": "the commit's short hash",
    "message": "the first line of the commit's message",
    "author": "who wrote the commit",
    "actor": "who or what did this: a person, or the rule that asked for it",
    "strategy": "how traffic moves, such as canary",
    "weight": "the share of traffic on the new version",
    "step": "the step it is at, such as 2 of 4",
    "approvals": "how many have approved, such as 1 of 2",
    "starts_at": "when it starts or started",
    "ends_at": "when it is expected to end, or ended",
    "duration": "how long it took",
    "reason": "why, in a sentence",
    "method": "how it was rolled back, such as traffic switch",
    "url": "the address of the deployment's page",
}
SAMPLE: Final[Mapping[str, str]] = {
    "service": "shop",
    "environment": "production",
    "version": "2.14.0",
    "from_version": "2.13.2",
    "commit": "4f2a91c",
    "message": "Take gift cards at the checkout",
    "author": "Ada Lovelace",
    "actor": "Grace Hopper",
    "strategy": "canary",
    "weight": "25 %",
    "step": "2 of 4",
    "approvals": "1 of 2",
    "starts_at": "2026-12-01 10:00 UTC",
    "ends_at": "2026-12-01 10:15 UTC",
    "duration": "12 min",
    "reason": "6.2 % of requests to the new version fail, 0.3 % of those to the old one.",
    "method": "traffic switch",
    "url": "https://pulseops.example.com/deployments/1042/",
}
DEFAULTS: Final[Mapping[Kind, Template]] = {
    Kind.PLANNED: Template(
        "Planned: {service} {version} to {environment} at {starts_at}",
        "{service} {version} goes to {environment} at {starts_at} ({strategy}).\n"
        "{message} ({commit}, {author})\n"
        "Nothing to do; to stop it, open {url}",
    ),
    Kind.STARTED: Template(
        "Started: {service} {version} to {environment}",
        "{actor} started {service} {version} on {environment} ({strategy}); {from_version} has been there until now.\n"
        "{message} ({commit}, {author})\n"
        "Watch or stop it: {url}",
    ),
    Kind.AWAITING_APPROVAL: Template(
        "Please approve: {service} {version} to {environment}",
        "{service} {version} waits for approval to go to {environment}: {approvals} so far.\n"
        "{message} ({commit}, {author})\n"
        "Look at it and decide: {url}",
    ),
    Kind.SUCCEEDED: Template(
        "Done: {service} {version} is on {environment}",
        "{service} {version} replaced {from_version} on {environment} in {duration}.\n"
        "{message} ({commit}, {author})\n"
        "Nothing to do. {url}",
    ),
    Kind.FAILED: Template(
        "FAILED: {service} {version} on {environment}",
        "Why: {reason}\n"
        "{weight} of the traffic goes to {version}, the rest to {from_version}.\n"
        "{message} ({commit}, {author})\n"
        "Roll back or look closer: {url}",
    ),
    Kind.ROLLED_BACK: Template(
        "ROLLED BACK: {service} on {environment} is at {from_version} again",
        "Why: {reason}\n"
        "{actor} took {version} back by {method} in {duration}; {from_version} has the traffic.\n"
        "{message} ({commit}, {author})\n"
        "Please confirm that all is well: {url}",
    ),
    Kind.MAINTENANCE: Template(
        "Maintenance of {service} on {environment} from {starts_at}",
        "{service} on {environment} may be slow or away from {starts_at} to {ends_at}.\nWhy: {reason}\nMore: {url}",
    ),
}


def check(template: Template) -> list[Problem]:
    """Every problem, each with the field that has it; empty when the template can be used."""
    problems = list(_problems("subject", template.subject, MAX_SUBJECT_LENGTH))
    if "\n" in template.subject or "\r" in template.subject:
        problems.append(("subject", "must be a single line"))
    return [*problems, *_problems("body", template.body, MAX_BODY_LENGTH)]


def rendered(template: Template, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body. Never fails: what nobody knows becomes a dash, as a message in need beats a perfect one.

    A value is put in as it is: braces in it are not looked at again, and in the subject it stays on the line.
    """
    subject = " ".join(_UNPRINTED.sub(" ", _filled(template.subject, values)).split())
    return _cut(subject, MAX_SUBJECT_LENGTH), _UNPRINTED.sub("", _filled(template.body, values).replace("\r\n", "\n"))


def _problems(field: str, text: str, at_most: int) -> Iterator[Problem]:
    if not text.strip():
        yield field, "is empty"
    if len(text) > at_most:
        yield field, f"has {len(text):,} characters; {at_most:,} are allowed"
    if not is_storable(text):
        yield field, UNSTORABLE
    for part in _PARTS.finditer(text):
        if part["lone"]:
            yield field, f"has a {part['lone']} without its other half: {_around(text, part.start())}; write it twice"
        elif part["name"] is not None and part["name"] not in PLACEHOLDERS:
            yield field, _unknown(part["name"])


def _unknown(name: str) -> str:
    near = get_close_matches(name.strip().lower(), PLACEHOLDERS, n=1)
    meant = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(PLACEHOLDERS)}"
    return f"has {{{_cut(name, 40)}}}, which is not known; {meant}"


def _around(text: str, place: int) -> str:
    return repr(text[max(place - 10, 0) : place + 11])


def _filled(text: str, values: Mapping[str, str]) -> str:
    def part_of(part: re.Match[str]) -> str:
        if part["name"] is None:
            return part[0][0]  # a brace: one written twice, or one alone that was never checked
        value = values.get(part["name"], "") if part["name"] in PLACEHOLDERS else ""
        return _cut(value.strip(), MAX_VALUE_LENGTH) or MISSING

    return _PARTS.sub(part_of, text)


def _cut(text: str, at_most: int) -> str:
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"
