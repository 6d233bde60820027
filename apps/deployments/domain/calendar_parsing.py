"""Reads and writes the JSON of a deploy calendar; every refusal names its place. What it means is in calendar.py."""

import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.reading import Raw, read_list, read_moment, read_object, read_text
from apps.monitoring.domain.checks.cron import MAX_ZONE_LENGTH, InvalidCron, parse_zone

from .calendar import WEEKDAYS, Calendar, Freeze, Weekly

MAX_STRETCHES = 30  # windows, freezes and stretches to avoid, each
MAX_REASON_LENGTH = 200  # characters
_YEARS = range(2000, 2100)  # of a freeze
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_MIDNIGHT = time()


def parse_calendar(raw: object) -> Calendar:
    """`{"windows": [...]}`, perhaps with `freezes` and `avoid`. Raises InvalidDefinition at the first fault."""
    fields = read_object("calendar", raw, {"windows"}, optional={"freezes", "avoid"})
    return Calendar(
        tuple(_read_weekly(*item) for item in _items("windows", fields)),
        tuple(_read_freeze(*item) for item in _items("freezes", fields)),
        tuple(_read_weekly(*item, reasoned=True) for item in _items("avoid", fields)),
    )


def dump_calendar(calendar: Calendar) -> Raw:
    """The JSON that parse_calendar reads back to an equal calendar."""
    return {
        "windows": [_dump_weekly(window) for window in calendar.windows],
        "freezes": [_dump(freeze) for freeze in calendar.freezes],
        "avoid": [_dump_weekly(stretch) for stretch in calendar.avoid],
    }


def _items(name: str, fields: Raw) -> list[tuple[str, object]]:
    return read_list(name, fields.get(name, []), MAX_STRETCHES, at_least=0)


def _read_weekly(path: str, raw: object, *, reasoned: bool = False) -> Weekly:
    reason = {"reason"} if reasoned else set()
    fields = read_object(path, raw, {"weekdays", "from", "to"} | reason, optional={"zone"})
    days = read_list(f"{path}.weekdays", fields["weekdays"], len(WEEKDAYS))
    weekdays = frozenset(_read_weekday(*item) for item in days)
    from_time = _read_clock(f"{path}.from", fields["from"])
    to_time = _MIDNIGHT if fields["to"] == "24:00" else _read_clock(f"{path}.to", fields["to"])
    if from_time == to_time != _MIDNIGHT:
        raise InvalidDefinition(f"{path}.to", "is the same as from; a whole day is 00:00 to 24:00")
    zone = _read_zone(f"{path}.zone", fields.get("zone", "UTC"))
    return Weekly(weekdays, from_time, to_time, zone, _read_reason(path, fields) if reasoned else "")


def _read_freeze(path: str, raw: object) -> Freeze | Weekly:
    if isinstance(raw, dict) and "weekdays" in raw:
        return _read_weekly(path, raw, reasoned=True)
    fields = read_object(path, raw, {"from", "reason"}, optional={"until"})
    starts_at = _read_moment(f"{path}.from", fields["from"])
    until = fields.get("until")
    ends_at = None if until is None else _read_moment(f"{path}.until", until)
    if ends_at and ends_at <= starts_at:
        raise InvalidDefinition(f"{path}.until", "must be after the start")
    return Freeze(starts_at, ends_at, _read_reason(path, fields))


def _read_weekday(path: str, raw: object) -> int:
    if not isinstance(raw, str) or raw not in WEEKDAYS:
        raise InvalidDefinition(path, f"must be one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(raw)


def _read_clock(path: str, raw: object) -> time:
    found = _CLOCK.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise InvalidDefinition(path, "must be a clock time such as 09:30")
    return time(int(found[1]), int(found[2]))


def _read_zone(path: str, raw: object) -> ZoneInfo:
    try:
        return parse_zone(read_text(path, raw, MAX_ZONE_LENGTH))
    except InvalidCron as error:
        raise InvalidDefinition(path, str(error)) from None


def _read_moment(path: str, raw: object) -> datetime:
    moment = read_moment(path, raw)
    if moment.year not in _YEARS:
        raise InvalidDefinition(path, f"must be from {_YEARS[0]} to {_YEARS[-1]}; a freeze without until has no end")
    return moment


def _read_reason(path: str, fields: Raw) -> str:
    reason = read_text(f"{path}.reason", fields["reason"], MAX_REASON_LENGTH).strip()
    if not reason.strip(". "):
        raise InvalidDefinition(f"{path}.reason", "is empty; say why, people will ask")
    return reason


def _dump(freeze: Freeze | Weekly) -> Raw:
    if isinstance(freeze, Weekly):
        return _dump_weekly(freeze)
    until = None if freeze.ends_at is None else _moment(freeze.ends_at)
    return {"from": _moment(freeze.starts_at), "until": until, "reason": freeze.reason}


def _dump_weekly(weekly: Weekly) -> Raw:
    """A stretch without a reason is a window."""
    plain: Raw = {
        "weekdays": [WEEKDAYS[number] for number in sorted(weekly.weekdays)],
        "from": f"{weekly.from_time:%H:%M}",
        "to": "24:00" if weekly.to_time == _MIDNIGHT else f"{weekly.to_time:%H:%M}",
        "zone": weekly.zone.key,
    }
    return plain | {"reason": weekly.reason} if weekly.reason else plain


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
