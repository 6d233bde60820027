"""A webhook on loopback that verifies what it gets, keeps what it took, and now and then fails or hangs."""

import base64
import hashlib
import hmac
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Told = frozenset[tuple[int, str]]  # alerts and what was said of each


@dataclass
class Receiver:
    port: int
    secret: bytes
    dice: random.Random
    moody: bool = True
    taken: Counter[str] = field(default_factory=Counter)  # by webhook-id: how often it was answered with a 200
    told: dict[str, Told] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    failed: int = 0
    under_way: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer with; 0: none at all."""
        self.under_way.set()
        mood = self.dice.random() if self.moody else 1.0
        time.sleep(0.9 if mood < 0.06 else self.dice.uniform(0, 0.05))
        with self.lock:
            self.under_way.clear()
            told = self._checked(headers, body)
            if mood < 0.2:
                self.failed += 1
                return 0 if mood < 0.06 else 500
            name = headers["webhook-id"]
            if self.told.setdefault(name, told) != told:
                self.faults.append(f"{name} says something else when it comes again")
            self.taken[name] += 1
        return 200

    def _checked(self, headers: dict[str, str], body: bytes) -> Told:
        """By the text of the Standard Webhooks' specification."""
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = b"v1," + base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest())
        if expected.decode() not in headers["webhook-signature"].split():
            self.faults.append(f"{headers['webhook-id']} has a wrong signature")
        said = json.loads(body)
        assert said["data"]["others_left_out"] == 0
        return frozenset((one["alert_id"], said["type"]) for one in (said["data"], *said["data"]["others"]))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def heard(self) -> Told:
        return frozenset().union(*self.told.values())

    @property
    def duplicates(self) -> int:
        return sum(count - 1 for count in self.taken.values())


@contextmanager
def receiving(secret: str, dice: random.Random) -> Iterator[Receiver]:

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.hear({name.lower(): value for name, value in self.headers.items()}, body)
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                pass  # the sender was killed
            except Exception as error:
                receiver.faults.append(repr(error))

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_address[1], base64.b64decode(secret.removeprefix("whsec_")), dice)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()
