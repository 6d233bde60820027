"""The review of an incident: what is known is there, what people learn is left to them, and text stays text."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.alerts.domain.incidents import Times
from apps.alerts.domain.reviews import Line, Review, escape, markdown

AT = datetime(2026, 1, 5, 3, tzinfo=UTC)
WHOLE = r"""# Incident: Checkout \#1

## Summary

| | |
|---|---|
| Where | shop/production |
| Severity | Critical |
| Status | Resolved |
| Impact | Partial outage |
| Components | Checkout, Mail |
| Opened | 2026-01-05 03:00:00 UTC by alerts |
| Resolved | 2026-01-05 04:05:00 UTC |
| Owner | ann\_b |

## Times

| | |
|---|---|
| To acknowledge | 90 s |
| To act | not yet |
| To recover | 1 h 5 min |

## Alerts

- Too many errors

## What happened by itself

None.

## Timeline

- 2026-01-05 03:00:00 UTC: alerts fired

## Causes

## What went well, and what did not

## Follow-ups
"""


def review(**fields: object) -> Review:
    usual: dict[str, object] = {
        "title": "Checkout #1",
        "place": "shop/production",
        "severity": "Critical",
        "status": "Resolved",
        "opened_by": "alerts",
        "owner": "ann_b",
        "impact": "Partial outage",
        "components": ["Checkout", "Mail"],
        "opened_at": AT,
        "resolved_at": AT + timedelta(minutes=65),
        "times": Times(timedelta(seconds=90), None, timedelta(minutes=65)),
        "alerts": ["Too many errors"],
        "by_itself": [],
        "timeline": [Line(AT, "alerts fired")],
    }
    return Review(**usual | fields)  # type: ignore[arg-type]


def test_a_whole_review() -> None:
    assert markdown(review()) == WHOLE


def test_what_is_not_known_yet_is_said() -> None:
    text = markdown(review(owner="", resolved_at=None, components=[], alerts=[]))
    for line in ("| Owner | nobody |", "| Resolved | not yet |", "| Components | None. |"):
        assert line in text


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("plain words", "plain words"),
        ("**bold** _x_ `code`", r"\*\*bold\*\* \_x\_ \`code\`"),
        ("[a](http://x.y)", r"\[a\](http\://x.y)"),
        ("http://x.y", r"http\://x.y"),
        ("see www.x.y", r"see www\.x.y"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("a | b", r"a \| b"),
        ("@channel #1", r"\@channel \#1"),
        ("one\n\n# two\r\n- three", r"one \# two - three"),
        ("- three", r"\- three"),
        ("1. first", r"1\. first"),
        ("12) last", r"12\) last"),
        ("2026-01-05 09:00 UTC: 1.5 %", "2026-01-05 09:00 UTC: 1.5 %"),
        ("\\*", r"\\\*"),
        ("x\x00\u202ey", "x y"),
    ],
)
def test_nothing_that_was_typed_is_markup(typed: str, written: str) -> None:
    assert escape(typed) == written
