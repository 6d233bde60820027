"""Who may evaluate, and whether this process knows enough to answer."""

from apps.core.admission import Admission, Refusals
from apps.core.asgi import Refused
from apps.core.live.keyring import KeyFacts
from apps.core.models import ApiKey
from apps.flags.live.rulesets import Published, rulesets
from apps.flags.ofrep.answers import FORBIDDEN, NOT_READY, UNAUTHORIZED, too_many_requests

EVALUATING = (ApiKey.Kind.CLIENT.value, ApiKey.Kind.SERVER.value)


def admission() -> Admission:
    return Admission(EVALUATING, Refusals(UNAUTHORIZED, FORBIDDEN, NOT_READY, too_many_requests))


def published(key: KeyFacts) -> Published:
    """What the key's environment serves. Raises Refused while nothing is loaded."""
    found = rulesets.published(key.environment_id or 0)
    if found is None:
        raise Refused(NOT_READY)
    return found
