"""Requests that wait for one commit together. What is written, and how, is the caller's; who waits is told the truth:
a future that is done means rows that are committed."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
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
    done: "Future[Sequence[Said]]"


class Collector(threading.Thread, Generic[Row, Said]):
    """While one transaction commits, whatever arrives gathers for the next: the busier, the larger. What `write` says
    to each row, if it says anything, is what the request hears."""

    def __init__(self, write: Callable[[Sequence[Row]], Sequence[Said]], *, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._write = write
        self._outages = Outages()
        self._stopping = False
        self._arrived = threading.Condition()
        self._waiting: list[_Waiting[Row, Said]] = []
        self._rows = 0

    def submit(self, rows: Sequence[Row]) -> "Future[Sequence[Said]]":
        """Done when the rows are committed; fails with the error that kept them out. Raises Overloaded."""
        one = _Waiting(rows, Future[Sequence[Said]]())
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
            count = rows = 0
            while count < len(self._waiting) and (count == 0 or rows < ROWS_AT_ONCE):
                rows += len(self._waiting[count].rows)
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            self._rows -= rows
        return taken

    def _settle(self, taken: list[_Waiting[Row, Said]]) -> None:
        try:
            said = self._write([row for one in taken for row in one.rows])
        except DATABASE_AWAY as error:
            self._outages.away("PostgreSQL", error, meanwhile="What apps send is refused for the moment")
            connection.close()
            _fail(taken, error)
        except Exception as error:
            if len(taken) == 1:
                logger.exception("A request's rows cannot be written")
                _fail(taken, error)
            else:
                half = len(taken) // 2  # one request at fault must not fail the others
                self._settle(taken[:half])
                self._settle(taken[half:])
        else:
            self._outages.back("PostgreSQL")
            _succeed(taken, said)


def _succeed(taken: Sequence[_Waiting[Row, Said]], said: Sequence[Said]) -> None:
    begin = 0
    for one in taken:
        end = begin + len(one.rows)
        one.done.set_result(said[begin:end])
        begin = end


def _fail(taken: Sequence[_Waiting[Row, Said]], error: Exception) -> None:
    for one in taken:
        one.done.set_exception(error)
