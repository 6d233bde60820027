"""What every traffic driver does and how it fails. No protocol is spoken here."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Protocol

from apps.deployments.domain import shares


class Outcome(StrEnum):
    """Whose turn it is after `apply`. Whether traffic moved is what `read` says."""

    ASSERTED = "ASSERTED"  # the proxy took the weights
    WAITING = "WAITING"  # somebody else moves the traffic and has not reported these weights yet


class TrafficError(Exception):
    """The traffic was not read or moved. The text says what to do, and holds no answer of the other side."""


class Unreachable(TrafficError):
    """No connection, or no answer in time. What was asked may have happened: read before asking again."""


class Refused(TrafficError):
    """The proxy, or our own guard, does not let us."""


class UnexpectedAnswer(TrafficError):
    """What came back is not what this proxy says."""


class UnknownSlot(TrafficError):
    """A slot that the configuration or the proxy does not have, or traffic that goes where no slot is."""


class WeightsRefused(TrafficError):
    """Weights that would leave the service without traffic, or are no weights out of 100,000."""


class ChangedMeanwhile(TrafficError):
    """Somebody else changed the proxy since this driver read it. Read, decide anew, then apply."""


class HeldBack(TrafficError):
    """A person has taken the slot out of the proxy's rotation, so that its weight counts for nothing."""


class Driver(Protocol):
    """Desired state: applying what is already there changes nothing. One driver serves one caller for one step."""

    def read(self) -> Mapping[str, int]:
        """The weight of each slot out of 100,000 as the proxy has it now; no slots before anything is known."""

    def apply(self, weights: Mapping[str, int]) -> Outcome:
        """Tell the proxy every slot's weight. The caller reads back, and expects `shares.reachable` of the weights."""

    def in_flight(self, slot: str) -> int | None:
        """Requests under way on a slot; None where nobody can say."""


def checked(slots: Collection[str], weights: Mapping[str, int]) -> dict[str, int]:
    """The weight of every slot, 0 where none is given. Raises what `apply` may not pass on to a proxy."""
    for slot in weights:
        known(slots, slot)
    whole = {slot: weights.get(slot, 0) for slot in slots}
    try:
        shares.check(whole)
    except shares.InvalidWeights as error:
        raise WeightsRefused(str(error)) from None
    return whole


def known(slots: Collection[str], slot: str) -> str:
    if slot not in slots:
        raise UnknownSlot(f"there is no slot {slot!r}: the service has {', '.join(slots)}")
    return slot
