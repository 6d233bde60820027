"""How a connection to the outside can fail. The texts are fit for people: no body, credential or query is in them."""


class EgressError(Exception):
    """Nothing came of it, for a reason outside. `status` is what the other side had answered before, if it had."""

    status: int | None = None


class Forbidden(EgressError):
    """The guard does not let PulseOps go there."""


class NameUnknown(EgressError):
    """The host's addresses could not be found; without them nothing can be judged, so nothing is sent."""


class Unreachable(EgressError):
    """No address of the host took the connection."""


class TlsFailed(EgressError):
    """The other side could not prove who it is, or does not speak TLS."""


class BadReply(EgressError):
    """What came back is no HTTP, or breaks off."""


class TooManyRedirects(EgressError):
    """The redirects that were allowed are used up."""


class DeadlinePassed(EgressError):
    """The whole took too long, whichever part of it."""


class InsideTransaction(RuntimeError):
    """A programming fault: a slow host outside would hold our locks, and a rollback cannot take back what was sent."""
