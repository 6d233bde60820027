"""Values as people read them."""

import pytest

from apps.core.domain.units import Unit, in_words, unit_of


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.053, Unit.RATIO, "5.3 %"),
        (0.05349, Unit.RATIO, "5.35 %"),
        (1, Unit.RATIO, "100 %"),
        (-12.34, Unit.PERCENT, "-12.3 %"),
        (1.2, Unit.SECONDS, "1,200 ms"),
        (0.0304, Unit.SECONDS, "30.4 ms"),
        (12, Unit.SECONDS, "12 s"),
        (2.5 * 2**30, Unit.BYTES, "2.5 GiB"),
        (512, Unit.BYTES, "512 B"),
        (0, Unit.BYTES, "0 B"),
        (7.5, Unit.PER_SECOND, "7.5 /s"),
        (12_345.6, Unit.NUMBER, "12,346"),
        (0.00012, Unit.NUMBER, "1.2e-04"),
        (0, Unit.NUMBER, "0"),
        (float("inf"), Unit.NUMBER, "inf"),
    ],
)
def test_a_value_in_words(value: float, unit: Unit, expected: str) -> None:
    assert in_words(value, unit) == expected


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("http_request_duration_seconds", Unit.SECONDS),
        ("memory_used_ratio", Unit.RATIO),
        ("process_resident_memory_bytes", Unit.BYTES),
        ("http_requests_total", Unit.NUMBER),
        ("seconds", Unit.SECONDS),
        ("bytes_seen", Unit.NUMBER),
    ],
)
def test_the_unit_is_the_ending_of_the_name(metric: str, expected: Unit) -> None:
    assert unit_of(metric) == expected
