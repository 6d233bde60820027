"""Pushed samples as Prometheus text, format 0.0.4. Whatever a line gets wrong is told with its number.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite

from .bodies import FIELD, check_size
from .limits import MAX_HELP, MAX_LABEL_NAME, MAX_LINE_LENGTH, MAX_LINES
from .samples import MetricKind, Pushed, Sample
from .series import LABEL_PATTERN, NAME_PATTERN, RESERVED, Series, read_name, series_of
from .values import EPOCH, MILLISECOND, UNSTORABLE, Refusal, Refused, Window, is_storable

# Possessive throughout: a line that does not match is given up in linear time.
_VALUE = r'"((?:[^"\\]++|\\[\\"n])*+)"'
_PAIR = rf"[ \t]*+{LABEL_PATTERN}[ \t]*+=[ \t]*+{_VALUE.replace('((', '(?:(', 1)}[ \t]*+"
_BRACES = rf"\{{((?:{_PAIR}(?:,{_PAIR})*+,?+)?+[ \t]*+)\}}"
_NUMBER = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+"
_SAMPLE = re.compile(
    rf"[ \t]*+({NAME_PATTERN})(?:[ \t]*+{_BRACES}[ \t]*+|[ \t]++)({_NUMBER})(?:[ \t]++(-?[0-9]++))?+[ \t]*+"
)
_HEAD = re.compile(rf"[ \t]*+{NAME_PATTERN}(?:[ \t]*+{_BRACES}[ \t]*+|[ \t]++)")
_LABELS = re.compile(rf"({LABEL_PATTERN})[ \t]*+=[ \t]*+{_VALUE}")
_COMMENT = re.compile(r"[ \t]*+#[ \t]*+(HELP|TYPE)(?:[ \t]++(.*+))?+")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "\\": "\\", '"': '"'}
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_REMEMBERED = 16_384  # series, about 16 MB
_REMEMBERED_LENGTH = 200  # characters of name and labels
_LONGEST_TIMESTAMP = 18  # digits, the sign counted; int() takes quadratic time

_NO_TIMESTAMP = "must be milliseconds since 1970"
UNFINISHED = "does not end with a line feed, so it may be cut short (with curl: --data-binary)"


def read_exposition(body: bytes, window: Window) -> Pushed:
    """Every sample of the body; one without a timestamp is of `window.at`. Raises Refusal for the whole body."""
    text, clean = _decode(check_size(body))
    lines = text.split("\n")
    if len(lines) > MAX_LINES + 1:
        raise Refusal(FIELD, f"has {len(lines):,} lines; {MAX_LINES:,} are allowed")
    push = _Push(window, clean=clean)
    cut = lines.pop()
    for number, line in enumerate(lines, 1):
        push.read(number, line)
    if cut.strip(" \t"):
        push.refused.append(Refused(len(lines) + 1, "", UNFINISHED))
    return Pushed(tuple(push.samples), tuple(push.refused), push.kinds, push.helps)


def _decode(body: bytes) -> tuple[str, bool]:
    """The text, and whether nothing of it needs a closer look: no NUL, nothing but UTF-8."""
    try:
        return body.decode(), b"\0" not in body
    except UnicodeDecodeError:
        return body.decode(errors="surrogateescape"), False  # the lines that are UTF-8 come out whole


@dataclass(slots=True)
class _Push:
    window: Window
    clean: bool
    samples: list[Sample] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    kinds: dict[str, MetricKind] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)  # metric names that samples came for
    earliest: int = field(init=False)  # milliseconds
    latest: int = field(init=False)

    def __post_init__(self) -> None:
        self.earliest = -((EPOCH - self.window.earliest) // MILLISECOND)
        self.latest = (self.window.latest - EPOCH) // MILLISECOND

    def read(self, number: int, line: str) -> None:
        try:
            if len(line) > MAX_LINE_LENGTH:
                raise Refusal("", f"has {len(line):,} characters; {MAX_LINE_LENGTH:,} are allowed")
            if not self.clean and not is_storable(line):
                raise Refusal("", UNSTORABLE)
            found = _SAMPLE.fullmatch(line)
            if found:
                self.samples.append(self._sample(*found.groups()))
            else:
                self._read_other(line)
        except Refusal as refusal:
            self.refused.append(Refused(number, refusal.field, refusal.reason))

    def _sample(self, name: str, braces: str | None, number: str, timestamp: str | None) -> Sample:
        series = _series(name, braces)
        value = float(number)
        if not isfinite(value):
            raise Refusal("value", "must be a finite number")
        at = self.window.at if timestamp is None else self._moment(timestamp)
        self.seen.add(name)
        return Sample(series, value, at)

    def _moment(self, timestamp: str) -> datetime:
        if len(timestamp) > _LONGEST_TIMESTAMP:
            raise Refusal("timestamp", _NO_TIMESTAMP)
        milliseconds = int(timestamp)
        if self.earliest <= milliseconds <= self.latest:
            return datetime.fromtimestamp(milliseconds / 1000, UTC)
        try:
            return self.window.check("timestamp", EPOCH + milliseconds * MILLISECOND)
        except OverflowError:
            raise Refusal("timestamp", _NO_TIMESTAMP) from None

    def _read_other(self, line: str) -> None:
        comment = _COMMENT.fullmatch(line)
        if comment:
            self._describe(comment[1], *_split(comment[2] or ""))
        elif line.strip(" \t") and line.lstrip(" \t")[0] != "#":
            raise _complaint(line)

    def _describe(self, word: str, name: str, rest: str) -> None:
        known: dict[str, MetricKind] | dict[str, str] = self.kinds if word == "TYPE" else self.helps
        if read_name(name) in known:
            raise Refusal(word, f"stands there twice for {name}")
        if word == "HELP":
            self.helps[name] = _ESCAPE.sub(_unescaped, rest)[:MAX_HELP]
            return
        if name in self.seen:
            raise Refusal(word, f"stands after the first sample of {name}")
        try:
            self.kinds[name] = MetricKind(rest.strip(" \t"))
        except ValueError:
            raise Refusal(word, f"must be one of {', '.join(MetricKind)}") from None


def _series(name: str, braces: str | None) -> Series:
    """The series of a head that matches; what is remembered is short, and most pushes repeat the last one's heads."""
    if len(name) + len(braces or "") <= _REMEMBERED_LENGTH:
        return _remembered(name, braces or "")
    return _read_head(name, braces or "")


