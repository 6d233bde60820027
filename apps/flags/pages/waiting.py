"""What is yet to come for a flag, as its page shows it: requests for approval and changes at a set time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.flags.domain.engine.definitions import Flag
from apps.flags.domain.patches import parse_change
from apps.flags.domain.transitions import Change, readable, serving_of
from apps.flags.models import FlagState, ScheduledChange
from apps.flags.pages import previews
from apps.flags.pages.base import FlagPage, read
from apps.flags.pages.differences import Difference, wanted
from apps.flags.pages.history import Version, meanwhile
from apps.flags.selectors import requests


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One scheduled change with what it asks for, and what others did since to the state that it stands on."""

    row: ScheduledChange
    wanted: Sequence[Difference]
    since: Sequence[Version]

    @property
    def in_conflict(self) -> bool:
        return self.row.status == ScheduledChange.Status.CONFLICT or bool(self.since)


def waiting(page: FlagPage) -> dict[str, Any]:
    """What is yet to come for a flag: requests that wait for approval, and changes that wait for their time."""
    return {
        "requests": requests.waiting_requests(page.project, page.flag, page.state),
        "schedules": [scheduled(row, page.state) for row in requests.open_schedules(page.state)],
    }


def scheduled(row: ScheduledChange, state: FlagState) -> Scheduled:
    served, change = read(state), parse_change(row.patch)
    shown = asked(served, change) if served else []
    return Scheduled(row, shown, meanwhile(state, row.base_version) if row.base_version != state.version else ())


def asked(flag: Flag, change: Change) -> list[Difference]:
    """What a change asks for, in words."""
    return wanted(readable(serving_of(previews.changed(flag, change))), change.given())
