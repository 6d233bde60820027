"""Values as people read them."""

import pytest

from apps.alerts.domain.units import Unit, in_words


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
