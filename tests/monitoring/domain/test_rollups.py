"""Minutes and hours out of samples: counted by hand, and the same in whatever order they come."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.rollups import HOUR, MINUTE, Bucket, added, coarser, combined, rolled_up, start_of
from apps.monitoring.domain.sketch import sketch_of

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


POINTS = st.lists(
    st.tuples(st.integers(0, 10_000).map(after), st.integers(-(10**6), 10**6).map(float)), min_size=1, max_size=40
)


@pytest.mark.parametrize(
    ("moment", "seconds", "expected"),
    [
        (after(0), MINUTE, after(0)),
        (after(59.999999), MINUTE, after(0)),
        (after(60), MINUTE, after(60)),
        (after(-0.000001), MINUTE, after(-60)),
        (after(3599), HOUR, after(0)),
        (datetime(1969, 12, 31, 23, 59, 30, tzinfo=UTC), MINUTE, datetime(1969, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_where_a_bucket_begins(moment: datetime, seconds: int, expected: datetime) -> None:
    assert start_of(moment, seconds) == expected


def test_two_minutes_counted_by_hand() -> None:
    points = [(after(61), 7.0), (after(59), 2.0), (after(0), 5.0), (after(30), -1.0)]
    assert rolled_up(points, MINUTE) == (
        Bucket(
            start_at=AT,
            seconds=60,
            minimum=-1,
            maximum=5,
            total=6,
            count=3,
            last=2,
            last_at=after(59),
            sketch=None,
        ),
        Bucket(
            start_at=after(60),
            seconds=60,
            minimum=7,
            maximum=7,
            total=7,
            count=1,
            last=7,
            last_at=after(61),
            sketch=None,
        ),
    )
    assert rolled_up([], MINUTE) == ()


def test_of_two_samples_at_once_the_larger_is_the_last() -> None:
    for points in ([(AT, 1.0), (AT, 2.0)], [(AT, 2.0), (AT, 1.0)]):
        (bucket,) = rolled_up(points, MINUTE)
        assert (bucket.last, bucket.count) == (2.0, 2)


def test_a_percentile_over_some_of_the_samples_is_none() -> None:
    (one,) = rolled_up([(AT, 1.0)], MINUTE, sketched=True)
    (other,) = rolled_up([(AT, 3.0)], MINUTE)
    assert one.sketch == sketch_of([1.0])
    assert combined([one, other]).sketch is None
    assert added(one, [(after(1), 3.0)]).sketch == sketch_of([1.0, 3.0])


def test_buckets_of_different_times_are_not_combined() -> None:
    (bucket,) = rolled_up([(AT, 1.0)], MINUTE)
    for other in (replace(bucket, start_at=after(60)), replace(bucket, seconds=HOUR)):
        with pytest.raises(ValueError, match="different times"):
            combined([bucket, other])
    with pytest.raises(ValueError, match="different times"):
        combined([])
    with pytest.raises(ValueError, match="different times"):
        added(bucket, [(after(60), 1.0)])
    with pytest.raises(ValueError, match="no multiple"):
        coarser([bucket], 90)


@given(POINTS, st.randoms(), st.booleans())
def test_in_any_order_and_in_any_parts_the_same(
    points: list[tuple[datetime, float]], chance: random.Random, sketched: bool
) -> None:
    whole = rolled_up(points, MINUTE, sketched=sketched)
    shuffled = list(points)
    chance.shuffle(shuffled)
    cut = chance.randint(0, len(points))
    kept: dict[datetime, Bucket] = {}
    for part in (shuffled[:cut], shuffled[cut:]):
        for bucket in rolled_up(part, MINUTE, sketched=sketched):
            known = kept.get(bucket.start_at)
            kept[bucket.start_at] = combined([bucket, known]) if known else bucket
    assert tuple(kept[start_at] for start_at in sorted(kept)) == whole


@given(POINTS, st.randoms(), st.booleans())
def test_hours_out_of_minutes_are_hours_out_of_samples(
    points: list[tuple[datetime, float]], chance: random.Random, sketched: bool
) -> None:
    minutes = list(rolled_up(points, MINUTE, sketched=sketched))
    chance.shuffle(minutes)
    assert coarser(minutes, HOUR) == rolled_up(points, HOUR, sketched=sketched)