def _read_head(name: str, braces: str) -> Series:
    pairs = _LABELS.findall(braces)
    if len(name) + len(braces) <= MAX_LABEL_NAME and _is_plain(braces):
        plain = dict(pairs)
        if len(plain) == len(pairs):  # nothing is left to refuse
            return Series(name, tuple(sorted(plain.items())))
    return series_of(name, [(label, _ESCAPE.sub(_unescaped, value)) for label, value in pairs])


def _is_plain(braces: str) -> bool:
    """Nothing escaped, nothing reserved, nothing empty."""
    return "\\" not in braces and RESERVED not in braces and '""' not in braces


_remembered = lru_cache(maxsize=_REMEMBERED)(_read_head)


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[1], found[0])


def _split(rest: str) -> tuple[str, str]:
    """The first token, and what follows it."""
    name, *more = re.split(r"[ \t]+", rest, maxsplit=1)
    return name, more[0] if more else ""


def _complaint(line: str) -> Refusal:
    """What is wrong with a line that is no sample."""
    head = _HEAD.match(line)
    if line.endswith("\r"):
        return Refusal("", "ends with carriage return and line feed; a line feed alone ends a line")
    if head is None and "{" in line:
        return Refusal("labels", r'must look like {name="value"}, with \\, \" and \n as the only escapes')
    if head is None:
        return Refusal("", 'must look like name value, or name{label="value"} value timestamp')
    return _complaint_after(line[head.end() :].split())


def _complaint_after(tokens: list[str]) -> Refusal:
    value = tokens[0] if tokens else ""
    if _NOT_FINITE.fullmatch(value):
        return Refusal("value", "must be a finite number")
    if not re.fullmatch(_NUMBER, value):
        return Refusal("value", "must be a number")
    if len(tokens) > 2:
        return Refusal("", "has more than a value and a timestamp")
    return Refusal("timestamp", _NO_TIMESTAMP)
