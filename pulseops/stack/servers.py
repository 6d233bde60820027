"""Both embedded servers together, for as long as a `with` block lasts.

Plain Python. The supervisor starts them one by one instead, since it also restarts them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pulseops.stack import identity, postgres, processes, valkey
from pulseops.stack.addresses import Addresses


@contextmanager
def running(addresses: Addresses, *, durable: bool = True) -> Iterator[None]:
    with ExitStack() as stack:
        who = identity.choose(addresses)
        postgres.prepare(addresses, who, durable=durable)
        programs = [postgres.server(addresses, who, durable=durable), valkey.server(addresses)]
        started = []
        for program in programs:
            process = processes.start(program)
            stack.callback(processes.stop, process, program.stop_signal, 5)
            started.append(process)
        postgres.wait_until_ready(addresses, started[0])
        valkey.wait_until_ready(addresses, started[1])
        yield
