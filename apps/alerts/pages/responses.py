"""What an alert did by itself, as its page lists it, with what it takes to take it back. The deed is undoing.py's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.alerts.models import Alert, Response
from apps.alerts.responses import rights_to_undo
from apps.core.fields import ReasonField
from apps.core.pages import Pill, ScopedPage

Status = Response.Status
TONES = {
    Status.PENDING: "warn",
    Status.DONE: "on",
    Status.REFUSED: "off",
    Status.FAILED: "killed",
    Status.UNDONE: "info",
}
TITLES: Mapping[str, str | Promise] = {
    "kill_flag": gettext_lazy("Kill the flag %(of)s"),
    "pause_rollout": gettext_lazy("Pause the rollout of %(of)s"),
    "roll_back_rollout": gettext_lazy("Roll back the rollout of %(of)s"),
    "roll_back_deployment": gettext_lazy("Roll back the deployment of %(of)s"),
    "hold_deployment": gettext_lazy("Hold the deployment of %(of)s"),
    "call_webhook": gettext_lazy("Call the webhook %(of)s"),
}
WAYS_BACK: Mapping[str, str | Promise] = {
    "kill_flag": gettext_lazy("Lift the kill"),
    "pause_rollout": gettext_lazy("Resume the rollout"),
    "roll_back_rollout": gettext_lazy("Serve again what it served"),
    "hold_deployment": gettext_lazy("Let it go on"),
}

FINAL: Mapping[str, str | Promise] = {
    "roll_back_deployment": gettext_lazy("A rollback is not taken back: start a new deployment once it is mended."),
}


class UndoForm(forms.Form):
    reason = ReasonField(required=True)


@dataclass(frozen=True, slots=True)
class Told:
    row: Response
    title: str
    state: Pill
    way_back: str | Promise  # what the button says; empty: there is none, or not for this person
    final: str | Promise  # why there is no way back, of what has none
    form: UndoForm | None
    sent: bool  # just now, and refused


def undo_form(row: Response, data: Mapping[str, str] | None = None) -> UndoForm:
    """Several may be on one page."""
    return UndoForm(data, auto_id=f"undo-{row.pk}-%s")


def told(page: ScopedPage, alert: Alert, sent: Mapping[int, UndoForm]) -> Iterator[Told]:
    """In the order in which they came to be. `sent` is what was typed and refused, by the response's id."""
    protected = page.environment.protected
    for row in alert.responses.all():
        of = next((row.config[name] for name in ("flag", "service", "channel") if name in row.config), "")
        title = str(TITLES.get(row.kind, row.kind))
        may = page.request.user.has_perms(rights_to_undo(row.kind, protected=protected))
        back = row.status == Status.DONE and row.kind in WAYS_BACK and may
        yield Told(
            row=row,
            title=title % {"of": of} if "%(of)s" in title else title,
            state=Pill(TONES[Status(row.status)], str(Status(row.status).label)),
            way_back=WAYS_BACK.get(row.kind, "") if back else "",
            final=FINAL.get(row.kind, "") if row.status == Status.DONE else "",
            form=sent.get(row.pk) or undo_form(row) if back else None,
            sent=row.pk in sent,
        )
