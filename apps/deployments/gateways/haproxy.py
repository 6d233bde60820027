"""HAProxy's runtime socket: absolute weights of the servers of one backend. Knows no deployment.

Percent weights are never used: they are relative to the configured weight, and of a configured 0 they stay 0.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from apps.deployments.domain import shares
from apps.deployments.domain.traffic import HaProxy
from apps.deployments.gateways.admin import Connection, talk
from apps.deployments.gateways.traffic import (
    HeldBack,
    Outcome,
    Refused,
    UnexpectedAnswer,
    UnknownSlot,
    checked,
    known,
)

ANSWER_LIMIT = 1_048_576  # bytes
CHUNK = 65_536  # bytes
STATE_VERSION = "1"


@dataclass(frozen=True, slots=True)
class _Server:
    weight: int
    is_held_back: bool  # in maintenance or draining, by whoever said so


@dataclass(frozen=True, slots=True)
class HaProxyDriver:
    """Weights live in HAProxy's memory and are gone after its restart: whoever wants them asserts them again."""

    config: HaProxy

    def read(self) -> Mapping[str, int]:
        return shares.shares({slot: 0 if each.is_held_back else each.weight for slot, each in self._servers().items()})

    def apply(self, weights: Mapping[str, int]) -> Outcome:
        wanted = _as_large_as_fits(shares.parts(checked(self.config.slots, weights), shares.HAPROXY))
        now = self._servers()
        if held := [self._name(slot) for slot, each in now.items() if wanted[slot] and each.is_held_back]:
            raise HeldBack(f"{', '.join(held)} is in maintenance or draining: `set server ... state ready` first")
        had, has = (shares.shares(each) for each in ({slot: now[slot].weight for slot in now}, wanted))
        gaining_first = sorted(wanted, key=lambda slot: had[slot] - has[slot])
        self._say([f"set server {self._name(slot)} weight {wanted[slot]}" for slot in gaining_first])
        return Outcome.ASSERTED

    def in_flight(self, slot: str) -> int | None:
        server = self.config.slots[known(self.config.slots, slot)]
        table = self._ask("show stat")
        if not table.startswith("# pxname,"):
            raise UnexpectedAnswer("HAProxy gave no statistics; is this its runtime socket?")
        for row in csv.DictReader(table.removeprefix("# ").splitlines()):
            if (row.get("pxname"), row.get("svname")) == (self.config.backend, server):
                return _number(row.get("scur"))
        raise self._no_server(server)

    def _servers(self) -> dict[str, _Server]:
        lines = self._ask(f"show servers state {self.config.backend}").splitlines()
        if len(lines) < 2 or lines[0] != STATE_VERSION or not lines[1].startswith("# "):
            raise UnexpectedAnswer("HAProxy gave no state of its servers; is this its runtime socket?")
        columns = lines[1][2:].split()
        rows = [dict(zip(columns, line.split(), strict=False)) for line in lines[2:]]
        by_name = {row.get("srv_name"): row for row in rows if row.get("be_name") == self.config.backend}
        return {slot: _server(by_name.get(name) or {}, self._no_server(name)) for slot, name in self._names}

    def _say(self, commands: list[str]) -> None:
        """All in one line, which HAProxy runs in order: about a millisecond lies between the first and the last."""
        answer = self._ask("; ".join(commands))
        if answer.strip():
            raise UnexpectedAnswer("HAProxy did not take the weights as they were said: read what it has now")

    def _ask(self, command: str) -> str:
        async def talking(connection: Connection) -> bytes:
            await connection.write(f"{command}\n".encode())
            return await _whole(connection)

        answer = talk(self.config.admin, talking, seconds=self.config.timeout_seconds).decode(errors="replace")
        if "Permission denied" in answer:
            raise Refused("HAProxy refuses the command: its `stats socket` needs `level admin`")
        if "Can't find backend" in answer or "No such backend" in answer:
            raise UnknownSlot(f"HAProxy has no backend {self.config.backend}")
        return answer

    @property
    def _names(self) -> list[tuple[str, str]]:
        return list(self.config.slots.items())

    def _name(self, slot: str) -> str:
        return f"{self.config.backend}/{self.config.slots[slot]}"

    def _no_server(self, server: str) -> UnknownSlot:
        return UnknownSlot(f"HAProxy has no server {self.config.backend}/{server}: add it to its configuration")


async def _whole(connection: Connection) -> bytes:
    """Until HAProxy closes, as it does after one line of commands."""
    answer = b""
    while more := await connection.read(CHUNK):
        answer += more
        if len(answer) > ANSWER_LIMIT:
            raise UnexpectedAnswer(f"the answer is longer than {ANSWER_LIMIT:,} bytes")
    return answer


def _server(row: Mapping[str, str], missing: UnknownSlot) -> _Server:
    if not row:
        raise missing
    return _Server(_number(row.get("srv_uweight")), _number(row.get("srv_admin_state")) != 0)


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal():
        raise UnexpectedAnswer("HAProxy gave no number where one belongs")
    return int(text)


def _as_large_as_fits(parts: Mapping[str, int]) -> dict[str, int]:
    """The same proportion in numbers near 256, so that between two commands the sum hardly changes."""
    by = shares.HAPROXY.each // max(parts.values())
    return {slot: number * by for slot, number in parts.items()}
