"""Requests that wait for one commit together. Nothing is written here: `write` is the test's own."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest
from django.db import OperationalError

from apps.monitoring.live.collector import Collector, Overloaded

Write = Callable[[Sequence[str]], Sequence[str]]


def asked(write: Write, *requests: Sequence[str]) -> list[Sequence[str] | BaseException]:
    """What each request hears, all of them waiting before the first transaction begins."""

    async def ask() -> list[Sequence[str] | BaseException]:
        collector = Collector(write, name="tests", gather_seconds=0.001)
        waiting = [collector.submit(rows) for rows in requests]
        collector.start()
        try:
            return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
        finally:
            collector.stop()
            await asyncio.to_thread(collector.join, 10)

    return asyncio.run(ask())


def shouted(rows: Sequence[str]) -> list[str]:
    return [row.upper() for row in rows]


def test_each_request_hears_of_its_own_rows() -> None:
    assert asked(shouted, ["a", "b"], ["c"], []) == [["A", "B"], ["C"], []]


def test_one_request_at_fault_does_not_fail_the_others() -> None:
    written: list[list[str]] = []

    def write(rows: Sequence[str]) -> list[str]:
        if "bad" in rows:
            raise ValueError("cannot be written")
        written.append(list(rows))
        return shouted(rows)

    *heard, last = asked(write, *([f"r{n}"] for n in range(8)), ["bad"])
    assert heard == [[f"R{n}"] for n in range(8)]
    assert isinstance(last, ValueError)
    assert [row for rows in written for row in rows] == [f"r{n}" for n in range(8)]  # in their order
    assert len(written) < 8  # by halves, not one by one


def test_without_a_database_everybody_hears_it_after_one_attempt() -> None:
    attempts = []

    def write(rows: Sequence[str]) -> list[str]:
        attempts.append(rows)
        raise OperationalError("gone")

    heard = asked(write, ["a"], ["b"])
    assert [type(one) for one in heard] == [OperationalError, OperationalError]
    assert len(attempts) == 1


def test_who_is_gone_keeps_nobody_waiting() -> None:
    async def ask() -> Sequence[str]:
        begun, may_end = threading.Event(), threading.Event()

        def write(rows: Sequence[str]) -> list[str]:
            begun.set()
            may_end.wait(10)
            return shouted(rows)

        collector = Collector(write, name="tests")
        gone, waiting = collector.submit(["a"]), collector.submit(["b"])
        collector.start()
        await asyncio.to_thread(begun.wait, 10)
        gone.cancel()
        may_end.set()
        heard = await asyncio.wait_for(waiting, 10)
        collector.stop()
        with pytest.raises(Overloaded):
            collector.submit(["c"])
        await asyncio.to_thread(collector.join, 10)
        return heard

    assert asyncio.run(ask()) == ["B"]
