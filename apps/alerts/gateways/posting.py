"""One POST through the egress guard, and what its answer means for a delivery. Knows no channel's format."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from apps.alerts.gateways.messages import Undelivered
from apps.core import egress
from apps.core.egress import EgressError, Limits, Reply

LIMITS = Limits(deadline_seconds=10.0, body_limit=2_000)
LONGEST_WAIT_SECONDS = 6 * 3_600.0  # that a receiver may ask for; a mistake there must not cost the notice


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], at: datetime, gone: Callable[[Reply], bool] | None = None
) -> None:
    """Raises Undelivered unless the answer is a 2xx. 410 closes the receiver, and whatever `gone` says does, too."""
    try:
        reply = egress.deliveries().post(url, body=body, headers=headers, limits=LIMITS)
    except EgressError as error:
        raise Undelivered(str(error)) from error
    if reply.ok:
        return
    words = f"the receiver answered {reply.status}"
    if reply.location:
        words += ", a redirect, which is not followed"
    closed = reply.status == 410 or (gone is not None and gone(reply))
    raise Undelivered(words, gone=closed, after_seconds=retry_after(reply.headers.get("retry-after", ""), at))


def retry_after(text: str, at: datetime) -> float:
    """Seconds, or a date as HTTP writes it; 0 when it is neither."""
    try:
        seconds = float(text) if text[:1].isdecimal() else (parsedate_to_datetime(text) - at).total_seconds()
    except (TypeError, ValueError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS) if math.isfinite(seconds) else 0.0
