"""Units of metrics, and values in plain English. Decides nothing."""

from enum import StrEnum


class Unit(StrEnum):
    NUMBER = "number"
    RATIO = "ratio"  # 0.05 is 5 %
    PERCENT = "percent"  # 5 is 5 %
    SECONDS = "seconds"
    BYTES = "bytes"
    PER_SECOND = "per_second"


_BYTES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B"))
_BY_ENDING = {"seconds": Unit.SECONDS, "ratio": Unit.RATIO, "percent": Unit.PERCENT, "bytes": Unit.BYTES}
_BELOW_SECONDS = 10  # shorter times read better in milliseconds


def unit_of(metric: str) -> Unit:
    """By the ending of a metric's name, where Prometheus' naming rules put the unit; plain numbers else."""
    return _BY_ENDING.get(metric.rpartition("_")[2], Unit.NUMBER)


def in_words(value: float, unit: Unit) -> str:
    """As in "5.3 %", "1,200 ms" and "2.5 GiB"; three digits are enough for people."""
    match unit:
        case Unit.RATIO:
            return f"{_digits(value * 100)} %"
        case Unit.PERCENT:
            return f"{_digits(value)} %"
        case Unit.SECONDS:
            return f"{_digits(value * 1000)} ms" if abs(value) < _BELOW_SECONDS else f"{_digits(value)} s"
        case Unit.BYTES:
            size, name = next((each for each in _BYTES if abs(value) >= each[0]), _BYTES[-1])
            return f"{_digits(value / size)} {name}"
        case Unit.PER_SECOND:
            return f"{_digits(value)} /s"
    return _digits(value)


def _digits(value: float) -> str:
    """Three significant digits, or the whole number where that has more."""
    if abs(value) >= 100:  # also infinity
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"
