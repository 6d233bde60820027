"""An app that sends events and samples, sends again what was not acknowledged, and remembers what was."""

import random
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.flows.kill_storm.fill import LIMIT, RULES

BATCH = 20
HOSTS = ("a", "b", "c", "d")
SERIES = [(rule, host) for rule in RULES for host in HOSTS]
Sample = tuple[str, str, str, float]  # metric, host, when, value


class Sender:
    def __init__(self, url: str, token: str) -> None:
        self.events: set[str] = set()  # ids of those that were acknowledged
        self.samples: list[Sample] = []  # likewise
        self.refused = 0  # requests without an acknowledgement
        self.faults: list[str] = []
        self.stopping = threading.Event()
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        self._lock = threading.Lock()

    def close(self) -> None:
        self._client.close()

    def send_events(self, dice: random.Random) -> None:
        while not self.stopping.is_set():
            now = datetime.now(UTC).isoformat()
            ids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(BATCH)]
            events = [{"name": "sent", "targeting_key": "u-1", "event_id": one, "timestamp": now} for one in ids]
            self._until_acknowledged("/api/v1/events", {"events": events}, BATCH)
            with self._lock:
                self.events.update(ids)
            self.stopping.wait(dice.uniform(0, 0.05))

    def flip(self, dice: random.Random) -> None:
        while not self.stopping.is_set():
            self.push((metric, host, dice.choice((1, LIMIT + dice.random() * 9 + 1))) for metric, host in SERIES)
            self.stopping.wait(dice.uniform(0.2, 1.5))

    def push_all(self, value: float) -> None:
        self.push((metric, host, value) for metric, host in SERIES)

    def push(self, values: Iterable[tuple[str, str, float]]) -> None:
        now = datetime.now(UTC).isoformat()
        rows = [(metric, host, now, value) for metric, host, value in values]
        samples = [
            {"name": metric, "labels": {"host": host}, "at": at, "value": value} for metric, host, at, value in rows
        ]
        self._until_acknowledged("/api/v1/metrics", {"samples": samples}, len(rows))
        with self._lock:
            self.samples += rows

    def _until_acknowledged(self, path: str, body: Any, count: int, *, seconds: float = 120) -> None:
        """As often as it takes, with the same body: what PulseOps asks senders to do."""
        deadline = time.monotonic() + seconds
        while (status := self._status(path, body, count)) != 200:
            with self._lock:
                self.refused += 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} still answers {status}")
            time.sleep(0.1)

    def _status(self, path: str, body: Any, count: int) -> int:
        try:
            answer = self._client.post(path, json=body)
        except httpx.TransportError:
            return 0
        taken = answer.status_code == 200 and answer.json() == {"accepted": count, "refused": []}
        if not taken and answer.status_code != 503:
            raise AssertionError(f"{path} answered {answer.status_code}: {answer.text}")
        return answer.status_code


@contextmanager
def sending(sender: Sender, seed: int) -> Iterator[None]:
    """Two send events and one flips every series between good and bad, until the block ends."""

    def run(work: Any, dice: random.Random) -> None:
        try:
            work(dice)
        except Exception as error:
            sender.faults.append(repr(error))

    works = (sender.send_events, sender.send_events, sender.flip)
    threads = [threading.Thread(target=run, args=(work, random.Random(seed * 10 + n))) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        sender.stopping.set()
        for thread in threads:
            thread.join()
