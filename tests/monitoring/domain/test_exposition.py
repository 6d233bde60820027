"""Pushes as Prometheus text: examples after the format's specification, and prometheus_client as an outside judge."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from apps.monitoring.domain.exposition import read_exposition
from apps.monitoring.domain.samples import MetricKind, Pushed
from apps.monitoring.domain.series import read_series
from apps.monitoring.domain.values import Refusal, Window

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MS = 1_772_366_400_000  # the same moment: `date -d 2026-03-01T12:00:00Z +%s`, and three zeros
WINDOW = Window(AT, past=timedelta(days=14), future=timedelta(minutes=5))
ALL_TIME = Window(AT, past=timedelta(days=36_500), future=timedelta(days=36_500))


def pushed(text: str | bytes, window: Window = WINDOW) -> Pushed:
    return read_exposition(text if isinstance(text, bytes) else text.encode(), window)


def plain(push: Pushed) -> list[tuple[str, float]]:
    return [(sample.series.canonical, sample.value) for sample in push.samples]


def reasons(push: Pushed) -> list[tuple[int, str, str]]:
    return [(each.place, each.field, each.reason) for each in push.refused]


EXAMPLE = f"""
# HELP logins_total Everybody who came in.
# TYPE logins_total counter
logins_total{{how="password",code="200"}} 1027 {MS}
logins_total{{how="password",code="400"}}    3 {MS - 1500}

# A comment, and a label with every escape:
files_open{{path="C:\\\\DIR\\\\",error="no \\"file\\"\\n"}} 1.458255915e2

# The shortest there is:
metric_without_anything 12.47
  \t spaced  {{ a = "1" , b="2", }}\t+.5e1

