"""Change requests that wait for one person, as needs."""

from typing import Any

from django.utils.translation import gettext as _

from apps.console.selectors.needs import Need
from apps.core import approvals, audit, navigation, selectors
from apps.core.models import ChangeRequest
from apps.core.navigation import Scope


def waiting_for(user: Any, scope: Scope) -> list[Need]:
    """Those of this environment, or of all of them at once, on which the person may vote; the oldest first."""
    rows = selectors.change_requests(scope.project).filter(status=ChangeRequest.Status.PENDING).order_by("id")
    actor = audit.person(user)
    return [
        _need(row, scope)
        for row in rows
        if row.environment in (None, scope.environment)
        and user.has_perm(f"{row.kind.partition('.')[0]}.approve_change")
        and approvals.may_vote(row, actor)
    ]


def _need(row: ChangeRequest, scope: Scope) -> Need:
    words = _("%(who)s asks you to approve a change of %(subject)s")
    told = words % {"who": row.author_label, "subject": row.subject_label}
    note = f"“{row.reason}”" if row.reason else ""
    return Need("warn", _("Approval"), told, navigation.request_url(row, scope), row.created_at, note)
