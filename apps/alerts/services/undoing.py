"""Taking back by hand what a response did, as far as its kind can and while nobody has changed the flag since."""

from datetime import datetime

from django.db import transaction

from apps.alerts.models import Response
from apps.alerts.responses import DEEDS
from apps.alerts.responses.kinds import CannotUndo
from apps.alerts.services import trail
from apps.core.audit import Actor
from apps.core.services import ReasonMissing

Status = Response.Status
CALLED = "what was asked for outside cannot be taken back from here; ask whoever runs the receiver"
WHY_NOT = {
    Status.PENDING: "it has not been done yet",
    Status.REFUSED: "it was refused, so nothing was done",
    Status.FAILED: "it failed, so nothing was done that could be taken back",
}


def undo_response(*, response_id: int, actor: Actor, reason: str, at: datetime) -> Response:
    """Always asks why. Raises CannotUndo, whose text says why not and what to do instead, and ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        rows = Response.objects.select_for_update(of=("self",)).select_related("alert__environment")
        row = rows.get(pk=response_id)
        if row.status != Status.DONE:
            raise CannotUndo(WHY_NOT.get(Status(row.status), f"{row.undone_by_label} has undone it already"))
        deed = DEEDS.get(row.kind)
        if deed is None:
            raise CannotUndo(CALLED)
        if not row.undo:
            raise CannotUndo("it was done before this could be undone from here; decide on its page")
        undone = deed.undo(row.undo, actor=actor, reason=reason, at=at)
        row.status, row.undone_at, row.undone_by_label = Status.UNDONE, at, actor.label[:150]
        row.save(update_fields=["status", "undone_at", "undone_by_label"])
        changed = {"done": [row.told, None], "undone": [None, undone]}
        trail.record("alerts.response_undone", row.alert, changed, actor=actor, reason=f"{undone}: {reason}", at=at)
    return row
