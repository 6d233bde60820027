"""PING over the Redis protocol, by hand: three commands do not need a client, and so the guard's own stream serves."""

import time

from apps.core.egress import BadReply, Egress, Stream
from apps.monitoring.domain.checks.judging import Outcome, judge_connected, no_answer
from apps.monitoring.domain.checks.kinds import RedisCheck

LINE_LIMIT = 1_000  # bytes of all answers together: each is one short line


async def probe(check: RedisCheck, egress: Egress, *, password: str) -> Outcome:
    commands: list[tuple[str, ...]] = [("AUTH", password)] if password else []
    commands += [("SELECT", str(check.database))] if check.database else []
    commands.append(("PING",))
    started = time.monotonic()
    async with egress.connect(check.host, check.port, deadline_seconds=check.timeout_seconds) as stream:
        try:
            await stream.write(b"".join(map(_command, commands)))
            lines = await _lines(stream, len(commands))
        except OSError as error:
            raise BadReply("the connection broke") from error
    refused = next((line for line in lines if line.startswith("-")), None)
    if refused is not None:
        return no_answer(f"Redis answers: {refused[1:]}")
    if lines[-1] != "+PONG":
        return no_answer("PING is not answered with PONG")
    return judge_connected(check, time.monotonic() - started)


def _command(words: tuple[str, ...]) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


async def _lines(stream: Stream, count: int) -> list[str]:
    heard = b""
    while heard.count(b"\r\n") < count:
        more = await stream.read(LINE_LIMIT)
        if not more or len(heard) + len(more) > LINE_LIMIT:
            raise BadReply("the answer is no Redis protocol, or breaks off")
        heard += more
    return [line.decode("utf-8", "replace").replace("\0", "") for line in heard.split(b"\r\n")[:count]]
