"""Requests that wait for one commit together. What is written, and how, is the caller's; who waits is told the truth:
a future that is done means rows that are committed."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from django.db import close_old_connections, connection

from apps.core.database import DATABASE_AWAY
from apps.core.live.outages import Outages

logger = logging.getLogger(__name__)
ROWS_AT_ONCE = 5_000  # in one transaction
ROWS_WAITING = 100_000  # then further requests are asked to come later
IDLE_SECONDS = 60.0  # then the connection is looked at

Row = TypeVar("Row")
Said = TypeVar("Said")


class Overloaded(Exception):
    """So much waits for the database that this request had better come again."""


class _Waiting(NamedTuple, Generic[Row, Said]):
    rows: Sequence[Row]
    done: "asyncio.Future[Sequence[Said]]"


class Collector(threading.Thread, Generic[Row, Said]):
    """While one transaction commits, whatever arrives gathers for the next: the busier, the larger. What `write` says
    to each row, if it says anything, is what the request hears."""

    def __init__(
        self, write: Callable[[Sequence[Row]], Sequence[Said]], *, name: str, gather_seconds: float = 0.0
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._write = write
        self._gather_seconds = gather_seconds
        self._outages = Outages()
        self._stopping = False
        self._arrived = threading.Condition()
        self._waiting: list[_Waiting[Row, Said]] = []
        self._rows = 0

    def submit(self, rows: Sequence[Row]) -> "asyncio.Future[Sequence[Said]]":
        """Done when the rows are committed; fails with the error that kept them out. Raises Overloaded.

        Always called in the same event loop."""
        one = _Waiting(rows, asyncio.get_running_loop().create_future())
        with self._arrived:
            if self._rows + len(rows) > ROWS_WAITING or self._stopping:
                raise Overloaded
            self._waiting.append(one)
            self._rows += len(rows)
            self._arrived.notify()
        return one.done

    def stop(self) -> None:
        """What was submitted is still written."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()

    def run(self) -> None:
        while taken := self._take():
            self._settle(taken)
            close_old_connections()
        connection.close()

    def _take(self) -> list[_Waiting[Row, Said]]:
        """Whole requests, up to a transaction's worth; nothing only when it is time to end."""
        with self._arrived:
            while not self._waiting and not self._stopping:
                self._arrived.wait(IDLE_SECONDS)
        self._gather()
        with self._arrived:
            count = rows = 0
            while count < len(self._waiting) and (count == 0 or rows < ROWS_AT_ONCE):
                rows += len(self._waiting[count].rows)
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            self._rows -= rows
        return taken

    def _gather(self) -> None:
        """Who was just answered asks again within a moment: without one, the first would have a transaction alone."""
        if self._gather_seconds and not self._stopping:
            time.sleep(self._gather_seconds)

    def _settle(self, taken: list[_Waiting[Row, Said]]) -> None:
        try:
            said = self._write([row for one in taken for row in one.rows])
        except DATABASE_AWAY as error:
            self._outages.away("PostgreSQL", error, meanwhile="What apps send is refused for the moment")
            connection.close()
            _tell(taken, partial(_fail, taken, error))
        except Exception as error:
            if len(taken) == 1:
                logger.exception("A request's rows cannot be written")
                _tell(taken, partial(_fail, taken, error))
            else:
                half = len(taken) // 2  # one request at fault must not fail the others
                self._settle(taken[:half])
                self._settle(taken[half:])
        else:
            self._outages.back("PostgreSQL")
            _tell(taken, partial(_succeed, taken, said))


def _tell(taken: Sequence[_Waiting[Row, Said]], tell: Callable[[], None]) -> None:
    """The loop is woken once, however many wait."""
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        taken[0].done.get_loop().call_soon_threadsafe(tell)


def _succeed(taken: Sequence[_Waiting[Row, Said]], said: Sequence[Said]) -> None:
    begin = 0
    for one in taken:
        end = begin + len(one.rows)
        if not one.done.done():  # cancelled: whoever asked is gone
            one.done.set_result(said[begin:end])
        begin = end


def _fail(taken: Sequence[_Waiting[Row, Said]], error: Exception) -> None:
    for one in taken:
        if not one.done.done():
            one.done.set_exception(error)
