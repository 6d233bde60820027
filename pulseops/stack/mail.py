"""A mail server for trying things out: takes every mail on loopback, keeps the last ones as files, passes none on.

Plain Python, run as `python -m pulseops.stack.mail PORT DIRECTORY`. Who shows the files: apps/console.
"""

import asyncio
import os
import secrets
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

KEPT = 200  # mails
SIZE = 10 * 1024 * 1024  # bytes of a mail
LINE = 64 * 1024  # bytes; SMTP allows 1,000, and whoever sends more is still understood
RECIPIENTS = 100
IDLE_SECONDS = 60.0
READY, DONE, BYE, GO_ON = "220 PulseOps keeps mail and sends none", "250 OK", "221 Bye", "354 End with a dot on a line"
GREETING = f"250-PulseOps\r\n250-SIZE {SIZE}\r\n250-8BITMIME\r\n250 SMTPUTF8"
REPLIES = {"EHLO": GREETING, "QUIT": BYE} | dict.fromkeys(["HELO", "MAIL", "RSET", "NOOP", "VRFY"], DONE)
UNKNOWN, EARLY, MANY, LARGE = "500 No such command", "503 Not yet", "452 Too many recipients", "552 Too large"

BROKEN_OFF = (OSError, ValueError, EOFError, TimeoutError)  # by the client, at whatever point


def keep(directory: Path, mail: bytes, at: datetime) -> Path:
    """Under a name that sorts by time; whoever lists meanwhile sees a whole file or none. The oldest ones go."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
    unfinished = path.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(mail)
    unfinished.replace(path)
    for old in sorted(directory.glob("*.eml"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


class Session:
    """One client, from its greeting to its goodbye."""

    def __init__(self, directory: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.directory, self.reader, self.writer = directory, reader, writer
        self.sender, self.recipients = False, 0

    async def run(self) -> None:
        with suppress(*BROKEN_OFF):
            await self._say(READY)
            while (line := await self._line()) and await self._answered(line):
                pass
        self.writer.close()

    async def _answered(self, line: bytes) -> bool:
        """Whether it goes on."""
        words = line.strip().upper().decode("ascii", "replace")
        if words == "DATA":
            await self._say(await self._data())
            return True
        await self._say(self._reply(words))
        return words != "QUIT"

    def _reply(self, words: str) -> str:
        command = words.partition(":")[0].partition(" ")[0]
        if command in ("MAIL", "RSET"):
            self.sender, self.recipients = command == "MAIL", 0
        return self._recipient() if command == "RCPT" else REPLIES.get(command, UNKNOWN)

    def _recipient(self) -> str:
        if not self.sender:
            return EARLY
        if self.recipients >= RECIPIENTS:
            return MANY
        self.recipients += 1
        return DONE

    async def _data(self) -> str:
        if not self.recipients:
            return EARLY
        await self._say(GO_ON)
        lines, size = [], 0
        while (line := await self._line()) != b".\r\n":
            if not line:
                raise EOFError  # half a mail is none
            size += len(line)
            if size <= SIZE:
                lines.append(line.removeprefix(b"."))  # a dot in front stands for itself and was doubled
        self.sender, self.recipients = False, 0
        if size > SIZE:
            return LARGE
        await asyncio.to_thread(keep, self.directory, b"".join(lines), datetime.now(UTC))
        return DONE

    async def _line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readline(), IDLE_SECONDS)

    async def _say(self, words: str) -> None:
        self.writer.write(words.encode() + b"\r\n")
        await self.writer.drain()


async def serve(directory: Path, port: int) -> asyncio.Server:
    """On loopback alone: what is kept here are links that open doors."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(directory, reader, writer).run()

    return await asyncio.start_server(meet, "127.0.0.1", port, limit=LINE)


async def _until_stopped(directory: Path, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(directory, port)
    await stop.wait()
    server.close()


def main(port: str, directory: str) -> None:
    try:
        asyncio.run(_until_stopped(Path(directory), int(port)))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        sys.exit(f"Cannot listen on 127.0.0.1:{port}: {why}. Choose another PULSEOPS_MAIL_PORT.")


if __name__ == "__main__":
    main(*sys.argv[1:])
