"""The quantile sketch against sorted data: its error, that merging is exact, and that bytes come back."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.sketch import ACCURACY, EMPTY, MAX_BUCKETS, TINY, Sketch, merged, sketch_of
from apps.monitoring.domain.sketch_bytes import UnreadableSketch, decode, encode

LATENCIES = st.floats(1e-6, 1e4)
ANYTHING = st.floats(-1e8, 1e8).map(lambda value: value if abs(value) >= 1e-8 else 0.0)
WHATEVER = st.floats(allow_nan=False, allow_infinity=False)
QUANTILES = st.floats(0, 1) | st.sampled_from([0, 0.5, 0.95, 0.99, 0.999, 1])


def lower_quantile(values: list[float], q: float) -> float:
    return sorted(values)[math.floor(q * (len(values) - 1))]


def within_bound(found: float | None, true: float) -> bool:
    return found is not None and abs(found - true) <= ACCURACY * abs(true) * (1 + 1e-9)


def same(one: Sketch, other: Sketch) -> bool:
    """Equal but for the rounding of the total."""
    parts = [(s.positive, s.negative, s.zeros, s.minimum, s.maximum) for s in (one, other)]
    return parts[0] == parts[1] and math.isclose(one.total, other.total, rel_tol=1e-9, abs_tol=1e-3)


@given(st.lists(ANYTHING, min_size=1), QUANTILES)
def test_quantiles_are_within_one_per_cent(values: list[float], q: float) -> None:
    assert within_bound(sketch_of(values).quantile(q), lower_quantile(values, q))


@pytest.mark.parametrize("seed", range(3))
def test_quantiles_of_many_latencies_are_within_one_per_cent(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.lognormvariate(-2, 1.5) for _ in range(5_000)]
    sketch = sketch_of(values)
    for step in range(1_001):
        assert within_bound(sketch.quantile(step / 1000), lower_quantile(values, step / 1000))


def test_quantiles_counted_by_hand() -> None:
    sketch = sketch_of([0.1, 0.2, 0.3, 0.4, 10.0])
    expected = {0: 0.1, 0.25: 0.2, 0.5: 0.3, 0.74: 0.3, 0.75: 0.4, 0.99: 0.4, 1: 10.0}
    for q, true in expected.items():
        assert sketch.quantile(q) == pytest.approx(true, rel=ACCURACY)
    assert (sketch.count, sketch.minimum, sketch.maximum, sketch.total) == (5, 0.1, 10.0, 11.0)


def test_nothing_has_no_quantile() -> None:
    assert sketch_of([]) == EMPTY == merged([]) == merged([EMPTY, EMPTY])
    assert (EMPTY.count, EMPTY.quantile(0.5)) == (0, None)


@given(WHATEVER, QUANTILES)
def test_one_value_is_told_exactly(value: float, q: float) -> None:
    sketch = sketch_of([value])
    assert (sketch.count, sketch.quantile(q), sketch.total) == (1, value, value)


def test_zeros_and_negative_values_have_their_place() -> None:
    sketch = sketch_of([-100, -1, 0, -0.0, TINY / 2, 1, 100])
    assert sketch.zeros == 3
    found = [sketch.quantile(place / 6) for place in range(7)]
    assert found == [-100, pytest.approx(-1, rel=ACCURACY), 0, 0, 0, pytest.approx(1, rel=ACCURACY), 100]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        sketch_of([1, value])


@pytest.mark.parametrize("q", [-0.01, 1.01, math.nan])
def test_a_quantile_lies_between_0_and_1(q: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        EMPTY.quantile(q)


@given(st.lists(st.lists(WHATEVER, max_size=8), max_size=6), st.randoms())
def test_merging_is_the_sketch_of_all_values_in_any_order_and_grouping(
    parts: list[list[float]], chance: random.Random
) -> None:
    together = sketch_of([value for part in parts for value in part])
    sketches = [sketch_of(part) for part in parts]
    chance.shuffle(sketches)
    step_by_step = EMPTY
    for sketch in sketches:
        step_by_step = merged([step_by_step, sketch])
    for result in (merged(sketches), step_by_step):
        assert (result.positive, result.negative, result.zeros) == (
            together.positive,
            together.negative,
            together.zeros,
        )
        assert (result.minimum, result.maximum) == (together.minimum, together.maximum)


@given(st.lists(st.lists(LATENCIES, max_size=20), max_size=5))
def test_totals_merge_up_to_rounding(parts: list[list[float]]) -> None:
    assert same(merged(map(sketch_of, parts)), sketch_of([value for part in parts for value in part]))


def test_a_huge_range_keeps_the_upper_quantiles() -> None:
    values = [10.0**exponent for exponent in range(-12, 300)] + [1e299] * 700
    sketch = sketch_of(values)
    assert len(sketch.positive) <= MAX_BUCKETS
    assert sketch.positive[-1][0] - sketch.positive[0][0] < MAX_BUCKETS
    for q in (0.31, 0.5, 0.95, 0.99):
        assert within_bound(sketch.quantile(q), lower_quantile(values, q))
    assert sketch.quantile(0) == 1e-12
    low = sketch.quantile(0.1)  # of what was thrown together only this is known
    assert low is not None
    assert low > lower_quantile(values, 0.1)


def test_the_largest_floats_do_not_overflow() -> None:
    most = 1.7976931348623157e308
    sketch = sketch_of([most, most, most, -most])
    assert (sketch.minimum, sketch.maximum) == (-most, most)
    assert sketch.total == most
    assert within_bound(sketch.quantile(0.5), most)


@given(st.lists(WHATEVER, max_size=30))
def test_bytes_come_back(values: list[float]) -> None:
    sketch = sketch_of(values)
    assert decode(encode(sketch)) == sketch


def test_the_bytes_of_one_sketch_never_change() -> None:
    # 1 and 2 seconds, twice, and one zero: gamma = 101/99, so index 0 and ceil(ln 2 / ln gamma) = ceil(34.656) = 35.
    data = encode(sketch_of([2, 0, 1, 2, 1]))
    head = "01" + "0000000000000000" + "0000000000000040" + "0000000000001840"  # 0.0, 2.0, 6.0
    assert data.hex() == head + "01" + "02" + "00" + "23" + "02" + "02" + "00"
    assert encode(EMPTY) == b""


def test_a_minute_of_latencies_is_small() -> None:
    chance = random.Random(7)
    assert len(encode(sketch_of([chance.lognormvariate(-2, 1) for _ in range(6_000)]))) < 800


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"\x01" + bytes(24) + rest))
def test_other_bytes_are_refused_or_read_as_what_they_say(data: bytes) -> None:
    try:
        sketch = decode(data)
    except UnreadableSketch:
        return
    assert decode(encode(sketch)) == sketch or math.isnan(sketch.total + sketch.minimum + sketch.maximum)


@pytest.mark.parametrize("cut", range(1, 32))
def test_bytes_that_are_cut_are_refused(cut: int) -> None:
    data = encode(sketch_of([2, 0, 1, 2, 1]))
    with pytest.raises(UnreadableSketch):
        decode(data[:-cut])
    with pytest.raises(UnreadableSketch):
        decode(data + bytes(cut))


@pytest.mark.parametrize("rest", [b"\x80", b"\xff" * 9, b"\xff" * 20])
def test_a_number_that_does_not_end_is_refused(rest: bytes) -> None:
    with pytest.raises(UnreadableSketch):
        decode(encode(sketch_of([1])) + rest)
