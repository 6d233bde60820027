"""Event loops that may send: started outside a database transaction, or not at all.

Inside a loop Django shows the connections of the async task: a transaction of the thread cannot be seen from there.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, Protocol, TypeVar

from django.db import transaction

from apps.core.egress.errors import InsideTransaction

Result = TypeVar("Result")
_started_here: ContextVar[bool] = ContextVar("egress_started_here", default=False)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` for code that sends."""
    context = copy_context()
    context.run(_started_here.set, True)
    try:
        _refuse_inside_transaction()
        return context.run(asyncio.run, main)
    finally:
        main.close()


class Runs(Protocol):
    def __call__(self, main: Coroutine[Any, Any, Result]) -> Result: ...


@contextmanager
def runner() -> Iterator[Runs]:
    """The same for a loop that is run more than once. In between, what is under way stands still."""
    context = copy_context()
    context.run(_started_here.set, True)
    with asyncio.Runner() as loop:

        def run_on(main: Coroutine[Any, Any, Result]) -> Result:
            try:
                _refuse_inside_transaction()
                return loop.run(main, context=context)
            finally:
                main.close()

        yield run_on


def refuse_unless_started_here() -> None:
    if not _started_here.get():
        raise InsideTransaction("this event loop may stand inside a transaction: start it with egress.run")


def _refuse_inside_transaction() -> None:
    """As Django's `durable` does, the block that a test case puts around a test is passed over."""
    blocks = transaction.get_connection().atomic_blocks
    if blocks and not blocks[-1]._from_testcase:
        raise InsideTransaction("nothing is sent from inside a database transaction: claim, call, settle")