# HELP rpc_seconds A histogram, with a \\\\ and a\\nline.
#TYPE rpc_seconds histogram
rpc_seconds_bucket{{le="0.05"}} 24054
rpc_seconds_bucket{{le="+Inf"}} 144320
rpc_seconds_sum 53423
rpc_seconds_count 144320
"""


def test_an_example_with_everything_in_it() -> None:
    push = pushed(EXAMPLE)
    assert push.refused == ()
    assert plain(push) == [
        ('logins_total{code="200",how="password"}', 1027),
        ('logins_total{code="400",how="password"}', 3),
        ('files_open{error="no \\"file\\"\\n",path="C:\\\\DIR\\\\"}', 145.8255915),
        ("metric_without_anything", 12.47),
        ('spaced{a="1",b="2"}', 5),
        ('rpc_seconds_bucket{le="0.05"}', 24054),
        ('rpc_seconds_bucket{le="+Inf"}', 144320),
        ("rpc_seconds_sum", 53423),
        ("rpc_seconds_count", 144320),
    ]
    assert [sample.at for sample in push.samples[:3]] == [AT, AT - timedelta(seconds=1.5), AT]
    assert push.kinds == {"logins_total": MetricKind.COUNTER, "rpc_seconds": MetricKind.HISTOGRAM}
    assert push.helps["rpc_seconds"] == "A histogram, with a \\ and a\nline."


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("up NaN", "value", "finite"),
        ("up +Inf", "value", "finite"),
        ("up -inf 1", "value", "finite"),
        ("up 1e999", "value", "finite"),
        ("up one", "value", "a number"),
        ("up 1_000", "value", "a number"),
        ("up 0x1p3", "value", "a number"),
        ("up \u0661", "value", "a number"),
        ("up ", "value", "a number"),
        ("up", "", "must look like"),
        ("1up 1", "", "must look like"),
        ("up 1 2 3", "", "more than a value"),
        ("up 1 2.5", "timestamp", "milliseconds"),
        ("up 1 " + "9" * 5000, "timestamp", "milliseconds"),
        (f"up 1 {'9' * 18}", "timestamp", "milliseconds"),
        (f"up 1 {MS + 300_001}", "timestamp", "in the future"),
        (f"up 1 {MS - 14 * 86_400_000 - 1}", "timestamp", "older than 14 days"),
        (f"up 1 {MS // 1000}", "timestamp", "older than"),
        ("up 1\r", "", "carriage return"),
        ('up{a="1"', "labels", "must look like"),
        ('up{a="1} 1', "labels", "must look like"),
        ("up{a=1} 1", "labels", "must look like"),
        (r'up{a="\t"} 1', "labels", "escapes"),
        ('up{a="1",,b="2"} 1', "labels", "must look like"),
        ("up{,} 1", "labels", "must look like"),
        ('up{a="1",a="2"} 1', "labels.a", "twice"),
        ('up{a="1",a="1"} 1', "labels.a", "twice"),
        ('up{__name__="down"} 1', "labels.__name__", "reserved"),
        ("A" * 201 + " 1", "name", "201 characters"),
        ("up{" + ",".join(f'l{n}="1"' for n in range(33)) + "} 1", "labels", "33 labels"),
        (f'up{{a="{"x" * 30_000}"}} 1', "", "24,000 are allowed"),
        ("# TYPE ok gauge", "TYPE", "after the first sample"),
        ("# TYPE other rate", "TYPE", "one of counter"),
        ("# TYPE other", "TYPE", "one of counter"),
        ("# TYPE 1 gauge", "name", "letters"),
        ("# HELP", "name", "letters"),
        ("# HELP known again", "HELP", "twice for known"),
    ],
)
def test_a_bad_line_is_told_and_the_good_ones_land(line: str, field: str, words: str) -> None:
    push = pushed(f"# HELP known x\nok 1\n{line}\nlast 2\n")
    assert plain(push) == [("ok", 1), ("last", 2)]
    ((place, told, reason),) = reasons(push)
    assert (place, told) == (3, field)
    assert words in reason


@pytest.mark.parametrize("edge", [MS + 300_000, MS - 14 * 86_400_000])
def test_the_edges_of_the_window_are_inside(edge: int) -> None:
    assert pushed(f"up 1 {edge}\n").refused == ()


def test_a_line_that_is_not_utf_8_or_has_nul_goes_alone() -> None:
    push = pushed('a{l="ä"} 1\n'.encode() + b'b{l="\xff"} 2\nc{l="\0"} 3\nd 4\n')
    assert plain(push) == [('a{l="ä"}', 1), ("d", 4)]
    assert [place for place, _, _ in reasons(push)] == [2, 3]


def test_nul_is_refused_where_all_else_is_clean() -> None:
    push = pushed(b'a{l="\0"} 1\nb 2\n')
    assert (plain(push), [place for place, _, _ in reasons(push)]) == ([("b", 2)], [1])


def test_a_body_that_is_cut_short_loses_only_its_last_line() -> None:
    push = pushed("a 1\nb 123")
    assert plain(push) == [("a", 1)]
    assert [(place, field) for place, field, _ in reasons(push)] == [(2, "")]
    assert "--data-binary" in push.refused[0].reason


def test_the_whole_body_is_refused_only_for_its_size() -> None:
    with pytest.raises(Refusal, match="5,000,000 are allowed"):
        pushed(b"\n" * 5_000_001)
    with pytest.raises(Refusal, match="50,000 are allowed"):
        pushed("\n" * 50_001)
    assert pushed("\n" * 50_000) == pushed("")


@pytest.mark.parametrize(
    "bomb", ["a" * 23_999, "{" * 23_999, 'up{a="' + "\\\\" * 11_000, "up{" + 'a="",' * 4_700, "9" * 23_000]
)
def test_no_line_takes_long(bomb: str) -> None:
    assert len(pushed(f"{bomb}\n").refused) == 1


@given(st.binary(max_size=200) | st.text('up{}ab="\\,1 .e-+#\tHELPTY\n', max_size=80).map(str.encode))
def test_anything_is_answered(body: bytes) -> None:
    push = pushed(body, ALL_TIME)
    assert all(math.isfinite(sample.value) for sample in push.samples)
    assert all(sample.series == read_series(sample.series.name, dict(sample.series.labels)) for sample in push.samples)
    assert len(push.samples) + len(push.refused) <= body.count(b"\n") + 1


NAMES = st.from_regex(r"[a-z_:][a-z0-9_:]{0,8}", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12),
    max_size=4,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(st.lists(st.tuples(NAMES, LABELS, NUMBERS, MOMENTS), max_size=5))
def test_what_is_written_canonically_is_read_back(rows: list[tuple[str, dict[str, str], float, datetime]]) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    lines = [
        f"{read_series(name, labels).canonical} {value!r} {(at - epoch) // timedelta(milliseconds=1)}\n"
        for name, labels, value, at in rows
    ]
    push = pushed("".join(lines), ALL_TIME)
    assert push.refused == ()
    assert [tuple(sample) for sample in push.samples] == [
        (read_series(name, labels), value, at) for name, labels, value, at in rows
    ]


def test_what_prometheus_client_writes_is_read_as_its_own_parser_reads_it() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("load", 'with "quotes" and \\', ["host", "path"], registry=registry)
    for number, path in enumerate(["/", 'a"b', "back\\slash", "two\nlines", "ünïcode", ""]):
        gauge.labels("one", path).set(number / 7)
    histogram = Histogram("seconds", "how long", registry=registry)
    for value in (0.001, 0.2, 3, 40):
        histogram.observe(value)
    Counter("hits", "how many", registry=registry).inc(1e15)
    body = generate_latest(registry)

    theirs = [
        (read_series(sample.name, sample.labels).canonical, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    ]
    push = pushed(body)
    assert push.refused == ()
    assert sorted(plain(push)) == sorted(theirs)
    assert push.kinds["seconds"] is MetricKind.HISTOGRAM
