"""When each periodic part last ran."""

from datetime import datetime

from apps.core.models import Tick

BEAT = "beat"


def tick(*, name: str, at: datetime) -> None:
    """Note that a periodic part ran; exempt from the audit trail."""
    Tick.objects.update_or_create(name=name, defaults={"at": at})
