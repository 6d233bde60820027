"""Protected environments ask why."""

from collections.abc import Iterable

from apps.core.models import Environment


class ReasonMissing(Exception):
    """This change has to say why."""


def check_reason(environments: Iterable[Environment], reason: str) -> None:
    """Raises ReasonMissing without a `reason` if one of these is protected."""
    if not reason.strip() and any(environment.protected for environment in environments):
        raise ReasonMissing
