"""What a change asks for where it reaches users. Private to services."""

from collections.abc import Iterable

from apps.core import approvals
from apps.core.models import Environment
from apps.core.services import check_reason


def check_consent(environments: Iterable[Environment], reason: str, *, approved: bool) -> None:
    """Raises ReasonMissing without a `reason` if one of these is protected, and ApprovalRequired if one asks for
    approval, unless the change is `approved`."""
    concerned = list(environments)
    check_reason(concerned, reason)
    if not approved:
        approvals.refuse_unapproved(concerned)
