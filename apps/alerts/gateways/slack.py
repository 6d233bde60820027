"""Slack by incoming webhook: Block Kit within its limits, and nothing in it that Slack takes for a command."""

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Any

import orjson

from apps.alerts.gateways.messages import DEPLOYMENT, Message, Notice, Undelivered, cut, moment, one_line
from apps.alerts.gateways.posting import post
from apps.core.egress import Reply

TITLE, SEEN, DESCRIPTION, FIELD, CHANGE, CHART = (
    300,
    600,
    1_500,
    400,
    250,
    300,
)  # characters; all of it stays below Slack's limits
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
SECTION = 2_900  # characters of a section with its escapes, of the 3,000 that Slack takes
BUTTON, ACTIONS = 75, 25  # characters of a button, and buttons, that Slack takes
OTHERS = 10  # told by name; the rest is a number
REVOKED = re.compile(rb"no_service|no_team|team_disabled|channel_is_archived|channel_not_found|invalid_token")
Block = dict[str, Any]


def payload(message: Message) -> Block:
    """The JSON to post. `text` is what notifications and screen readers get."""
    notice = message.notice
    blocks = [_section(f"{notice.mark} *{_text(message.title, TITLE)}*\n{_text(notice.seen, SEEN)}")]
    if message.chart:
        blocks.append(_section(f"`{message.chart.sparkline}`\n{_text(message.chart.words, CHART)}"))
    if notice.description:
        blocks.append(_section(_body(notice)))
    blocks.append({"type": "section", "fields": [_mrkdwn(words) for words in _fields(notice)]})
    if message.others:
        blocks.append(_section(_others(message.others)))
    if notice.changes:
        blocks.append(_section(_changes(notice)))
    blocks.extend(_actions(message))
    blocks.append({"type": "context", "elements": [_mrkdwn(f"PulseOps · {message.id}")]})
    fallback = f"{notice.mark} {_text(message.title, TITLE)}: {_text(notice.seen, SEEN)}"
    return {"text": fallback, "blocks": blocks}


def send(url: str, message: Message) -> None:
    """Raises Undelivered. What Slack does not take as blocks it gets as plain text: better plain than never."""
    whole = payload(message)
    try:
        _post(url, whole, message)
    except _NotTaken:
        _post(url, {"text": whole["text"]}, message)


class _NotTaken(Undelivered):
    """Slack does not like the blocks."""


def _post(url: str, body: Block, message: Message) -> None:
    heard: list[Reply] = []

    def gone(reply: Reply) -> bool:
        heard.append(reply)
        return reply.status in (403, 404) and REVOKED.search(reply.body) is not None

    headers = {"Content-Type": "application/json", "webhook-id": message.id}
    try:
        post(url, body=orjson.dumps(body), headers=headers, at=message.at, gone=gone)
    except Undelivered as failure:
        if "blocks" in body and heard and heard[0].status == 400:
            raise _NotTaken(str(failure)) from failure
        raise


def _fields(notice: Notice) -> list[str]:
    return [f"*{name}*\n{_text(words, FIELD)}" for name, words in notice.facts.items()]


def _others(others: tuple[Notice, ...]) -> str:
    lines = [f"• {_text(one.label_words or one.name, 150)}: {_text(one.seen, 100)}" for one in others[:OTHERS]]
    more = len(others) - OTHERS
    return "\n".join(["*At the same time*", *lines, *([f"and {more} more"] if more > 0 else [])])


def _changes(notice: Notice) -> str:
    lines = [f"• {moment(one.at)}: {_text(one.words, CHANGE)}" for one in notice.changes]
    return "\n".join(["*Changed last*", *lines])


def _actions(message: Message) -> list[Block]:
    buttons = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": cut(link.words, BUTTON)},
            "url": link.url,
            "action_id": f"link-{n}",
        }
        for n, link in enumerate(message.links[:ACTIONS])
    ]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _body(notice: Notice) -> str:
    """A message about a deployment keeps its lines."""
    if notice.kind != DEPLOYMENT:
        return _text(notice.description, DESCRIPTION)
    lines = [_text(line, DESCRIPTION) for line in cut(notice.description, DESCRIPTION).split("\n")]
    lengths = accumulate(len(line) + 1 for line in lines)
    return "\n".join(line for line, length in zip(lines, lengths, strict=True) if length <= SECTION)


def _section(words: str) -> Block:
    return {"type": "section", "text": _mrkdwn(words)}


def _mrkdwn(words: str) -> Block:
    """Verbatim: Slack must not make links, mentions or channels of what only looks so."""
    return {"type": "mrkdwn", "text": words, "verbatim": True}


def _text(text: str, limit: int) -> str:
    """Escaped, since `<!channel>` and links begin with `<`; and cut between characters, so that no escape is broken."""
    pieces = [ESCAPES.get(character, character) for character in cut(one_line(text), limit)]
    lengths = list(accumulate(map(len, pieces)))
    if not pieces or lengths[-1] <= limit:
        return "".join(pieces)
    return "".join(pieces[: bisect_right(lengths, limit - 1)]) + "…"
