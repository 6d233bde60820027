"""Finding out what a change would do by making it and taking it back. Private to services."""

from collections.abc import Callable

from django.db import models, transaction

from apps.core import selectors as core
from apps.core.domain.diff import Changes
from apps.flags.domain.transitions import NothingToChange


def rehearse(subject: models.Model, make: Callable[[], object]) -> Changes:
    """What `make` changes of the subject, by its audit entry. Afterwards nothing of it is left.

    So a proposal has passed every check that the change itself passes. Raises what `make` raises, and
    NothingToChange.
    """
    entries = core.audit_of(subject._meta.label_lower, subject.pk).order_by("-id")
    before = entries.values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        make()
        made = entries.filter(pk__gt=before).first()
        transaction.set_rollback(True)
    if made is None:
        raise NothingToChange
    found: Changes = made.changes
    return found
